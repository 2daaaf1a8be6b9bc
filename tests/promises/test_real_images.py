"""Real galaxies, against what other programs found in the same pixels. The images are not photfit's to distribute."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from scipy.special import gamma, gammaincinv

from fitting.first_values import complete_request
from fitting.inputs import load_images
from fitting.results import FitResult
from fitting.run import run
from fitting.spec import parse_request

DATA = Path(__file__).parents[3] / "shared" / "data"
EXPONENTIAL = 1.6783469900166605
"""b_n of n = 1: r_e in exponential scale lengths."""

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"the real images are not at {DATA}")


def fit(folder: str, image: dict[str, Any], galaxy: dict[str, Any], *others: dict[str, Any]) -> FitResult:
    """A Sérsic galaxy and others, fitted to files of a folder, or to others by whole paths."""
    components = [{"name": "galaxy", "profile": "sersic", "parameters": galaxy}, *others]
    document = {"images": [{"name": "r", **image}], "components": components, "stages": [{"method": "lm"}]}
    request = parse_request(document)
    images = load_images(request, lambda name: DATA / folder / name)
    return run(complete_request(request, images), images)


def reference_of(folder: str, key: str) -> dict[str, Any]:
    reference: dict[str, Any] = json.loads((DATA / folder / "reference.json").read_text())[key]
    return reference


def assert_agrees(result: FitResult, reference: dict[str, Any]) -> None:
    """Every value within half a sigma of the reference's, or a lower χ² of the same pixels."""
    assert result.converged
    assert result.n_pixels == reference["n_pixels"]
    freedom = reference["n_pixels"] - len(reference["parameters"])
    lower = result.chi2 <= reference["chi2_reduced"] * freedom
    values = {parameter.name: parameter.value for parameter in result.parameters}
    values["galaxy.h"] = values["galaxy.r_e"] / EXPONENTIAL
    values["galaxy.i_0"] = values["galaxy.i_e"] * math.exp(EXPONENTIAL)
    pulls = {}
    for name, expected in reference["parameters"].items():
        off = values[name] - expected["value"]
        off = (off + 90.0) % 180.0 - 90.0 if name.endswith(".pa") else off
        pulls[name] = off / expected["uncertainty"]
    assert lower or max(map(abs, pulls.values())) <= 0.5, pulls


IC3478 = {"data": "ic3478rss_256.fits"}
IC3478_MASK = {"mask": "ic3478rss_256_mask.fits"}
IC3478_PSF = {"psf": "psf_moffat_51.fits"}


@pytest.fixture(scope="module")
def data_noise(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variance that imfit takes of each pixel's own datum: gain 4.725, read noise 4.3, sky 130.14.

    photfit's own, by a gain, is of the model, and so another fit: imfit's is low by a part of an electron a pixel.
    """
    data = np.asarray(fits.getdata(DATA / "ic3478" / "ic3478rss_256.fits"), dtype=float)
    path = tmp_path_factory.mktemp("imfit") / "variance.npy"
    np.save(path, (data + 130.14) / 4.725 + (4.3 / 4.725) ** 2)
    return {"variance": str(path)}


@pytest.mark.parametrize(("key", "planes"), [("exp_gain", {}), ("exp_gain_mask", IC3478_MASK)])
def test_ic3478_as_an_exponential_disc(key: str, planes: dict[str, str], data_noise: dict[str, str]) -> None:
    start = {
        "x": 128.0,
        "y": 128.0,
        "pa": 18.0,
        "q": 0.8,
        "n": {"value": 1.0, "fixed": True},
        "i_e": 100.0 * math.exp(-EXPONENTIAL),
        "r_e": 25.0 * EXPONENTIAL,
    }
    assert_agrees(fit("ic3478", IC3478 | planes | data_noise, start), reference_of("ic3478", key))


@pytest.mark.parametrize(
    ("key", "planes"),
    [("sersic_gain_mask", IC3478_MASK), ("sersic_gain_mask_psf", IC3478_MASK | IC3478_PSF)],
)
def test_ic3478_as_a_sersic_galaxy(key: str, planes: dict[str, str], data_noise: dict[str, str]) -> None:
    """From the start, and within the limits, of imfit's example configuration."""
    start = {
        "x": {"value": 128.0, "min": 124.0, "max": 134.0},
        "y": {"value": 128.0, "min": 124.0, "max": 134.0},
        "pa": 18.0,
        "q": 0.8,
        "n": {"value": 1.5, "min": 0.1, "max": 5.0},
        "i_e": {"value": 15.0, "min": 0.0, "max": 500.0},
        "r_e": {"value": 25.0, "max": 100.0},
    }
    assert_agrees(fit("ic3478", IC3478 | planes | data_noise, start), reference_of("ic3478", key))


def intensity(magnitude: float, zero_point: float, exposure: float, q: float, n: float, r_e: float) -> float:
    """i_e of a galaxy whose total magnitude is given for counts per second."""
    flux = 10.0 ** (-0.4 * (magnitude - zero_point)) * exposure
    b = float(gammaincinv(2.0 * n, 0.5))
    return float(flux / (2.0 * math.pi * q * r_e**2 * n * math.exp(b) * b ** (-2.0 * n) * gamma(2.0 * n)))


@pytest.mark.parametrize(
    ("key", "planes"),
    [
        ("sersic_sky_psf_sigma", {"psf": "psf.fits"}),
        ("sersic_sky_psf_sigma_mask", {"psf": "psf.fits", "mask": "mask.fits"}),
        ("sersic_sky_nopsf_sigma", {}),
    ],
)
def test_galfits_example_from_its_feedme(key: str, planes: dict[str, str]) -> None:
    start = {"x": 47.518, "y": 50.28, "q": 0.757, "pa": -60.369, "n": 4.249, "r_e": 5.116}
    start["i_e"] = intensity(20.089, 26.563, 1040.0, start["q"], start["n"], start["r_e"])
    sky = {"name": "sky", "profile": "flat_sky", "parameters": {"i": 1.392}}
    image = {"data": "gal.fits", "sigma": "sigma.fits", **planes}
    assert_agrees(fit("galfit_example", image, start, sky), reference_of("galfit_example", key))


@pytest.mark.parametrize("factor", [0.7, 1.3])
def test_a_compact_galaxy_from_thirty_percent_off(factor: float) -> None:
    reference = reference_of("compact_galaxy", "sersic_psf_mask_no_sky")
    best = {name.partition(".")[2]: row["value"] for name, row in reference["parameters"].items()}
    start = {name: best[name] * factor for name in ("q", "pa", "n", "r_e", "i_e")}
    start |= {"x": best["x"] + 2.0 * (factor - 1.0), "y": best["y"], "q": min(start["q"], 1.0)}
    planes = {name: f"gal1_{file}.npy" for name, file in (("sigma", "sig"), ("mask", "mask"), ("psf", "psf"))}
    assert_agrees(fit("compact_galaxy", {"data": "gal1_im.npy", **planes}, start), reference)
