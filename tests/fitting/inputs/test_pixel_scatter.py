"""The scatter of pixels, on images whose noise is known: whatever light is in them."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, shift
from scipy.special import erf, gammaincinv

from fitting.inputs.pixel_scatter import pixel_scatter

Array = NDArray[np.float64]
Random = np.random.Generator


def sersic(shape: tuple[int, int], n: float, r_e: float, i_e: float, q: float = 0.7) -> Array:
    """By its textbook formula, the mean of 5 × 5 points in each pixel; a little off the middle."""
    b = gammaincinv(2.0 * n, 0.5)
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(float)
    light = np.zeros(shape)
    for dy in (np.arange(5) - 2) / 5:
        for dx in (np.arange(5) - 2) / 5:
            radius = np.hypot(columns + dx - shape[1] / 2 + 0.3, (rows + dy - shape[0] / 2 - 0.2) / q)
            light += i_e * np.exp(-b * ((radius / r_e) ** (1 / n) - 1)) / 25
    return light


def star_field(shape: tuple[int, int], count: int, sigma: float, random: Random) -> Array:
    """Gaussian stars integrated over pixels, of 10 to 30,000 in flux."""
    light = np.zeros(shape)
    for _ in range(count):
        along = [np.diff(erf((np.arange(n + 1) - 0.5 - random.uniform(0, n)) / sigma / np.sqrt(2))) / 2 for n in shape]
        light += 10 ** random.uniform(1, 4.5) * np.outer(*along)
    return light


def white(shape: tuple[int, int], random: Random) -> Array:
    return random.normal(0.0, 1.0, shape)


def variance_of(data: Array, used: NDArray[np.bool_] | None = None) -> float:
    found = pixel_scatter(data, np.ones(data.shape, dtype=bool) if used is None else used)
    assert found is not None
    return found.ratio**2


@pytest.mark.parametrize("n", [0.5, 1.0, 2.0, 4.0, 6.0])
@pytest.mark.parametrize("i_e", [0.5, 5.0, 50.0, 500.0])
@pytest.mark.parametrize(("side", "r_e"), [(64, 15.0), (100, 10.0), (100, 30.0), (160, 60.0)])
def test_a_galaxy_that_fills_the_stamp_is_no_noise(n: float, i_e: float, side: int, r_e: float) -> None:
    random = np.random.default_rng(int(n * 10 + i_e * 7 + side))
    data = sersic((side, side), n, r_e, i_e) + random.uniform(-20, 2000) + white((side, side), random)
    assert variance_of(data) == pytest.approx(1.0, abs=0.15)


def test_masks_of_a_third_of_the_pixels_and_nan_beneath_them_change_nothing() -> None:
    random = np.random.default_rng(1)
    data = sersic((100, 100), 4.0, 30.0, 30.0) + white((100, 100), random)
    used = random.random(data.shape) > 0.33
    data[~used] = np.nan
    assert variance_of(data, used) == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize("step", [0.1, 0.5, 1.0, 1.5])
def test_whole_numbers_scatter_by_their_rounding_too(step: float) -> None:
    random = np.random.default_rng(2)
    data = np.round((sersic((100, 100), 1.0, 20.0, 30.0) + white((100, 100), random)) / step) * step
    assert variance_of(data) == pytest.approx(1.0 + step**2 / 12, abs=0.15)


@pytest.mark.parametrize("sky", [3.0, 30.0, 3000.0])
def test_counts_of_a_sky_scatter_by_their_root(sky: float) -> None:
    random = np.random.default_rng(3)
    data = random.poisson(sky + sersic((120, 120), 1.0, 8.0, 100.0)).astype(float)
    assert variance_of(data) == pytest.approx(sky, rel=0.15)


def test_stars_are_no_noise() -> None:
    random = np.random.default_rng(4)
    data = star_field((150, 150), 40, 1.2, random) + white((150, 150), random)
    assert variance_of(data) == pytest.approx(1.0, abs=0.15)


def smoothed(sigma: float) -> Callable[[Array], Array]:
    return lambda noise: gaussian_filter(noise, sigma, mode="wrap")


def resampled(noise: Array) -> Array:
    return np.asarray(shift(noise, (0.4, 0.6), order=1, mode="wrap"))


@pytest.mark.parametrize("share", [smoothed(0.5), smoothed(0.8), smoothed(1.2), resampled])
def test_noise_that_neighbours_share_is_seen_by_pixels_farther_apart(share: Callable[[Array], Array]) -> None:
    random = np.random.default_rng(5)
    noise = share(white((200, 200), random))
    found = pixel_scatter(sersic((200, 200), 1.0, 10.0, 50.0) + noise / noise.std(), np.ones(noise.shape, dtype=bool))
    assert found is not None
    assert found.correlated
    assert found.ratio**2 == pytest.approx(1.0, abs=0.15)
    assert found.close < 0.75, "neighbours hide it"


def test_noise_that_differs_from_pixel_to_pixel_is_held_against_its_variance() -> None:
    random = np.random.default_rng(6)
    variance = 10.0 ** random.uniform(-2, 2, (100, 100))
    data = white((100, 100), random) * np.sqrt(variance)
    found = pixel_scatter(data, np.ones(data.shape, dtype=bool), variance)
    assert found is not None
    assert found.ratio == pytest.approx(1.0, abs=0.05)


def test_an_image_without_noise_or_of_few_pixels_has_no_scatter() -> None:
    assert pixel_scatter(np.full((40, 40), 7.0), np.ones((40, 40), dtype=bool)) is None
    assert pixel_scatter(white((6, 6), np.random.default_rng(7)), np.ones((6, 6), dtype=bool)) is None
