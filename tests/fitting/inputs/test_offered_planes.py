"""Planes of the image's own file that a request leaves out are named, and only those."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from fitting.inputs import load_images
from fitting.spec import parse_request

SHAPE = (20, 30)
PIXELS = np.random.default_rng(1).normal(10.0, 1.0, SHAPE)
ONES = np.ones(SHAPE)
ZEROS = np.zeros(SHAPE, np.uint8)
STAMP = np.outer(np.hanning(9), np.hanning(9))


def hdu(name: str, data: Any, version: int = 1) -> fits.ImageHDU:
    return fits.ImageHDU(data, name=name, ver=version)


def offered(folder: Path, hdus: list[fits.ImageHDU], **given: Any) -> str:
    """What is said of planes that were not used."""
    fits.HDUList([fits.PrimaryHDU(), *hdus]).writeto(folder / "d.fits")
    image = {"data": "d.fits[1]", **given}
    request = parse_request({"images": [image], "components": [{"name": "sky", "profile": "flat_sky"}]})
    (read,) = load_images(request, folder.joinpath)
    return " ".join(notice.sentence for notice in read.notices if notice.code == "planes-offered")


@pytest.mark.parametrize(
    ("name", "plane", "key"),
    [("VARIANCE", ONES, "variance"), ("ERR", ONES, "sigma"), ("WHT", ONES, "weight"), ("DQ", ZEROS, "mask")],
)
def test_a_plane_that_was_left_out_is_named(tmp_path: Path, name: str, plane: Any, key: str) -> None:
    told = offered(tmp_path, [hdu("SCI", PIXELS), hdu(name, plane)])
    assert f"{name} (HDU 2, {key})" in told
    assert f'"{key}": "d.fits[2]"' in told


def test_a_psf_is_smaller_than_the_data(tmp_path: Path) -> None:
    told = offered(tmp_path, [hdu("SCI", PIXELS), hdu("PSF", STAMP)], variance={"constant": 1.0})
    assert '"psf": "d.fits[2]" would use it' in told


@pytest.mark.parametrize(
    ("hdus", "given"),
    [
        ([hdu("VARIANCE", ONES)], {"variance": "d.fits[2]"}),
        ([hdu("ERR", ONES)], {"variance": {"constant": 1.0}}),  # a noise was given
        ([hdu("DQ", ZEROS)], {"mask": "d.fits[2]"}),
        ([hdu("VARIANCE", ONES[:9])], {}),  # of another image
        ([hdu("VARIANCE", ONES, 2)], {}),  # of another version
        ([hdu("MODEL", ONES), hdu("SKY", ONES)], {}),
    ],
)
def test_nothing_is_said_of_others(tmp_path: Path, hdus: list[fits.ImageHDU], given: dict[str, Any]) -> None:
    assert offered(tmp_path, [hdu("SCI", PIXELS), *hdus], **given) == ""
