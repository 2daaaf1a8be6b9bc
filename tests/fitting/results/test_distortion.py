"""What is told of distortion over a component, held to images drawn through astropy's coordinates pixel by pixel."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS
from scipy.special import gammaincinv

from fitting.first_values import complete_request
from fitting.results import FitResult
from fitting.run import run
from fitting.spec import parse_request
from tests.fitting.scene import image_of

SIZE = 161


def header(bend: float, **cards: Any) -> fits.Header:
    """TAN-SIP about the middle, 0.3 arcsec a pixel, bent by `bend` pixels at a hundred pixels."""
    made = fits.Header({"CTYPE1": "RA---TAN-SIP", "CTYPE2": "DEC--TAN-SIP", "CRVAL1": 150.0, "CRVAL2": 30.0})
    made.update({"CRPIX1": 81.0, "CRPIX2": 81.0, "CD1_1": -0.3 / 3600, "CD2_2": 0.3 / 3600, "CD1_2": 0.0, "CD2_1": 0.0})
    made.update(
        {"A_ORDER": 2, "B_ORDER": 2, "A_2_0": bend * 1e-4, "A_0_2": 0.4 * bend * 1e-4, "B_1_1": -0.7 * bend * 1e-4}
    )
    made.update(cards)
    return made


def result_on_sky(image_header: fits.Header, profile: str = "sersic", **parameters: Any) -> FitResult:
    given = {"ra": 150.0, "dec": 30.0, "q": 0.7, "pa": 30.0, "n": 1.0, "r_e": 6.0, "i_e": 100.0} | parameters
    component = {"name": "g", "profile": profile, "parameters": {k: v for k, v in given.items() if v is not None}}
    document = {"frame": "sky", "images": [{"name": "image", "data": "a.fits"}], "components": [component]}
    image = image_of(np.zeros((SIZE, SIZE)), header=image_header)
    return run(complete_request(parse_request(document), [image]), [image])


def through_astropy(image_header: fits.Header) -> np.ndarray:
    """Light of the Sérsic galaxy at the middle of each pixel, times the pixel's own area."""
    wcs = WCS(image_header)
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    centre = SkyCoord(150.0, 30.0, unit="deg")

    def offsets(dx: float, dy: float) -> tuple[np.ndarray, np.ndarray]:
        ra, dec = wcs.all_pix2world(x + dx, y + dy, 0)
        east, north = centre.spherical_offsets_to(SkyCoord(ra, dec, unit="deg"))
        return -east.arcsec, north.arcsec

    (west, north), (w1, n1), (w2, n2) = offsets(0, 0), offsets(1e-3, 0), offsets(0, 1e-3)
    area = np.abs((w1 - west) * (n2 - north) - (w2 - west) * (n1 - north)) * 1e6
    turn = np.radians(30.0)
    along, across = -west * np.sin(turn) + north * np.cos(turn), west * np.cos(turn) + north * np.sin(turn)
    radius = np.hypot(along, across / 0.7)
    b = gammaincinv(2.0, 0.5)
    return np.asarray(100.0 * np.exp(-b * (radius / 6.0 - 1.0)) * area)


def codes(result: FitResult) -> dict[str, str]:
    return {notice.code: notice.sentence for notice in result.notices}


@pytest.mark.parametrize("bend", [2.0, 5.0])
def test_the_error_that_is_told_is_that_of_the_drawn_image(bend: float) -> None:
    result = result_on_sky(header(bend))
    model, truth = result.images[0].model, through_astropy(header(bend))
    said = codes(result)["distortion-not-linear"]
    radius, displaced, percent = (
        float(number) for number in re.findall(r"at ([\d.]+) pixels .* to ([\d.]+) pixels .* to ([\d.]+) %", said)[0]
    )
    y, x = np.mgrid[0:SIZE, 0:SIZE] - 80.0
    turn = np.radians(30.0)
    # The galaxy's two half-light radii are 40 pixels along its axis.
    far = np.hypot(-x * np.sin(turn) + y * np.cos(turn), (x * np.cos(turn) + y * np.sin(turn)) / 0.7)
    ring = np.abs(far - 40.0) < 1.0
    error = 100.0 * np.abs(model / truth - 1.0)[ring].max()
    assert percent == pytest.approx(error, rel=0.12)
    assert 26.0 < radius <= 40.5
    assert 0.0 < displaced < 2.0 * bend * (radius / 100.0) ** 2


@pytest.mark.parametrize(("bend", "r_e"), [(0.0, 6.0), (5.0, 0.3)])
def test_nothing_is_told_of_what_is_straight_enough(bend: float, r_e: float) -> None:
    assert "distortion-not-linear" not in codes(result_on_sky(header(bend), r_e=r_e))


def test_a_surface_bends_too() -> None:
    edge_on = {"n": 1.0, "h": 6.0, "z_0": 1.0, "i_0": 100.0, "q": None, "r_e": None, "i_e": None}
    assert "distortion-not-linear" in codes(result_on_sky(header(5.0), "edge_on_disk", **edge_on))


def test_pixels_that_are_not_square_are_told_where_shapes_need_them() -> None:
    edge_on = {"n": 1.0, "h": 2.0, "z_0": 0.5, "i_0": 100.0, "q": None, "r_e": None, "i_e": None}
    oblong = header(0.0, CD2_2=0.6 / 3600)
    said = codes(result_on_sky(oblong, "edge_on_disk", **edge_on))["pixels-not-square"]
    assert "2 times" in said
    assert "pixels-not-square" not in codes(result_on_sky(oblong, r_e=2.0))
    assert "pixels-not-square" not in codes(result_on_sky(header(0.0), "edge_on_disk", **edge_on))
