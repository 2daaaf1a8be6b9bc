"""What planes mean, in files as observatories and astropy write them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy import units
from astropy.io import fits
from astropy.nddata import (
    CCDData,
    InverseVariance,
    NDUncertainty,
    StdDevUncertainty,
    VarianceUncertainty,
)

from fitting.files import describe_file, plane_meaning, recognise_planes

SHAPE = (40, 50)


def written(path: Path, *hdus: tuple[dict[str, Any], tuple[int, int] | None]) -> Path:
    """A FITS file: cards and shape of each HDU."""
    images = [
        (fits.ImageHDU if place else fits.PrimaryHDU)(
            None if shape is None else np.ones(shape, dtype=np.float32), fits.Header(cards)
        )
        for place, (cards, shape) in enumerate(hdus)
    ]
    fits.HDUList(images).writeto(path)
    return path


def named(*names: str) -> Sequence[tuple[dict[str, Any], tuple[int, int]]]:
    """HDUs of names, or of name and EXTVER."""
    split = [name.partition(",") for name in names]
    return [({"EXTNAME": name, "EXTVER": int(version or 1)}, SHAPE) for name, _, version in split]


EMPTY: tuple[dict[str, Any], None] = ({}, None)
CHIPS = (EMPTY, *named("SCI,1", "ERR,1", "DQ,1", "SCI,2", "ERR,2", "DQ,2"))


@pytest.mark.parametrize("chip", [4, "SCI,2", "sci,2"])
def test_planes_of_the_second_chip_are_those_of_its_version(chip: int | str, tmp_path: Path) -> None:
    planes = recognise_planes(describe_file(written(tmp_path / "flt.fits", *CHIPS)), chip)
    assert planes.hdus == {"data": 4, "sigma": 5, "mask": 6}
    assert "EXTVER 2" in planes.warnings[0]


def test_planes_of_the_first_chip_are_its_own_too(tmp_path: Path) -> None:
    file = describe_file(written(tmp_path / "flt.fits", *CHIPS))
    assert recognise_planes(file, None).hdus == {"data": 1, "sigma": 2, "mask": 3}
    assert recognise_planes(file, "SCI").hdus == {"data": 1, "sigma": 2, "mask": 3}


def test_planes_go_by_what_stands_before_the_dot(tmp_path: Path) -> None:
    names = named("3-1.SCI", "3-2.SCI", "3-1.RMS", "3-2.RMS", "3-2.FLG", "3-1.FLG")
    file = describe_file(written(tmp_path / "euclid.fits", EMPTY, *names))
    assert recognise_planes(file, "3-1.SCI").hdus == {"data": 1, "sigma": 3, "mask": 6}
    assert recognise_planes(file, 2).hdus == {"data": 2, "sigma": 4, "mask": 5}


def test_a_chip_without_planes_takes_none_of_another(tmp_path: Path) -> None:
    file = describe_file(written(tmp_path / "flt.fits", EMPTY, *named("SCI,1", "ERR,1", "SCI,2")))
    assert recognise_planes(file, 3).hdus == {"data": 3}


def test_without_versions_planes_follow_their_image(tmp_path: Path) -> None:
    names = named("SCI", "ERR", "SCI", "ERR", "SCI", "ERR")
    file = describe_file(written(tmp_path / "raw.fits", EMPTY, *names))
    assert [recognise_planes(file, place).hdus["sigma"] for place in (1, 3, 5)] == [2, 4, 6]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(StdDevUncertainty, "sigma"), (VarianceUncertainty, "variance"), (InverseVariance, "weight")],
)
def test_an_uncertainty_of_nddata_is_what_its_utype_says(
    kind: type[NDUncertainty], expected: str, tmp_path: Path
) -> None:
    data = CCDData(np.ones(SHAPE), unit=units.adu, uncertainty=kind(np.ones(SHAPE)))
    data.write(tmp_path / "ccd.fits")
    planes = recognise_planes(describe_file(tmp_path / "ccd.fits"), None)
    assert planes.hdus == {"data": 0, expected: 1}
    assert "UTYPE" in planes.warnings[0]


def test_an_uncertainty_that_nobody_knows_is_not_taken(tmp_path: Path) -> None:
    unknown = ({"EXTNAME": "UNCERT", "UTYPE": "UnknownUncertainty"}, SHAPE)
    planes = recognise_planes(describe_file(written(tmp_path / "ccd.fits", ({}, SHAPE), unknown)), None)
    assert planes.hdus == {"data": 0}
    assert "which noise" in planes.warnings[0]


def test_older_files_of_rubin_say_it_by_exttype(tmp_path: Path) -> None:
    kinds = ("IMAGE", "MASK", "VARIANCE")
    file = written(tmp_path / "exposure.fits", EMPTY, *(({"EXTTYPE": kind}, SHAPE) for kind in kinds))
    assert recognise_planes(describe_file(file), None).hdus == {"data": 1, "mask": 2, "variance": 3}


def test_cutouts_of_the_legacy_surveys_say_it_by_imagetyp(tmp_path: Path) -> None:
    file = written(tmp_path / "cutout.fits", ({"IMAGETYP": "image"}, SHAPE), ({"IMAGETYP": "invvar"}, SHAPE))
    assert recognise_planes(describe_file(file), None).hdus == {"data": 0, "weight": 1}


def test_a_nameless_stamp_is_no_psf_and_that_is_told(tmp_path: Path) -> None:
    planes = recognise_planes(describe_file(written(tmp_path / "a.fits", EMPTY, ({}, SHAPE), ({}, (31, 31)))), None)
    assert planes.hdus == {"data": 1}
    assert [(notice.code, notice.where) for notice in planes.notices] == [
        ("planes-taken", None),
        ("plane-not-taken", "HDU 2"),
    ]


def test_what_was_taken_is_told_with_its_reason(tmp_path: Path) -> None:
    file = describe_file(written(tmp_path / "a.fits", EMPTY, *named("SCI", "ERR")))
    assert recognise_planes(file, None).warnings == (
        "of the file were taken: HDU 1 as data (the name SCI), HDU 2 as sigma (the name ERR)",
    )


def test_one_image_alone_needs_no_words(tmp_path: Path) -> None:
    assert recognise_planes(describe_file(written(tmp_path / "a.fits", ({}, SHAPE))), None).warnings == ()


def test_a_name_that_says_more_goes_before_a_keyword_that_says_image() -> None:
    assert plane_meaning("ERR", {"EXTTYPE": "IMAGE"}) == plane_meaning("ERR", {})
    assert plane_meaning("", {"EXTTYPE": 3}) is None
