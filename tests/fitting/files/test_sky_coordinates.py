"""Sky coordinates: ICRS from whatever frame a header has, against astropy's own reading of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from astropy import units
from astropy.coordinates import FK4, FK5, BarycentricMeanEcliptic, Galactic, SkyCoord, Supergalactic
from astropy.io import fits
from astropy.time import Time
from astropy.wcs import WCS

from fitting.files import coordinates_notices, coordinates_refusal, pixel_scale, sky_coordinates
from fitting.inputs import ImageData
from fitting.inputs.astrometry import sky_of

B1950, J2000, J2015 = Time("B1950"), Time("J2000"), Time("J2015.5")
PLACE = SkyCoord(150.0 * units.deg, 2.0 * units.deg)
PIXELS = np.array([[50.0, 50.0], [0.0, 0.0], [99.0, 20.0]])


def header(axes: tuple[str, str] = ("RA--", "DEC-"), frame: Any = "icrs", **cards: Any) -> fits.Header:
    """A tangent plane of the frame at `PLACE`, 0.2 arcsec per pixel, turned by 30 degrees from its north."""
    here = PLACE.transform_to(frame).spherical
    turn = np.radians(30.0)
    matrix = np.array([[-np.cos(turn), np.sin(turn)], [np.sin(turn), np.cos(turn)]]) * 0.2 / 3600.0
    made = fits.Header({"NAXIS": 2, "NAXIS1": 101, "NAXIS2": 101})
    made.update({f"CTYPE{axis}": f"{kind}-TAN" for axis, kind in enumerate(axes, start=1)})
    made.update({"CRVAL1": here.lon.deg, "CRVAL2": here.lat.deg, "CRPIX1": 51.0, "CRPIX2": 51.0})
    made.update({f"CD{i}_{j}": float(matrix[i - 1, j - 1]) for i in (1, 2) for j in (1, 2)})
    made.update(cards)
    return made


FRAMES: list[tuple[str, fits.Header, Any]] = [
    ("icrs", header(), "icrs"),
    ("fk5", header(EQUINOX=2000.0), FK5(equinox=J2000)),
    ("fk5-of-date", header(frame=FK5(equinox=J2015), RADESYS="FK5", EQUINOX=2015.5), FK5(equinox=J2015)),
    ("fk4", header(frame=FK4(equinox=B1950), EQUINOX=1950.0), FK4(equinox=B1950)),
    ("galactic", header(("GLON", "GLAT"), Galactic(), RADESYS="FK5"), Galactic()),
    ("supergalactic", header(("SLON", "SLAT"), Supergalactic()), Supergalactic()),
    (
        "ecliptic",
        header(("ELON", "ELAT"), BarycentricMeanEcliptic(equinox=J2000), EQUINOX=2000.0),
        BarycentricMeanEcliptic(equinox=J2000),
    ),
]


@pytest.mark.parametrize(("name", "head", "frame"), FRAMES, ids=[name for name, *_ in FRAMES])
def test_every_frame_is_turned_to_icrs_and_back(name: str, head: fits.Header, frame: Any) -> None:
    found = sky_coordinates(head)
    assert found is not None
    native = WCS(head).all_pix2world(PIXELS, 0)
    expected = SkyCoord(*(native * units.deg).T, frame=frame).icrs
    sky = found.sky(PIXELS)
    assert SkyCoord(*(sky * units.deg).T).separation(expected).arcsec.max() < 1e-6
    np.testing.assert_allclose([found.pixel(*place) for place in sky], PIXELS, atol=1e-6)
    assert abs(sky[0, 0] - 150.0) < 2e-5
    assert abs(sky[0, 1] - 2.0) < 2e-5


@pytest.mark.parametrize(("name", "head", "frame"), FRAMES, ids=[name for name, *_ in FRAMES])
def test_position_angles_are_from_icrs_north(name: str, head: fits.Header, frame: Any) -> None:
    plane = sky_of(ImageData("a", np.zeros((101, 101)), np.ones((101, 101)), np.zeros((101, 101), bool), header=head))
    assert plane is not None
    ends = np.array(plane.pixel(np.array([plane.ra, plane.ra]), np.array([plane.dec - 1e-4, plane.dec + 1e-4])))
    native = WCS(head).all_pix2world(ends.T, 0)
    south, north = SkyCoord(*(native * units.deg).T, frame=frame).icrs
    assert south.position_angle(north).wrap_at(180 * units.deg).deg == pytest.approx(0.0, abs=1e-4)


def test_axes_in_the_order_declination_right_ascension() -> None:
    head = header(CTYPE1="DEC--TAN", CTYPE2="RA---TAN", CRVAL1=2.0, CRVAL2=150.0)
    found = sky_coordinates(head)
    assert found is not None
    np.testing.assert_allclose(found.sky([[50.0, 50.0]]), [[150.0, 2.0]], atol=1e-9)
    np.testing.assert_allclose(found.pixel(150.0, 2.0), [50.0, 50.0], atol=1e-6)


@pytest.mark.filterwarnings("ignore:Removed redundant SCAMP")
def test_a_header_of_scamp_with_sip_and_pv_keeps_its_coordinates() -> None:
    head = header(PV1_5=1e-4, PV2_5=1e-4, A_ORDER=2, B_ORDER=2, A_2_0=1e-7, B_0_2=1e-7)
    head["CTYPE1"], head["CTYPE2"] = "RA---TAN-SIP", "DEC--TAN-SIP"
    found = sky_coordinates(head)
    assert found is not None
    np.testing.assert_allclose(found.sky(PIXELS), WCS(head).all_pix2world(PIXELS, 0), atol=1e-12)


def test_a_radio_cube_of_four_axes_has_those_of_its_first_two() -> None:
    head = header(WCSAXES=4, CTYPE3="FREQ", CRVAL3=1.4e9, CRPIX3=1.0, CDELT3=1e6, CTYPE4="STOKES", CRVAL4=1.0)
    found = sky_coordinates(head)
    assert found is not None
    np.testing.assert_allclose(found.sky([[50.0, 50.0]]), [[150.0, 2.0]], atol=1e-9)


@pytest.mark.parametrize(
    ("cards", "word"),
    [
        ({"CTYPE1": "HPLN-TAN", "CTYPE2": "HPLT-TAN"}, "HPLN-TAN"),
        ({"CTYPE1": "MALN-CAR", "CTYPE2": "MALT-CAR"}, "MALN-CAR"),
        ({"CTYPE1": "TLON-CAR", "CTYPE2": "TLAT-CAR"}, "TLON-CAR"),
        ({"RADESYS": "GAPPT"}, "GAPPT"),
        ({"CPDIS1": "LOOKUP", "D2IMDIS1": "LOOKUP"}, "CPDIS1"),
        ({"CTYPE2": "DEC--SIN"}, "DEC--SIN"),
    ],
)
def test_what_is_not_on_the_sky_is_refused_by_a_sentence(cards: dict[str, Any], word: str) -> None:
    head = header(**cards)
    assert sky_coordinates(head) is None
    assert word.lower() in (coordinates_refusal(head) or "").lower()
    assert [notice.code for notice in coordinates_notices(head)] == ["coordinates-not-read"]


def test_a_header_without_coordinates_needs_no_sentence() -> None:
    for head in (None, fits.Header(), fits.Header({"CTYPE1": "LINEAR", "CTYPE2": "LINEAR"})):
        assert sky_coordinates(head) is None
        assert coordinates_refusal(head) is None
        assert coordinates_notices(head) == []


def test_other_frames_than_icrs_are_told() -> None:
    told = {name: [notice.code for notice in coordinates_notices(head)] for name, head, _ in FRAMES}
    turned = {"fk4", "fk5-of-date", "galactic", "supergalactic", "ecliptic"}
    assert {name for name, codes in told.items() if codes} == turned


@pytest.mark.parametrize(
    ("cards", "words"),
    [
        ({"RADESYS": "FK5", "EQUINOX": 1975.0}, "FK5 at equinox J1975"),
        ({"RADECSYS": "FK5", "EQUINOX": 1991.25}, "FK5 at equinox J1991.25"),
        ({"EQUINOX": 2015.5}, "FK5 at equinox J2015.5"),
        ({"EQUINOX": 1975.0}, "FK4, at equinox B1975"),
        ({"EQUINOX": "B1950"}, "FK4, at equinox B1950"),
    ],
)
def test_an_equinox_other_than_2000_is_told(cards: dict[str, Any], words: str) -> None:
    (notice,) = coordinates_notices(header(**cards))
    assert notice.code == "coordinates-turned"
    assert words in notice.sentence


def test_an_equinox_in_words_is_as_the_number() -> None:
    written, number = sky_coordinates(header(EQUINOX="B1950")), sky_coordinates(header(EQUINOX=1950.0))
    assert written is not None
    assert number is not None
    np.testing.assert_allclose(written.sky(PIXELS), number.sky(PIXELS))
    assert "no year" in str(coordinates_refusal(header(EQUINOX="of date")))
    assert coordinates_refusal(header(EQUINOX="of date", RADESYS="ICRS")) is None


@pytest.mark.parametrize(
    ("cards", "words"),
    [
        ({"CD1_1": 1e-4, "CD1_2": 1e-4, "CD2_1": 1e-4, "CD2_2": 1e-4}, "singular"),
        ({"CD1_1": 1e-4, "CD1_2": 1e-4, "CD2_1": 1e-4, "CD2_2": 1.000000000001e-4}, "singular"),
        ({"CD1_1": 0.0, "CD1_2": 0.0, "CD2_1": 0.0, "CD2_2": 0.0}, "only zeros"),
        ({"CRVAL2": "2:00:00"}, "CRVAL2 is '2:00:00'"),
        ({"CRPIX1": "none"}, "CRPIX1 is 'none'"),
    ],
)
def test_coordinates_without_an_inverse_or_numbers_are_refused_by_a_sentence(cards: dict[str, Any], words: str) -> None:
    head = header()
    head.update(cards)
    assert sky_coordinates(head) is None
    (notice,) = coordinates_notices(head)
    assert notice.code == "coordinates-not-read"
    assert words in notice.sentence
    if "CD1_1" in cards:
        assert pixel_scale(head) is None


def test_coordinates_without_a_scale_are_refused_by_a_sentence() -> None:
    head = header()
    for keyword in ("CD1_1", "CD1_2", "CD2_1", "CD2_2"):
        del head[keyword]
    (notice,) = coordinates_notices(head)
    assert "is missing" in notice.sentence
