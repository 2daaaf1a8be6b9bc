"""Skies that are not flat: exact pixel means, their frame, and fits."""

from typing import Any

import numpy as np
import pytest

from tests.fitting.scene import fitted, image_of, noisy, rendered, uncertainties_of, values_of
from tests.fitting.ulps import assert_few_ulps


def plane(**values: Any) -> dict[str, Any]:
    return {"name": "sky", "profile": "plane_sky", "parameters": {"i": 5.0, "di_dx": 0.1, "di_dy": -0.02} | values}


def grid(levels: np.ndarray) -> dict[str, Any]:
    names = {f"i_{row}_{column}": float(level) for (row, column), level in np.ndenumerate(levels)}
    rows, columns = levels.shape
    options = {"nodes": [columns, rows]}
    return {"name": "sky", "profile": "bilinear_sky", "options": options, "parameters": names}


LEVELS = np.array([[1.0, 3.0, 2.0], [4.0, -1.0, 0.5]])


def test_a_plane_is_about_the_centre_of_the_image() -> None:
    y, x = np.mgrid[:20, :31]
    assert rendered([plane()], (20, 31)) == pytest.approx(5.0 + 0.1 * (x - 15.0) - 0.02 * (y - 9.5), rel=1e-13)


def test_a_plane_is_about_the_centre_of_the_window() -> None:
    assert rendered([plane()], (21, 31), origin=(100, 50))[10, 15] == pytest.approx(5.0, rel=1e-13)


def test_a_grid_is_the_integral_of_bilinear_interpolation_over_each_pixel() -> None:
    fine = 60
    x = (np.arange(20 * fine) + 0.5) / fine / 20.0 * 2.0
    y = (np.arange(13 * fine) + 0.5) / fine / 13.0
    rows = np.stack([np.interp(x, np.arange(3), level) for level in LEVELS])
    exact = (1.0 - y)[:, None] * rows[0] + y[:, None] * rows[1]
    means = exact.reshape(13, fine, 20, fine).mean((1, 3))
    assert rendered([grid(LEVELS)], (13, 20)) == pytest.approx(means, abs=1e-5)


def test_a_grid_of_equal_levels_is_flat() -> None:
    assert rendered([grid(np.full((4, 5), 2.5))]) == pytest.approx(2.5, rel=1e-13)


@pytest.mark.parametrize("sky", [plane(), grid(LEVELS)], ids=["plane", "grid"])
def test_no_sky_is_blurred(sky: dict[str, Any]) -> None:
    kernel = np.full((5, 5), 1 / 25)
    assert_few_ulps(rendered([sky], psf=kernel), rendered([sky]))


@pytest.mark.parametrize("sky", [plane(), grid(LEVELS)], ids=["plane", "grid"])
def test_a_sky_is_recovered_from_noise(sky: dict[str, Any]) -> None:
    truth = {f"sky.{name}": value for name, value in sky["parameters"].items()}
    start = sky | {"parameters": {name: 1.1 * value + 0.1 for name, value in sky["parameters"].items()}}
    result = fitted([start], image_of(noisy(rendered([sky]), 0.5), 0.25))
    sigma = uncertainties_of(result)
    assert result.converged
    assert all(abs(value - truth[name]) <= 3.0 * sigma[name] for name, value in values_of(result).items())
