"""Planes for looking at: means over blocks, and the sky by polynomials."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from fitting.files import sky_map
from fitting.files.plane_display import block_means


def test_blocks_are_averaged_and_the_shape_is_rounded_up() -> None:
    data = np.arange(35.0).reshape(5, 7)
    found = block_means(data, 2)
    assert found.shape == (3, 4)
    assert found[0, 0] == data[:2, :2].mean()
    assert found[2, 3] == data[4, 6]


def test_pixels_without_a_value_are_left_out_of_their_block() -> None:
    data = np.ones((4, 4))
    data[0, 0] = np.nan
    data[:2, 2:] = np.inf
    found = block_means(data, 2)
    assert found[0, 0] == 1.0
    assert np.isnan(found[0, 1])


HEIGHT, WIDTH = 240, 300


def header(projection: str, dec: float) -> fits.Header:
    """Turned by 25 degrees, 0.5 arcsec a pixel, the reference pixel outside of the image."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = [f"RA---{projection}", f"DEC--{projection}"]
    wcs.wcs.crval = [359.9, dec]
    wcs.wcs.crpix = [-400.0, 500.0]
    turn = np.radians(25.0)
    wcs.wcs.cd = np.array([[-np.cos(turn), np.sin(turn)], [np.sin(turn), np.cos(turn)]]) * 0.5 / 3600.0
    return wcs.to_header()


def read(found: dict[str, Any], x: float, y: float) -> tuple[float, float]:
    """As the page's sky.js has it."""
    p, s = (x - found["x0"]) / found["scale"], (y - found["y0"]) / found["scale"]
    east, north = (
        np.radians(sum(c * p**i * s**j for i, row in enumerate(found[key]) for j, c in enumerate(row)) / 3600.0)
        for key in ("east", "north")
    )
    centre = np.radians(found["dec"])
    along = np.cos(centre) - north * np.sin(centre)
    ra = found["ra"] + np.degrees(np.arctan2(east, along))
    dec = np.degrees(np.arctan2(np.sin(centre) + north * np.cos(centre), np.hypot(along, east)))
    return float(ra % 360.0), float(dec)


@pytest.mark.parametrize(("projection", "dec"), [("TAN", 12.0), ("TAN", -80.0), ("SIN", 45.0), ("CAR", 3.0)])
def test_the_map_meets_the_coordinates_of_any_projection(tmp_path: Path, projection: str, dec: float) -> None:
    path = tmp_path / "image.fits"
    fits.writeto(path, np.ones((HEIGHT, WIDTH)), header(projection, dec))
    found = sky_map(path, None)
    assert found is not None
    wcs = WCS(fits.getheader(path))
    for x, y in [(0, 0), (WIDTH - 1, 0), (0, HEIGHT - 1), (WIDTH - 1, HEIGHT - 1), (111.3, 57.9)]:
        ra, dec_there = (float(angle) for angle in wcs.all_pix2world([[x, y]], 0)[0])
        got_ra, got_dec = read(found, x, y)
        turn = (got_ra - ra + 180.0) % 360.0 - 180.0
        assert abs(turn) * np.cos(np.radians(dec_there)) * 3600.0 < 1e-3
        assert abs(got_dec - dec_there) * 3600.0 < 1e-3


def test_an_image_without_celestial_coordinates_has_no_map(tmp_path: Path) -> None:
    path = tmp_path / "image.fits"
    fits.writeto(path, np.ones((9, 9)))
    assert sky_map(path, None) is None
