"""Flux scales of headers, as each observatory defines its cards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import asdf
import numpy as np
import pytest
from astropy import units
from astropy.io import fits

from fitting.files import describe_file, flux_scale, given_scale, read_plane, unused_flux_cards
from fitting.inputs import load_images
from fitting.spec import parse_request


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
        ({"FLUX20": 1e3}, 27.5, "FLUX20"),
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


BEAM = {"BMAJ": 2e-3, "BMIN": 1e-3, "CTYPE1": "RA---SIN", "CTYPE2": "DEC--SIN", "CDELT1": -1e-4, "CDELT2": 1e-4}


@pytest.mark.parametrize(
    ("cards", "jansky"),
    [
        ({"BUNIT": "MJY/SR", "PIXAR_SR": 1e-13}, 1e-7),
        ({"BUNIT": "MJy sr-1", "PIXAR_SR": 1e-13}, 1e-7),
        ({"BUNIT": "mJy/sr", "PIXAR_SR": 1e-3}, 1e-6),
        ({"BUNIT": "Jy/pixel"}, 1.0),
        ({"BUNIT": "mJy/pix"}, 1e-3),
        ({"BUNIT": "Jy.pixel-1"}, 1.0),
        ({"BUNIT": "Jy pixel**-1"}, 1.0),
        ({"BUNIT": "jy/pixel"}, 1.0),
        ({"BUNIT": "microJy"}, 1e-6),
        ({"BUNIT": "10**-7 Jy"}, 1e-7),
        ({"BUNIT": "erg/s/cm2/Hz"}, 1e23),
        ({"BUNIT": "JY/BEAM", **BEAM}, 4.0 * np.log(2.0) / np.pi * 1e-8 / 2e-6),
    ],
)
def test_units_are_read_as_people_write_them(cards: dict[str, Any], jansky: float) -> None:
    found = flux_scale(cards)
    assert found is not None
    assert found.zero_point == pytest.approx((jansky * units.Jy).to_value(units.ABmag), abs=1e-3)
    assert found.system == "AB"


def test_flux_by_wavelength_needs_the_pivot() -> None:
    unit = "1e-17 erg/s/cm2/Angstrom"
    one = 1e-17 * units.Unit("erg / (s cm2 AA)")
    found = flux_scale({"BUNIT": unit, "PHOTPLAM": 6000.0})
    assert found is not None
    expected = one.to(units.ABmag, units.spectral_density(6000.0 * units.AA)).value
    assert found.zero_point == pytest.approx(expected, abs=1e-3)
    assert flux_scale({"BUNIT": unit}) is None
    assert "PHOTPLAM" in str(unused_flux_cards({"BUNIT": unit}))


@pytest.mark.parametrize(
    ("cards", "expected", "other"),
    [
        ({"MAGZERO": 25.0, "EXPTIME": 100.0}, 25.0, 30.0),
        ({"MAGZERO": 25.0, "EXPTIME": 100.0, "BUNIT": "electron"}, 25.0, 30.0),
        ({"MAGZERO": 25.0, "EXPTIME": 100.0, "BUNIT": "counts/s"}, 25.0, None),
        ({"MAGZERO": 25.0, "EXPTIME": 1.0}, 25.0, None),
        ({"MAGZERO": 25.0}, 25.0, None),
        ({"MAGZERO": 29.915, "MAGZPT": 24.842, "EXPTIME": 107.0}, 29.915, None),
        ({"MAGZP": 26.2, "EXPTIME": 30.0, "TELESCOP": "P48"}, 26.2, None),
        ({"MAGZPT": 24.0, "EXPTIME": 10.0}, 26.5, 24.0),
        ({"MAGZPT": 24.0, "EXPTIME": 10.0, "BUNIT": "ADU"}, 26.5, None),
        ({"MAGZPT": 24.0, "EXPTIME": 10.0, "INSTRUME": "WFCAM"}, 26.5, None),
        ({"FPA.ZP": 25.0, "EXPTIME": 100.0}, 30.0, None),
        ({"FPA.ZP": 25.0, "EXPTIME": 100.0, "BUNIT": "counts/s"}, 25.0, None),
        ({"MAGZERO": 29.0, "EXPTIME": 100.0, "INSTRUME": "DECam"}, 29.0, None),
        ({"PHOTZP": 30.0, "EXPTIME": 100.0, "INSTRUME": "MegaPrime"}, 30.0, None),
        ({"IMAGEZPT": 22.439, "MAGZPT": 22.737, "EXPTIME": 60.0, "BUNIT": "DN"}, 26.884, None),
        ({"PHOTFLAM": 1e-19, "PHOTZPT": -21.1, "BUNIT": "COUNTS", "EXPTIME": 100.0}, 31.4, None),
        ({"PHOTFNU": 3.631e-5, "BUNIT": "COUNTS/S"}, 20.0, None),
        ({"BUNIT": "nJy", "MAGZERO": 27.0, "EXPTIME": 30.0}, 31.4, None),
    ],
)
def test_both_zero_points_are_known_where_nothing_decides(
    cards: dict[str, Any], expected: float, other: float | None
) -> None:
    found = flux_scale(cards)
    assert found is not None
    assert found.zero_point == pytest.approx(expected, abs=1e-3)
    assert found.other_zero_point == (None if other is None else pytest.approx(other))
    if other is not None:
        assert f"{other:.4f}" in found.sentence


@pytest.mark.parametrize(
    ("cards", "system"),
    [
        ({"MAGZP": 19.97, "ORIGIN": "2MASS"}, "Vega"),
        ({"MAGZPT": 24.05, "TELESCOP": "UKIRT", "EXP_TIME": 10.0}, "Vega"),
        ({"BUNIT": "nanomaggies", "TELESCOP": "WISE"}, "Vega"),
        ({"BUNIT": "nanomaggies", "TELESCOP": "Mayall"}, "AB"),
        ({"PHOTFLAM": 1e-19, "BUNIT": "COUNTS/S"}, "ST"),
        ({"MAGZERO": 25.0, "MAGSYS": "AB"}, "AB"),
        ({"MAGZERO": 25.0}, None),
    ],
)
def test_the_system_is_said_where_it_is_known(cards: dict[str, Any], system: str | None) -> None:
    found = flux_scale(cards)
    assert found is not None
    assert found.system == system
    assert system is None or f"({system} magnitudes)" in found.sentence


@pytest.mark.parametrize(
    ("cards", "word"),
    [
        ({"MAGZERO": -99.0}, "MAGZERO is -99.0"),
        ({"MAGZPT": 999.0}, "MAGZPT"),
        ({"PHOTZPT": 25.0}, "PHOTZPT"),
        ({"BUNIT": "Jy/beam"}, "Jy/beam"),
        ({"BUNIT": "MJy/sr"}, "MJy/sr"),
    ],
)
def test_what_looks_like_a_scale_and_is_none_is_said(cards: dict[str, Any], word: str) -> None:
    assert flux_scale(cards) is None
    assert word in str(unused_flux_cards(cards))


def test_a_limiting_magnitude_is_no_zero_point() -> None:
    assert flux_scale({"ABMAGLIM": 24.0}) is None
    assert unused_flux_cards({"ABMAGLIM": 24.0}) is None


def test_a_request_that_contradicts_the_header_is_told(tmp_path: Path) -> None:
    cards = fits.Header({"MAGZERO": 25.0, "EXPTIME": 100.0})
    fits.PrimaryHDU(np.ones((5, 6)), cards).writeto(tmp_path / "a.fits")

    def codes(**picture: Any) -> dict[str, str]:
        images = [{"data": "a.fits", "variance": {"constant": 1}, **picture}]
        request = parse_request({"images": images, "components": [{"name": "s", "profile": "flat_sky"}]})
        (image,) = load_images(request, lambda name: tmp_path / name)
        return {notice.code: notice.sentence for notice in image.notices if "zero-point" in notice.code}

    assert "30.0000" in codes()["zero-point-of-header"]
    assert "25.0000" in codes(zero_point=30.0)["zero-point-contradicted"]
    assert not codes(zero_point=25.0)


@pytest.mark.parametrize(("given", "told"), [(0.36, False), (0.3601, False), (0.2, True)])
def test_a_pixel_scale_that_contradicts_the_header_is_told(given: float, told: bool, tmp_path: Path) -> None:
    cards = fits.Header({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CDELT1": -1e-4, "CDELT2": 1e-4})
    fits.PrimaryHDU(np.ones((5, 6)), cards).writeto(tmp_path / "a.fits")
    images = [{"data": "a.fits", "variance": {"constant": 1}, "pixel_scale": given}]
    request = parse_request({"images": images, "components": [{"name": "s", "profile": "flat_sky"}]})
    (image,) = load_images(request, lambda name: tmp_path / name)
    assert ("pixel-scale-contradicted" in [notice.code for notice in image.notices]) == told


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


def roman_file(path: Path, photometry: dict[str, Any], **arrays: Any) -> Path:
    meta = {"photometry": photometry, "exposure": {"exposure_time": 140.0}}
    asdf.AsdfFile({"roman": {"meta": meta, **arrays}}).write_to(path)
    return path


PHOTOMETRY = {"conversion_megajanskys": 0.5, "pixel_area": 2.8e-13}
OF_A_RATE = float((0.5e6 * 2.8e-13 * units.Jy).to_value(units.ABmag))
OF_A_BRIGHTNESS = float((1e6 * 2.8e-13 * units.Jy).to_value(units.ABmag))


@pytest.mark.parametrize(
    ("arrays", "expected", "word"),
    [
        ({"dq": np.zeros((4, 6), dtype=np.uint32)}, OF_A_RATE, "as the data are in DN/s"),
        ({"context": np.ones((1, 4, 6), dtype=np.uint32)}, OF_A_BRIGHTNESS, "the data are in MJy/sr"),
    ],
    ids=["level 2", "level 3"],
)
def test_roman_says_what_a_data_unit_is_in_its_tree(
    tmp_path: Path, arrays: dict[str, Any], expected: float, word: str
) -> None:
    path = roman_file(tmp_path / "a.asdf", PHOTOMETRY, data=np.ones((4, 6), dtype=np.float32), **arrays)
    image = next(hdu for hdu in describe_file(path).hdus if hdu.name == "ROMAN.DATA")
    assert image.flux_scale is not None
    assert word in image.flux_scale
    assert "AB magnitudes" in image.flux_scale
    assert image.zero_point == pytest.approx(expected, abs=1e-3)
    request = parse_request(
        {
            "images": [{"data": "a.asdf[ROMAN.DATA]", "variance": {"constant": 1.0}}],
            "components": [{"name": "sky", "profile": "flat_sky"}],
        }
    )
    (loaded,) = load_images(request, tmp_path.joinpath)
    assert loaded.zero_point == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("photometry", [{}, {"conversion_megajanskys": -999999.0, "pixel_area": -999999.0}, None, "?"])
def test_roman_without_a_calibration_has_no_flux_scale(tmp_path: Path, photometry: Any) -> None:
    dq = np.zeros((4, 6), dtype=np.uint32)
    path = roman_file(tmp_path / "a.asdf", photometry, data=np.ones((4, 6)), dq=dq)
    assert next(hdu for hdu in describe_file(path).hdus if hdu.name == "ROMAN.DATA").flux_scale is None


def test_a_rate_of_webb_has_the_zero_point_of_its_brightness() -> None:
    found = flux_scale({"BUNIT": "DN/s", "PHOTMJSR": 2.0, "PIXAR_SR": 2.3e-14, "XPOSURE": 100.0})
    assert found is not None
    assert found.zero_point == pytest.approx((2e6 * 2.3e-14 * units.Jy).to_value(units.ABmag), abs=1e-3)
    assert "PHOTMJSR 2" in found.sentence
    calibrated = flux_scale({"BUNIT": "MJy/sr", "PHOTMJSR": 2.0, "PIXAR_SR": 2.3e-14})
    assert calibrated is not None
    assert "PHOTMJSR" not in calibrated.sentence
    assert flux_scale({"BUNIT": "DN/s", "PHOTMJSR": 2.0}) is None
    assert "PHOTMJSR means nothing" in (unused_flux_cards({"BUNIT": "DN/s", "PHOTMJSR": 2.0}) or "")


@pytest.mark.parametrize(
    ("point", "cards", "words", "contradicted"),
    [
        (30.0, {"MAGZERO": 25.0, "EXPTIME": 100.0}, "the header's, 25.0000, with 2.5 log10(EXPTIME 100 s)", True),
        (24.0, {"MAGZPT": 24.0, "EXPTIME": 10.0}, "the header's, 26.5000, without 2.5 log10(EXPTIME 10 s)", True),
        (30.0, {"EXPTIME": 100.0}, "2.5 log10(EXPTIME 100 s) was not added again", False),
        (27.0, {"MAGZERO": 25.0, "EXPTIME": 100.0}, "by the header it would be 25.0000", True),
        (25.0, {}, "as the request gives it", False),
    ],
)
def test_a_given_zero_point_is_said_beside_the_exposure_time_that_it_holds(
    point: float, cards: dict[str, Any], words: str, contradicted: bool
) -> None:
    scale, against = given_scale(point, cards)
    assert scale.zero_point == point
    assert words in scale.sentence
    assert against is contradicted
    assert scale.exposure_time_used is ("25.0000, with " in scale.sentence)
