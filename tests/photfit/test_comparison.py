"""Comparison of two fits: when there is a verdict, which, and what is said where there is none."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from photfit.comparison import compare_fits

PARAMETERS: dict[str, Any] = {
    "converged": True,
    "chi2": 100.0,
    "chi2_reduced": 1.0,
    "bic": 120.0,
    "degrees_of_freedom": 95,
    "n_pixels": 100,
    "parameters": [
        {"name": "g.n", "value": 2.0, "uncertainty": 0.3, "unit": ""},
        {"name": "g.pa", "value": 179.0, "uncertainty": 3.0, "unit": "degree"},
        {"name": "g.x", "value": 7.0, "uncertainty": None, "unit": "pixel"},
    ],
    "derived": [],
}
PROVENANCE: dict[str, Any] = {
    "inputs": [{"name": "a.fits", "sha256": "aa"}, {"name": "m.fits", "sha256": "mm"}],
    "request": {
        "images": [{"data": "a.fits[1]", "variance": "a.fits[2]", "mask": {"path": "m.fits", "hdu": 0}}],
        "components": [],
    },
}


def compared(bic: float = 120.0, **second: Any) -> Any:
    other = {**copy.deepcopy(PARAMETERS), "bic": bic, **second.pop("parameters", {})}
    provenance = copy.deepcopy(PROVENANCE)
    provenance.update(second.pop("provenance", {}))
    image = provenance["request"]["images"][0]
    image.update(second.pop("image", {}))
    provenance["request"].update(second)
    return compare_fits(("A", "B"), (PARAMETERS, other), (PROVENANCE, provenance))


@pytest.mark.parametrize(
    ("bic", "verdict"),
    [
        (121.5, "neither is to be preferred"),
        (117.5, "B is to be preferred: positive"),
        (127, "A is to be preferred: strong"),
        (100, "B is to be preferred: very strong evidence (lower by 20)"),
    ],
)
def test_the_bic_says_which(bic: float, verdict: str) -> None:
    found = compared(bic)
    assert found.differ == ()
    assert verdict in found.verdict


def test_the_same_file_under_another_name_is_the_same() -> None:
    renamed = {
        "inputs": [{"name": "upl_1", "sha256": "aa"}, {"name": "upl_2", "sha256": "mm"}],
        "request": {
            "images": [
                {"data": {"upload": "upl_1", "hdu": 1}, "variance": {"upload": "upl_1", "hdu": 2}, "mask": "upl_2[0]"}
            ]
        },
    }
    assert compared(provenance=renamed).differ == ()


@pytest.mark.parametrize(
    ("change", "differ"),
    [
        ({"image": {"data": "a.fits[3]"}}, "the data"),
        ({"image": {"window": {"x": [0, 9]}}}, "the window"),
        ({"image": {"mask": None}}, "the mask"),
        ({"image": {"mask_shapes": [{"circle": [1, 2, 3]}]}}, "the mask"),
        ({"image": {"mask_saturated": False}}, "the mask"),
        ({"image": {"variance": None, "sigma": "a.fits[2]"}}, "the variance"),
        ({"image": {"variance": {"constant": 1.0}}}, "the variance"),
        ({"noise": "student_t"}, "the noise"),
        (
            {"provenance": {"inputs": [{"name": "a.fits", "sha256": "bb"}, {"name": "m.fits", "sha256": "mm"}]}},
            "the data",
        ),
        ({"parameters": {"n_pixels": 99}}, "the pixels that were used (100 and 99)"),
        ({"images": PROVENANCE["request"]["images"] * 2}, "the number of images (1 and 2)"),
    ],
)
def test_other_data_have_no_verdict(change: dict[str, Any], differ: str) -> None:
    found = compared(50.0, **change)
    assert differ in found.differ
    assert found.verdict is None


def test_a_psf_or_a_name_does_not_count() -> None:
    assert compared(image={"psf": "other.fits", "zero_point": 25.0}, name="other", seed=3).differ == ()


def test_a_fit_that_did_not_converge_gets_no_verdict() -> None:
    assert compared(50.0, parameters={"converged": False}).verdict == "No verdict: B did not converge."


def test_values_are_held_against_their_uncertainties() -> None:
    rows = copy.deepcopy(PARAMETERS["parameters"])
    rows[0].update(value=2.5, uncertainty=0.4)
    rows[1].update(value=2.0, uncertainty=4.0)
    found = {each.name: each.sigmas for each in compared(parameters={"parameters": rows}).values}
    assert found["g.n"] == pytest.approx(1.0)
    assert found["g.pa"] == pytest.approx(3.0 / 5.0)  # 179 and 2 degrees are 3 apart
    assert found["g.x"] is None
