"""Flux scales of headers, as each observatory defines its cards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import asdf
import numpy as np
import pytest
from astropy import units
from astropy.io import fits

from fitting.files import describe_file, flux_scale, read_plane


@pytest.mark.parametrize(
    ("cards", "expected", "word"),
    [
        ({"MAGZERO": 25.0, "EXPTIME": 100.0}, 25.0, "was not applied"),
        ({"MAGZPT": 24.053, "EXP_TIME": 10.0}, 26.553, "EXP_TIME 10 s"),
        ({"MAGZPT": 24.0, "EXPTIME": 10.0, "BUNIT": "electron/s"}, 24.0, "electron/s"),
        ({"MAGZPT": 24.0}, 24.0, "no exposure time"),
        ({"MAGZERO": 29.915, "MAGZPT": 24.842, "EXPTIME": 107.0}, 29.915, "MAGZERO"),
        ({"MAGZP": 19.9757}, 19.9757, "MAGZP"),
        ({"FLUXMAG0": 1e10}, 25.0, "FLUXMAG0"),
        ({"PHOTFLAM": 7.0e-20, "PHOTPLAM": 8045.0, "BUNIT": "ELECTRONS/S"}, 25.95154, "PHOTFLAM"),
        ({"PHOTFLAM": 7.0e-20, "PHOTPLAM": 8045.0, "BUNIT": "ELECTRONS", "EXPTIME": 100.0}, 30.95154, "EXPTIME"),
        ({"BUNIT": "nanomaggy"}, 22.5, "nanomaggy"),
    ],
)
def test_a_header_says_what_one_data_unit_is(cards: dict[str, Any], expected: float, word: str) -> None:
    found = flux_scale(cards)
    assert found is not None
    assert found.zero_point == pytest.approx(expected, abs=5e-3)
    assert word in found.sentence


@pytest.mark.parametrize("unit", ["Jy", "mJy", "uJy", "nJy"])
def test_units_of_flux_are_astropys_magnitudes(unit: str) -> None:
    found = flux_scale({"BUNIT": unit, "MAGZERO": 1.0})
    assert found is not None
    assert found.zero_point == pytest.approx((1.0 * units.Unit(unit)).to_value(units.ABmag), abs=1e-3)


def test_megajansky_per_steradian_needs_the_pixels_area() -> None:
    found = flux_scale({"BUNIT": "MJy/sr", "PIXAR_SR": 2.29e-14})
    assert found is not None
    assert found.zero_point == pytest.approx((1e6 * 2.29e-14 * units.Jy).to_value(units.ABmag), abs=1e-3)
    assert flux_scale({"BUNIT": "MJy/sr"}) is None


def test_a_header_without_a_scale_has_none() -> None:
    assert flux_scale({"BUNIT": "adu", "EXPTIME": 10.0, "MAGZERO": "none"}) is None


@pytest.mark.parametrize(("inherit", "expected"), [({"INHERIT": True}, 29.9), ({}, 29.9), ({"INHERIT": False}, None)])
def test_an_extension_inherits_the_scale(inherit: dict[str, bool], expected: float | None, tmp_path: Path) -> None:
    first = fits.PrimaryHDU(None, fits.Header({"MAGZERO": 29.9, "EXPTIME": 107.0}))
    fits.HDUList([first, fits.ImageHDU(np.ones((5, 6)), fits.Header(inherit))]).writeto(tmp_path / "a.fits")
    assert describe_file(tmp_path / "a.fits").hdus[1].zero_point == expected


def test_asinh_pixels_are_made_linear(tmp_path: Path) -> None:
    flux = np.random.default_rng(1).normal(50.0, 300.0, (5, 6))
    stretched = 2.5 * np.log10(np.e) * np.arcsinh((flux - 3.0) / (2.0 * 6.0))
    cards = fits.Header({"BSOFTEN": 6.0, "BOFFSET": 3.0})
    fits.PrimaryHDU(stretched, cards).writeto(tmp_path / "a.fits")
    plane = read_plane(tmp_path / "a.fits")
    np.testing.assert_allclose(plane.data, flux, rtol=1e-9, atol=1e-9)
    assert [notice.code for notice in plane.notices] == ["pixels-made-linear"]
    assert plane.header is not None
    assert "BSOFTEN" not in plane.header


def test_a_key_that_ends_in_source_names_no_other_file(tmp_path: Path) -> None:
    tree = {"roman": {"context": np.zeros((4, 6)), "data": np.ones((4, 6)), "meta": {"pointing_source": "CALCULATED"}}}
    asdf.AsdfFile(tree).write_to(tmp_path / "a.asdf")
    assert read_plane(tmp_path / "a.asdf").data.sum() == 24.0
