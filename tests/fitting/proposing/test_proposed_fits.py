"""Proposals lead `lm` to the truth: a small `make bench-proposals`, and real images beside their references."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.proposals import measure_fields, measure_noise
from fitting.inputs import load_images
from fitting.proposing import propose
from fitting.run import run
from fitting.spec import parse_proposal
from tests.promises.test_real_images import DATA, IC3478, IC3478_MASK, IC3478_PSF, reference_of


@pytest.mark.slow
def test_ten_fields_are_recovered() -> None:
    found = measure_fields(range(20, 30))
    assert found["apart_fraction"] >= 0.95
    assert found["fraction"] >= 0.9


def test_noise_brings_the_sky_alone() -> None:
    assert measure_noise(range(30))["with_more_than_a_level_sky"] == {}


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason=f"the real images are not at {DATA}")
@pytest.mark.parametrize(
    ("folder", "image", "key"),
    [
        ("ic3478", IC3478 | IC3478_MASK | IC3478_PSF, "sersic_gain_mask_psf"),
        (
            "galfit_example",
            {"data": "gal.fits", "sigma": "sigma.fits", "psf": "psf.fits", "mask": "mask.fits"},
            "sersic_sky_psf_sigma_mask",
        ),
        (
            "compact_galaxy",
            {"data": "gal1_im.npy", "sigma": "gal1_sig.npy", "mask": "gal1_mask.npy", "psf": "gal1_psf.npy"},
            "sersic_psf_mask_no_sky",
        ),
    ],
)
def test_a_real_image_is_fitted_as_well_as_the_reference(folder: str, image: dict[str, Any], key: str) -> None:
    def locate(name: str) -> Path:
        return DATA / folder / name

    options = {name: value for name, value in image.items() if name != "data"}
    request = propose(parse_proposal(options, image["data"], "path"), locate).request
    result = run(request, load_images(request, locate))
    reference = reference_of(folder, key)
    freedom = reference["n_pixels"] - len(reference["parameters"])
    assert json.dumps(request.document())
    assert result.n_pixels == reference["n_pixels"]
    assert result.chi2 <= reference["chi2_reduced"] * freedom
