"""Header cards that break the standard, and headers of windows, as astropy reads what is left of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from fitting.files import describe_file, read_plane, windowed_header
from tests.fitting.files.test_sky_coordinates import header

ODD = {
    "not a number": b"MAGZERO =                  NaN",
    "infinite": b"GAIN    =                  Inf",
    "no quotes": b"BUNIT   = counts/s",
    "an open quote": b"BUNIT   = 'adu",
    "a tab": b"OBJECT  = 'a\tb'",
    "a zero byte": b"OBJECT  = 'a\0b'",
    "an illegal keyword": b"AIRM@SS =                  1.2",
    "a keyword beyond ASCII": b"X\xe9      =                    2",
    "a version": b"EXTVER  = first",
    "an exposure time": b"EXPTIME = 10 s",
    "a dash": b"AIRMASS = --",
}


def file_with(path: Path, *cards: bytes, wcs: bool = True) -> Path:
    """An image whose header has raw cards among others."""
    head = header() if wcs else fits.Header()
    for place in range(len(cards)):
        head[f"ODD{place}"] = 1.0
    fits.PrimaryHDU(np.arange(101.0 * 101).reshape(101, 101), head).writeto(path)
    raw = path.read_bytes()
    for place, card in enumerate(cards):
        start = raw.index(f"ODD{place}".ljust(8).encode() + b"=")
        raw = raw[:start] + card.ljust(80) + raw[start + 80 :]
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize("card", ODD.values(), ids=ODD.keys())
def test_a_card_that_breaks_the_standard_is_left_out_and_told(card: bytes, tmp_path: Path) -> None:
    path = file_with(tmp_path / "a.fits", card)
    (hdu,) = describe_file(path).hdus
    assert (hdu.zero_point, hdu.unit) == (None, None)
    assert "cannot be read" in hdu.warnings[0]
    plane = read_plane(path)
    assert plane.header is not None
    assert [notice.code for notice in plane.notices] == ["cards-left-out"]
    fits.PrimaryHDU(plane.data, windowed_header(plane.header, (3, 4))).writeto(tmp_path / "b.fits")
    with fits.open(tmp_path / "b.fits") as written:
        written.verify("exception")
        assert WCS(written[0].header).has_celestial


def test_several_are_named_and_the_others_stay(tmp_path: Path) -> None:
    plane = read_plane(file_with(tmp_path / "a.fits", *ODD.values()))
    assert plane.header is not None
    assert all(name in plane.notices[0].sentence for name in ("MAGZERO", "BUNIT", "OBJECT", "AIRM@SS", "EXPTIME"))
    assert WCS(plane.header).wcs.crpix.tolist() == [51.0, 51.0]


def test_a_coordinate_that_cannot_be_read_takes_all_of_them_along(tmp_path: Path) -> None:
    path = tmp_path / "a.fits"
    file_with(path)
    raw = path.read_bytes()
    start = raw.index(b"CRVAL1  =")
    path.write_bytes(raw[:start] + b"CRVAL1  =                  NaN".ljust(80) + raw[start + 80 :])
    (hdu,) = describe_file(path).hdus
    assert (hdu.centre, hdu.pixel_scale) == (None, None)
    assert "CRVAL1" in hdu.warnings[0]


def test_a_header_in_order_stays_as_it_is(tmp_path: Path) -> None:
    path = file_with(tmp_path / "a.fits")
    assert describe_file(path).hdus[0].warnings == ()
    plane = read_plane(path)
    assert plane.header is not None
    assert plane.header.tostring() == fits.getheader(path).tostring()


def test_every_coordinate_system_moves_with_the_window() -> None:
    head = header(LTV1=0.0, LTV2=-5.0, LTM1_1=1.0, LTM2_2=1.0)
    alternate = header(CRVAL1=151.0)
    head.update(
        {f"{key}A": alternate[key] for key in alternate if key[:5] in ("CTYPE", "CRVAL", "CRPIX", "CD1_1", "CD1_2")}
    )
    head.update({f"{key}A": alternate[key] for key in ("CD2_1", "CD2_2")})
    made = windowed_header(head, (20, 10))
    here, there = np.array([[30.0, 40.0]]), np.array([[10.0, 30.0]])
    for key in (" ", "A"):
        expected = WCS(head, key=key).all_pix2world(here, 0)
        np.testing.assert_allclose(WCS(made, key=key).all_pix2world(there, 0), expected, atol=1e-10)
    assert (made["LTV1"], made["LTV2"]) == (-20.0, -15.0)
    assert head["CRPIX1"] == 51.0


def test_axes_that_a_plane_lacks_and_tables_elsewhere_are_left_out() -> None:
    head = header(WCSAXES=4, CTYPE3="FREQ", CRPIX3=1.0, CRVAL3=1.4e9, CDELT3=1e6, PC3_3=1.0, CTYPE4="STOKES", PV3_1=0.0)
    head.update({"CPDIS1": "LOOKUP", "DP1.EXTVER": 1.0, "D2IMDIS1": "LOOKUP", "D2IM1.EXTVER": 1.0, "CPERR1": 0.1})
    made = windowed_header(head, (0, 0))
    assert not {"WCSAXES", "CTYPE3", "CRPIX3", "CRVAL3", "CDELT3", "PC3_3", "CTYPE4", "PV3_1", "CPDIS1"} & set(made)
    wcs = WCS(made)
    assert (wcs.naxis, wcs.has_celestial, wcs.cpdis1, wcs.det2im1) == (2, True, None, None)
    np.testing.assert_allclose(wcs.all_pix2world([[50.0, 50.0]], 0), [[150.0, 2.0]], atol=1e-9)
