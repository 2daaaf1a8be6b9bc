"""Distortion tables in other HDUs, as HST has them: read as astropy reads them, and replaced in what is cut out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from fitting.files import coordinates_notices, coordinates_refusal, read_plane, sky_coordinates, windowed_header
from tests.fitting.files.test_sky_coordinates import header

PIXELS = np.random.default_rng(3).uniform(0.0, 100.0, size=(200, 2))


def acs_like(path: Path, *, tables: bool = True, sip: bool = True) -> Path:
    """A chip with SIP, a table of column widths and one of what is left, of some tenths of a pixel."""
    head = header()
    if sip:
        head["CTYPE1"], head["CTYPE2"] = "RA---TAN-SIP", "DEC--TAN-SIP"
        head.update({"A_ORDER": 3, "B_ORDER": 3, "A_2_0": 3e-5, "A_0_3": 2e-7, "B_1_1": -2e-5, "B_3_0": 1e-7})
    for axis in (1, 2):
        head[f"CPDIS{axis}"] = "Lookup"
        for key, value in (("EXTVER", float(axis)), ("NAXES", 2.0), ("AXIS.1", 1.0), ("AXIS.2", 2.0)):
            head.append(fits.Card.fromstring(f"DP{axis}     = '{key}: {value}'"))
    head["D2IMDIS1"] = "Lookup"
    for key, value in (("EXTVER", 1.0), ("NAXES", 2.0), ("AXIS.1", 1.0), ("AXIS.2", 2.0)):
        head.append(fits.Card.fromstring(f"D2IM1   = '{key}: {value}'"))
    hdus: list[fits.ImageHDU] = [fits.ImageHDU(np.ones((101, 101), dtype=np.float32), head, name="SCI")]
    if tables:
        random = np.random.default_rng(1)
        y, x = np.mgrid[:5, :6]
        for axis in (1, 2):
            smooth = 0.3 * np.sin(0.5 * x + axis) + 0.2 * np.cos(0.6 * y)
            table = fits.ImageHDU(smooth.astype(np.float32), name="WCSDVARR", ver=axis)
            table.header.update({"CRPIX1": 0.0, "CRPIX2": 0.0, "CDELT1": 20.0, "CDELT2": 25.0})
            hdus.append(table)
        widths = fits.ImageHDU(random.normal(0.0, 0.01, (1, 101)).astype(np.float32).repeat(2, 0), name="D2IMARR")
        widths.header.update({"CRPIX1": 0.0, "CRPIX2": 0.0, "CDELT1": 1.0, "CDELT2": 101.0})
        hdus.append(widths)
    fits.HDUList([fits.PrimaryHDU(), *hdus]).writeto(path)
    return path


def separation(a: np.ndarray, b: np.ndarray) -> float:
    """Largest distance of positions, arcsec."""
    return 3600.0 * float(np.hypot((a[:, 0] - b[:, 0]) * np.cos(np.radians(2.0)), a[:, 1] - b[:, 1]).max())


def test_positions_are_those_of_astropy_with_the_whole_file(tmp_path: Path) -> None:
    path = acs_like(tmp_path / "flt.fits")
    plane = read_plane(path, "SCI")
    found = sky_coordinates(plane.header)
    assert found is not None
    with fits.open(path) as hdus:
        expected = WCS(hdus[1].header, hdus).all_pix2world(PIXELS, 0)
        without = header()
        plain = WCS(without).all_pix2world(PIXELS, 0)
    np.testing.assert_allclose(found.sky(PIXELS), expected, atol=1e-11)
    assert separation(expected, plain) > 0.05, "the tables move positions by a quarter of a pixel"
    np.testing.assert_allclose([found.pixel(*place) for place in expected[:5]], PIXELS[:5], atol=1e-4)
    assert [notice.code for notice in coordinates_notices(plane.header)] == ["coordinates-by-tables"]


@pytest.mark.parametrize(("origin", "shape"), [((0, 0), (101, 101)), ((20, 10), (50, 60))])
@pytest.mark.parametrize("sip", [True, False])
def test_a_header_cut_out_stands_by_itself(
    origin: tuple[int, int], shape: tuple[int, int], sip: bool, tmp_path: Path
) -> None:
    path = acs_like(tmp_path / "flt.fits", sip=sip)
    plane = read_plane(path, 1)
    assert plane.header is not None
    made = windowed_header(plane.header, origin, shape)
    fits.PrimaryHDU(np.zeros(shape), made).writeto(tmp_path / "cut.fits")
    inside = np.random.default_rng(4).uniform(0.0, 1.0, (100, 2)) * (shape[1] - 1, shape[0] - 1)
    with fits.open(path) as hdus, fits.open(tmp_path / "cut.fits") as cut:
        assert not [key for key in cut[0].header if key.startswith(("CPDIS", "D2IM", "DP1"))]
        wcs = WCS(cut[0].header, cut)
        expected = WCS(hdus[1].header, hdus).all_pix2world(inside + origin, 0)
        assert "polynomial" in str(cut[0].header["HISTORY"])
    assert separation(wcs.all_pix2world(inside, 0), expected) < 0.2 * 0.1, "a tenth of a pixel"
    np.testing.assert_allclose(wcs.sip_foc2pix(wcs.sip_pix2foc(inside, 0), 0), inside, atol=0.01)
    np.testing.assert_allclose(wcs.all_world2pix(wcs.all_pix2world(inside, 0), 0), inside, atol=1e-3)


def test_galactic_coordinates_with_tables_are_replaced_in_their_own_frame(tmp_path: Path) -> None:
    path = acs_like(tmp_path / "flt.fits", sip=False)
    with fits.open(path, mode="update") as hdus:
        hdus[1].header.update({"CTYPE1": "GLON-CAR", "CTYPE2": "GLAT-CAR", "CRVAL1": 10.0, "CRVAL2": 0.0})
    plane = read_plane(path, 1)
    assert plane.header is not None
    made = windowed_header(plane.header, (5, 5), (40, 40))
    assert made["CTYPE1"] == "GLON-TAN-SIP"
    with fits.open(path) as hdus:
        expected = WCS(hdus[1].header, hdus).all_pix2world(PIXELS / 3.0 + 5.0, 0)
    assert separation(WCS(made).all_pix2world(PIXELS / 3.0, 0), expected) < 0.02


def test_tables_that_are_not_there_are_told(tmp_path: Path) -> None:
    plane = read_plane(acs_like(tmp_path / "flt.fits", tables=False), 1)
    assert "not in the file" in (coordinates_refusal(plane.header) or "")
    assert sky_coordinates(plane.header) is None


def test_distortions_that_are_no_tables_are_refused(tmp_path: Path) -> None:
    assert "polynomial" in (coordinates_refusal(header(CPDIS1="polynomial", CPDIS2="polynomial")) or "")


def test_coordinates_that_need_another_file_are_left_out_of_what_is_cut() -> None:
    head = header(CTYPE1="RA---TAB", CTYPE2="DEC--TAB", PS1_0="WCS-TAB", PS1_1="COORDS", PS2_0="WCS-TAB")
    head.update({"CTYPE1A": "RA---TAN", "CTYPE2A": "DEC--TAN", "CRVAL1A": 3.0, "CRPIX1A": 7.0, "CDELT1A": 0.1})
    made = windowed_header(head, (2, 3), (10, 10))
    assert not {"CTYPE1", "CTYPE2", "CRVAL1", "PS1_0"} & set(made)
    assert made["CRPIX1A"] == 5.0
    assert not WCS(made).has_celestial
