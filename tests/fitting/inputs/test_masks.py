"""Masks with bits: names and defaults by header and observatory, and what is said of the pixels that they take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from fitting.inputs import ImageData, load_images
from fitting.spec import RequestInvalid, parse_request

NAMES = ("BAD", "SAT", "INTRP", "CR", "EDGE", "DETECTED", "SUSPECT", "NO_DATA")
LSST = {f"MP_{name}": bit for bit, name in enumerate(NAMES)}
SHAPE = (20, 30)

pytestmark = pytest.mark.filterwarnings("ignore:Keyword name .* is greater than 8 characters")


def image(
    folder: Path,
    values: dict[tuple[int, int], float],
    cards: dict[str, Any] | None = None,
    primary: dict[str, Any] | None = None,
    dtype: str = "i4",
    **mask: Any,
) -> ImageData:
    """An image of noise with a bright square at rows and columns 8 to 11, and a mask of values."""
    data = np.random.default_rng(3).normal(size=SHAPE)
    data[8:12, 8:12] += 100.0
    plane = np.zeros(SHAPE, dtype)
    for place, value in values.items():
        plane[place] = value
    fits.HDUList(
        [
            fits.PrimaryHDU(None, fits.Header(primary or {})),
            fits.ImageHDU(data, name="SCI"),
            fits.ImageHDU(plane, fits.Header(cards or {}), name="DQ"),
        ]
    ).writeto(folder / "a.fits")
    picture = {
        "data": "a.fits[SCI]",
        "variance": {"constant": 1.0},
        "mask": {"path": "a.fits", "hdu": "DQ"} | mask,
    }
    request = parse_request({"images": [picture], "components": [{"name": "sky", "profile": "flat_sky"}]})
    assert parse_request(request.document()).document() == request.document()
    (found,) = load_images(request, lambda name: folder / name)
    return found


def masked(found: ImageData) -> set[tuple[int, int]]:
    return {(int(row), int(column)) for row, column in np.argwhere(found.mask)}


def test_bits_of_rubin_that_do_not_mean_unusable_mask_nothing(tmp_path: Path) -> None:
    found = image(tmp_path, {(9, 9): 32, (1, 1): 1, (2, 2): 2 + 32, (3, 3): 64, (9, 10): 8}, LSST)
    assert masked(found) == {(1, 1), (2, 2), (9, 10)}
    (notice,) = found.notices
    assert notice.code == "mask-taken"
    assert notice.sentence.startswith("the mask took 3 pixels, 1 of them 5 sigma above the sky: by BAD, SAT, CR")
    assert "in 2 pixels" in notice.sentence


@pytest.mark.parametrize(
    ("primary", "values", "expected"),
    [
        ({"TELESCOP": "JWST"}, {(9, 9): 4, (1, 1): 1, (2, 2): 1 + 4}, {(1, 1), (2, 2)}),
        ({"TELESCOP": "HST", "DETECTOR": "WFC"}, {(9, 9): 64, (1, 1): 4096, (2, 2): 256}, {(1, 1), (2, 2)}),
        ({"TELESCOP": "HST", "DETECTOR": "IR"}, {(9, 9): 8192, (1, 1): 4}, {(1, 1)}),
        ({}, {(9, 9): 32, (1, 1): 1}, {(9, 9), (1, 1)}),
    ],
)
def test_the_observatory_says_which_bits_count(
    primary: dict[str, Any], values: dict[tuple[int, int], float], expected: set[tuple[int, int]], tmp_path: Path
) -> None:
    assert masked(image(tmp_path, values, primary=primary)) == expected


@pytest.mark.parametrize(
    ("bits", "expected"),
    [
        (["DETECTED"], {(9, 9)}),
        (["mp_detected", 0], {(9, 9), (1, 1)}),
        ([5], {(9, 9)}),
        ("any", {(9, 9), (1, 1), (3, 3)}),
    ],
)
def test_a_request_says_which_bits_count(bits: Any, expected: set[tuple[int, int]], tmp_path: Path) -> None:
    assert masked(image(tmp_path, {(9, 9): 32, (1, 1): 1, (3, 3): 64}, LSST, bits=bits)) == expected


def test_pan_starrs_names_its_bits_by_values(tmp_path: Path) -> None:
    cards = {"MSKNAM00": "DETECTOR", "MSKVAL00": 1, "MSKNAM01": "SAT", "MSKVAL01": 32}
    assert masked(image(tmp_path, {(9, 9): 32, (1, 1): 1}, cards, bits=["SAT"])) == {(9, 9)}


def test_a_name_that_the_header_lacks_is_a_fault_that_lists_the_others(tmp_path: Path) -> None:
    with pytest.raises(RequestInvalid) as caught:
        image(tmp_path, {}, LSST, bits=["GHOST"])
    (fault,) = caught.value.faults
    assert fault.path == "$.images[0].mask.bits"
    assert "DETECTED" in (fault.expected or "")


def test_values_without_bits_mask_as_they_did(tmp_path: Path) -> None:
    found = image(tmp_path, {(1, 1): 0.5, (2, 2): -1.0, (3, 3): np.nan}, LSST, dtype="f4")
    assert masked(found) == {(1, 1), (2, 2), (3, 3)}


@pytest.mark.parametrize("bits", [[], [63], [-1], [1.5], "all", [""]])
def test_bits_that_are_none_are_faults_of_the_request(bits: Any, tmp_path: Path) -> None:
    with pytest.raises(RequestInvalid):
        image(tmp_path, {}, bits=bits)


def test_an_empty_mask_needs_no_words(tmp_path: Path) -> None:
    assert image(tmp_path, {}, LSST).notices == ()
