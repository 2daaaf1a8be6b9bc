"""The residual of a running fit as a picture: scale, orientation, size, masked pixels."""

import io

import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from fitting.plots import draw_live_residual
from fitting.plots.stretch import MASKED


def drawn(plane: np.ndarray) -> np.ndarray:
    """The picture as (height, width, RGB), 0 to 1, its first row that of the smallest y."""
    picture: np.ndarray = imread(io.BytesIO(draw_live_residual(plane)))[::-1, :, :3]
    return picture


def colour(sigmas: float) -> tuple[float, ...]:
    """Of a residual of so many standard deviations, on a scale from −5 to 5."""
    return colormaps["RdBu_r"]((sigmas + 5.0) / 10.0)[:3]


def test_colours_run_from_minus_five_to_five_sigma() -> None:
    sigmas = [-50.0, -5.0, -2.0, 0.0, 2.0, 5.0, 50.0]
    picture = drawn(np.array([sigmas]))
    for place, value in enumerate(sigmas):
        assert picture[0, place] == pytest.approx(colour(value), abs=0.03)
    assert picture[0, 0, 2] > picture[0, 0, 0], "too much model is blue"


def test_y_points_up_and_small_planes_keep_their_pixels() -> None:
    plane = np.zeros((7, 5))
    plane[6, 1] = 4.0
    picture = drawn(plane)
    assert picture.shape[:2] == (7, 5)
    assert picture[6, 1] == pytest.approx(colour(4.0), abs=0.03)
    assert picture[0, 1] == pytest.approx(colour(0.0), abs=0.03)


def test_masked_pixels_are_grey() -> None:
    plane = np.array([[0.0, np.nan]])
    assert drawn(plane)[0, 1] == pytest.approx(to_rgb(MASKED), abs=0.01)


def test_a_large_plane_is_at_most_512_pixels_wide_and_binned_noise_keeps_its_scatter() -> None:
    plane = np.random.default_rng(1).normal(size=(1201, 2040))
    picture = drawn(plane)
    assert picture.shape[:2] == (301, 510)
    beyond = (picture[:, :, 0] < colour(-2.0)[0]) | (picture[:, :, 2] < colour(2.0)[2])
    assert beyond.mean() == pytest.approx(0.0455, abs=0.006), "two of a normal's standard deviations"


def test_what_binned_pixels_have_in_common_adds_up_over_those_that_are_used() -> None:
    plane = np.full((2048, 2048), 0.5)
    plane[0:4, 0:4] = np.nan
    plane[0:4, 4:7] = np.nan
    picture = drawn(plane)
    assert picture[5, 5] == pytest.approx(colour(0.5 * 16 / 4.0), abs=0.03)
    assert picture[0, 0] == pytest.approx(to_rgb(MASKED), abs=0.01)
    assert picture[0, 1] == pytest.approx(colour(0.5 * 4 / 2.0), abs=0.03)
