"""Pictures of any plane: size, orientation, levels, and pixels that are no numbers."""

import io

import numpy as np
import pytest
from matplotlib.image import imread

from fitting.plots import PictureInvalid, draw_picture
from fitting.spec.plots import PictureChoices


def drawn(pixels: np.ndarray, **choices: object) -> np.ndarray:
    """The picture as (height, width, colours), 0 to 1, its first row at the top."""
    return imread(io.BytesIO(draw_picture(pixels, PictureChoices(**choices))))  # type: ignore[arg-type]


@pytest.fixture
def ramp() -> np.ndarray:
    """Values that rise with y."""
    return np.repeat(np.arange(60.0)[:, None], 40, axis=1)


@pytest.mark.parametrize("stretch", ["linear", "log", "asinh", "zscale"])
def test_brightness_rises_with_the_value_and_y_points_up(ramp: np.ndarray, stretch: str) -> None:
    column = drawn(ramp, stretch=stretch)[::-1, 0, 0]
    assert np.all(np.diff(column) >= 0.0)
    assert column[-1] > column[0] + 0.8


def test_a_small_image_is_shown_pixel_by_pixel(ramp: np.ndarray) -> None:
    assert drawn(ramp).shape[:2] == (60, 40)


def test_a_large_image_is_averaged_over_squares() -> None:
    pixels = np.zeros((50, 30))
    pixels[0:4, 0:4] = np.arange(16.0).reshape(4, 4)
    picture = drawn(pixels, size=13, stretch="linear", low=0.0, high=15.0)
    assert picture.shape[:2] == (13, 8)
    assert picture[-1, 0, 0] == pytest.approx(7.5 / 15.0, abs=0.01)


def test_the_levels_that_are_given_are_darkest_and_brightest(ramp: np.ndarray) -> None:
    column = drawn(ramp, stretch="linear", low=20.0, high=40.0)[::-1, 0, 0]
    assert np.all(column[:21] == 0.0)
    assert np.all(column[40:] == 1.0)
    assert 0.0 < column[30] < 1.0


def test_pixels_that_are_no_numbers_are_grey_and_move_no_level(ramp: np.ndarray) -> None:
    holed = ramp.copy()
    holed[10, 10], holed[11, 11] = np.nan, np.inf
    picture = drawn(holed, colormap="viridis")
    assert picture[-11, 10, :3] == pytest.approx([0xA8 / 255] * 3, abs=0.01)
    assert picture[-1, 0, :3] == pytest.approx(drawn(ramp, colormap="viridis")[-1, 0, :3], abs=0.02)


@pytest.mark.parametrize("pixels", [np.full((8, 8), 3.0), np.full((8, 8), np.nan), np.zeros((1, 1))])
def test_an_image_without_contrast_is_a_picture_all_the_same(pixels: np.ndarray) -> None:
    for stretch in ("linear", "log", "asinh", "zscale"):
        assert drawn(pixels, stretch=stretch).shape[:2] == pixels.shape


@pytest.mark.parametrize(
    ("choices", "option"), [({"colormap": "nosuch"}, "colormap"), ({"low": 5.0, "high": 5.0}, "high")]
)
def test_a_choice_that_cannot_be_drawn_is_named(ramp: np.ndarray, choices: dict[str, object], option: str) -> None:
    with pytest.raises(PictureInvalid) as caught:
        drawn(ramp, **choices)
    assert caught.value.option == option
