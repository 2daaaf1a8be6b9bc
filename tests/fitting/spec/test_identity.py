"""The hash of a request: the same for what gives the same numbers, another for all else."""

from typing import Any

import pytest

from fitting.spec import parse_request
from fitting.spec.request import request_sha256

A, B = "a" * 64, "b" * 64
DOCUMENT: dict[str, Any] = {
    "images": [{"name": "r", "data": "a.fits[1]", "variance": {"constant": 1.0}, "psf": "p.fits"}],
    "components": [{"name": "sky", "profile": "flat_sky", "parameters": {"i": 1}}],
    "stages": [{"method": "lm"}],
}


def identity(contents: dict[str, str] | None = None, **changed: Any) -> str:
    return request_sha256(parse_request({**DOCUMENT, **changed}), contents or {"a.fits": A, "p.fits": B})


def with_image(**changed: Any) -> dict[str, Any]:
    return {"images": [{**DOCUMENT["images"][0], **changed}]}


def test_what_the_fit_is_called_does_not_count() -> None:
    assert identity(name="other", labels=["x"], reuse=True) == identity()


@pytest.mark.parametrize(
    "data", [{"upload": "upl_1", "hdu": 1}, {"path": "elsewhere/a.fits", "hdu": 1}, "upl_1[1]"], ids=str
)
def test_how_a_file_is_named_does_not_count(data: Any) -> None:
    contents = {"upl_1": A, "elsewhere/a.fits": A, "p.fits": B}
    assert identity(contents, **with_image(data=data)) == identity()


def test_how_a_psf_is_named_does_not_count() -> None:
    for psf in ({"upload": "p.fits"}, {"image": {"path": "p.fits"}}):
        assert identity(**with_image(psf=psf)) == identity()


@pytest.mark.parametrize(
    "changed",
    [
        {"seed": 1},
        {"device": "cpu"},
        {"stages": []},
        with_image(data="a.fits[2]"),
        with_image(zero_point=22.5),
        with_image(psf={"image": "p.fits", "convention": "effective"}),
    ],
    ids=str,
)
def test_what_changes_the_numbers_counts(changed: dict[str, Any]) -> None:
    assert identity(**changed) != identity()


def test_the_files_contents_count() -> None:
    assert identity({"a.fits": B, "p.fits": B}) != identity()
