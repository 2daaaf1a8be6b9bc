"""Saturated pixels: the header's level, flat tops, and what is neither."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from fitting.files import describe_file
from tests.fitting.inputs.test_noise_checks import loaded, told
from tests.fitting.inputs.test_pixel_scatter import sersic

CASES = Path(__file__).parents[4] / "shared" / "cases" / "fits"
Array = NDArray[np.float64]
NOISE = {"constant": 100.0}


def star(flux: float = 2e6, fwhm: float = 4.0, sky: float = 300.0, clip: float = np.inf) -> Array:
    """A Gaussian star, clipped, on a noisy sky."""
    random = np.random.default_rng(1)
    sigma = fwhm / 2.3548
    rows, columns = np.mgrid[-25:26, -25:26]
    light = flux / (2 * np.pi * sigma**2) * np.exp(-0.5 * (np.hypot(columns - 0.2, rows + 0.3) / sigma) ** 2)
    return np.minimum(sky + light + random.normal(0.0, 10.0, light.shape), clip)


@pytest.mark.parametrize("card", ["SATURATE", "SATURATA", "SATLEVEL", "MAXLIN"])
def test_pixels_at_the_level_of_the_header_are_masked(tmp_path: Path, card: str) -> None:
    data = star(clip=30000.0)
    image = loaded(tmp_path, data, {card: 30000.0}, variance=NOISE)
    assert np.array_equal(image.mask, data >= 30000.0)
    assert f"{card} 30000" in told(image, "saturated")
    assert describe_file(tmp_path / "d.fits").hdus[0].saturation == 30000.0


def test_a_top_that_the_sky_was_taken_off_is_masked_too(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    data = star(sky=0.0, clip=29000.0) + random.normal(0.0, 5.0, (51, 51))
    image = loaded(tmp_path, data, {"SATURATE": 30000.0}, variance=NOISE)
    assert np.array_equal(image.mask, data > 28900.0)
    assert "near the header's SATURATE 30000" in told(image, "saturated")


def test_a_flat_top_is_masked_without_a_header(tmp_path: Path) -> None:
    data = star(clip=30000.0)
    image = loaded(tmp_path, data, variance=NOISE)
    assert np.array_equal(image.mask, data == 30000.0)
    assert told(image, "flat-tops").startswith(f"{int((data == 30000.0).sum())} pixels")


def test_a_flat_top_of_whole_numbers_is_masked(tmp_path: Path) -> None:
    data = np.round(star(clip=30000.0))
    assert np.array_equal(loaded(tmp_path, data, variance=NOISE).mask, data == 30000.0)


@pytest.mark.parametrize("level", [0.0, -1.0, 1.0, 250.0])
def test_a_level_that_much_of_the_image_reaches_is_none(tmp_path: Path, level: float) -> None:
    image = loaded(tmp_path, star(), {"SATURATE": level}, variance=NOISE)
    assert not image.mask.any()
    assert bool(told(image, "saturation-not-credible")) == (level > 0.0)


@pytest.mark.parametrize("scale", [0.05, 0.3, 1.0, 10.0])
@pytest.mark.parametrize("n", [0.5, 1.0, 4.0])
def test_faint_whole_numbers_have_no_flat_tops(tmp_path: Path, scale: float, n: float) -> None:
    random = np.random.default_rng(3)
    data = random.poisson(scale * (2.0 + sersic((80, 80), n, 12.0, 30.0))).astype(float)
    assert not told(loaded(tmp_path, data), "flat-tops")


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.2, 1.0])
def test_pictures_of_smooth_light_have_no_flat_tops(tmp_path: Path, noise: float) -> None:
    random = np.random.default_rng(4)
    data = np.round(sersic((80, 80), 0.5, 20.0, 100.0) + random.normal(0.0, noise, (80, 80)))
    assert not told(loaded(tmp_path, data), "flat-tops")


def test_a_star_between_four_pixels_is_no_flat_top(tmp_path: Path) -> None:
    rows, columns = np.mgrid[-20:20, -20:20] + 0.5
    data = np.round(5e4 * np.exp(-0.5 * np.hypot(columns, rows) ** 2 / 0.8**2))
    data += np.random.default_rng(5).integers(0, 2, data.shape)
    data[19:21, 19:21] = data.max()
    assert not told(loaded(tmp_path, data, variance={"constant": 1.0}), "flat-tops")


@pytest.mark.skipif(not CASES.is_dir(), reason=f"the cases are not at {CASES}")
def test_the_clipped_star_of_the_cases_is_masked(tmp_path: Path) -> None:
    from astropy.io import fits

    data = fits.getdata(CASES / "SATh.fits").astype(float)
    image = loaded(tmp_path, data, {"SATURATE": 30000.0}, variance=NOISE)
    assert image.mask.sum() == 21


def test_saturated_pixels_are_kept_where_the_request_says_so(tmp_path: Path) -> None:
    data = star(clip=30000.0)
    for cards in ({"SATURATE": 30000.0}, {}):
        image = loaded(tmp_path, data, cards, variance=NOISE, mask_saturated=False)
        assert not image.mask.any()
        assert told(image, "saturated-kept").startswith(f"{int((data == 30000.0).sum())} pixels")
        assert not told(image, "saturated")
        assert not told(image, "flat-tops")
    assert np.array_equal(loaded(tmp_path, data, variance=NOISE, mask_saturated=True).mask, data == 30000.0)
