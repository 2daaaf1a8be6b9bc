"""Sky coordinates of an image's pixels: ICRS right ascension and declination, whatever frame its header has.

    >>> header = fits.Header({"CTYPE1": "GLON-TAN", "CTYPE2": "GLAT-TAN", "CRVAL1": 236.9546, "CRVAL2": 41.9051})
    >>> header.update({"CRPIX1": 51.0, "CRPIX2": 51.0, "CDELT1": -1e-4, "CDELT2": 1e-4})
    >>> [round(float(angle), 3) for angle in sky_coordinates(header).sky([[50.0, 50.0]])[0]]
    [150.0, 2.0]

What the axes mean is in CTYPE, RADESYS and EQUINOX (Calabretta & Greisen 2002, section 3.1). Equatorial, galactic,
supergalactic and ecliptic axes are turned to ICRS by astropy; those of the Sun, of planets and of systems that nobody
defined have no place on the sky, and are refused by a sentence.
"""

from __future__ import annotations

import math
import re
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS
from numpy.typing import ArrayLike, NDArray

from fitting.files.distortion_tables import distortions, tables_of
from fitting.spec.notices import Notice

Array = NDArray[np.float64]

_NAMES = {
    "fk4": "of the system FK4",
    "fk4noeterms": "of the system FK4 without E-terms",
    "galactic": "galactic",
    "supergalactic": "supergalactic",
    "barycentricmeanecliptic": "ecliptic",
}
"""Frames other than ICRS and FK5, in words."""
_SAME_EQUINOX = 0.01
"""Years from 2000 within which FK5 is ICRS to half an arcsecond of precession; it is to 0.03 arcsec at 2000."""
_SCALES = ("CDELT1", "CDELT2", "CD1_1", "CD1_2", "CD2_1", "CD2_2", "PC1_1", "PC1_2", "PC2_1", "PC2_2")
"""Cards that say how large a pixel is; without any it is one degree by the standard, and not known by people."""
_NUMBERS = ("CRVAL1", "CRVAL2", "CRPIX1", "CRPIX2", "CROTA1", "CROTA2", *_SCALES)
"""Cards of the first two axes that hold numbers; astropy takes others for zero, without a word."""
_SINGULAR = 1e-8
"""Shortest over longest side of a pixel, below which its coordinates lie on a line: spectra's slits have 1e-4."""
_NEW_EQUINOX = 1984.0
"""Year before which an equinox without RADESYS means FK4 (Calabretta & Greisen 2002, section 3.1)."""


class CoordinatesRefused(ValueError):
    """A header has celestial axes of which no place on the sky can be had; the message says why."""


@dataclass(frozen=True)
class SkyCoordinates:
    """From pixels to ICRS and back.

    Attributes:
        wcs: of the first two axes, in the header's own frame.
        frame: astropy's frame of its axes; None where that is ICRS.
    """

    wcs: WCS
    frame: Any = None

    def sky(self, pixels: ArrayLike) -> Array:
        """ICRS right ascension and declination, degrees, (n, 2), of pixels x, y counted from 0, (n, 2)."""
        native = np.asarray(self.wcs.all_pix2world(np.asarray(pixels, dtype=float), 0))
        longitude, latitude = native[:, self.wcs.wcs.lng], native[:, self.wcs.wcs.lat]
        if self.frame is None:
            return np.stack((longitude, latitude), axis=-1)
        found = np.full(native.shape, np.nan)
        known = np.isfinite(native).all(axis=1)
        icrs = _sky_coord(longitude[known], latitude[known], self.frame).icrs
        found[known] = np.stack((icrs.ra.deg, icrs.dec.deg), axis=-1)
        return found

    def pixels(self, ra: ArrayLike, dec: ArrayLike) -> Array:
        """Pixels x, y, counted from 0, (n, 2), of ICRS positions in degrees, (n,) each; NaN where there is none."""
        longitude, latitude = np.asarray(ra, dtype=float), np.asarray(dec, dtype=float)
        known = np.isfinite(longitude) & np.isfinite(latitude) & (np.abs(latitude) <= 90.0)
        longitude, latitude = longitude[known], latitude[known]
        if self.frame is not None:
            turned = _sky_coord(longitude, latitude, "icrs").transform_to(self.frame).spherical
            longitude, latitude = turned.lon.deg, turned.lat.deg
        native = np.zeros((len(longitude), 2))
        native[:, self.wcs.wcs.lng], native[:, self.wcs.wcs.lat] = longitude, latitude
        found = np.full((len(known), 2), np.nan)
        if len(native):
            found[known] = self.wcs.all_world2pix(native, 0, quiet=True)
        return found

    def pixel(self, ra: float, dec: float) -> tuple[float, float]:
        """Pixel (x, y), counted from 0, of an ICRS position in degrees."""
        longitude, latitude = ra, dec
        if self.frame is not None:
            turned = _sky_coord(ra, dec, "icrs").transform_to(self.frame).spherical
            longitude, latitude = float(turned.lon.deg), float(turned.lat.deg)
        native = [0.0, 0.0]
        native[self.wcs.wcs.lng], native[self.wcs.wcs.lat] = longitude, latitude
        x, y = self.wcs.all_world2pix([native], 0, quiet=True)[0]
        return float(x), float(y)


def sky_coordinates(header: fits.Header | None) -> SkyCoordinates | None:
    """The sky coordinates of a header; None where it has none, or such as `coordinates_refusal` says."""
    try:
        return _read(header)
    except CoordinatesRefused:
        return None


def coordinates_notices(header: fits.Header | None) -> list[Notice]:
    """What a careful reader should know of a header's coordinates: that they were turned to ICRS, or not read."""
    try:
        found = _read(header)
    except CoordinatesRefused as error:
        return [Notice("coordinates-not-read", f"the sky coordinates were not read: {error}")]
    notices = []
    if found is not None and distortions(header or fits.Header()):
        sentence = "distortion by tables in other HDUs of the file was used; results have a polynomial in their place"
        notices.append(Notice("coordinates-by-tables", sentence))
    system = None if found is None or found.frame is None else _system_in_words(found.frame)
    if system is None:
        return notices
    return [*notices, Notice("coordinates-turned", f"the header's coordinates are {system}, and were turned to ICRS")]


def _system_in_words(frame: Any) -> str | None:
    """A frame as it follows "coordinates are"; None where it is ICRS but for what nobody sees."""
    equinox: Any = getattr(frame, "equinox", None)
    if equinox is None:
        return _NAMES[frame.name]
    if frame.name == "fk5":
        year = float(equinox.jyear)
        return None if abs(year - 2000.0) < _SAME_EQUINOX else f"of the system FK5 at equinox J{year:g}"
    of_date = f"B{float(equinox.byear):g}" if frame.name.startswith("fk4") else f"J{float(equinox.jyear):g}"
    return f"{_NAMES[frame.name]}, at equinox {of_date}"


def coordinates_refusal(header: fits.Header | None) -> str | None:
    """Why a header's celestial axes were not read, as a sentence; None where they were, or it has none."""
    try:
        _read(header)
    except CoordinatesRefused as error:
        return str(error)
    return None


def _read(header: fits.Header | None) -> SkyCoordinates | None:
    if header is None or not any(f"CTYPE{axis}" in header for axis in (1, 2)):
        return None
    kinds = ", ".join(str(header.get(f"CTYPE{axis}", "")) for axis in (1, 2))
    if _looks_celestial(kinds):
        _check_numbers(header)
    tables = tables_of(header)
    distorted = distortions(header)
    others = [f"{key} = {value}" for key, value in distorted.items() if _not_read(key, value)]
    if others:
        raise CoordinatesRefused(f"distortion of this kind ({', '.join(others)}) is not read")
    if distorted and tables is None:
        named = ", ".join(distorted)
        raise CoordinatesRefused(f"the tables of distortion that {named} lead to are not in the file")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            # All axes first: astropy mends SCAMP's headers, which have SIP and PV together, only then.
            wcs = WCS(_with_equinox(header), tables)
            wcs = wcs.sub(2) if wcs.naxis > 2 else wcs
            wcs.wcs.set()
        except Exception as error:  # noqa: BLE001 - astropy raises many kinds on headers that it cannot read
            if _looks_celestial(kinds):
                reason = (str(error).strip().splitlines() or [type(error).__name__])[-1][:200]
                raise CoordinatesRefused(f"the axes {kinds} cannot be read: {reason}") from None
            return None
    if not wcs.has_celestial:
        return None
    longest, shortest = np.linalg.svd(np.nan_to_num(wcs.pixel_scale_matrix), compute_uv=False)
    if not shortest > _SINGULAR * longest:
        raise CoordinatesRefused(f"the matrix of the axes {kinds} (CD, or PC and CDELT) is singular: it has no inverse")
    return SkyCoordinates(wcs, _frame(wcs, kinds))


def _check_numbers(header: fits.Header) -> None:
    """Refuse celestial axes of which a card holds no number, or no card says how large a pixel is."""
    for keyword in _NUMBERS:
        value = header.get(keyword, 0.0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise CoordinatesRefused(f"{keyword} is {value!r}, which is no number")
    scales = [header[keyword] for keyword in _SCALES if keyword in header]
    if not any(scales):
        held = "holds only zeros" if scales else "is missing"
        raise CoordinatesRefused(f"what says how large a pixel is (CD, or CDELT) {held}")


def _with_equinox(header: fits.Header) -> fits.Header:
    """A copy whose EQUINOX and EPOCH are numbers where people wrote J2000 or B1950, which astropy leaves out."""
    copied = header.copy()
    for keyword in ("EQUINOX", "EPOCH"):
        value = copied.get(keyword)
        if isinstance(value, str) and value.strip():
            year = re.fullmatch(r"[JB]?\s*(\d{4}(?:\.\d*)?)", value.strip(), re.IGNORECASE)
            if year is None and not str(copied.get("RADESYS", copied.get("RADECSYS", ""))).strip():
                raise CoordinatesRefused(f"{keyword} is {value!r}, which is no year, and RADESYS is missing")
            if year is not None:
                copied[keyword] = float(year[1])
    return copied


def _not_read(key: str, value: str) -> bool:
    """Whether a card names a distortion that is no table as astropy reads them."""
    return key.startswith("CQDIS") or (key != "AXISCORR" and value.lower() != "lookup")


def _looks_celestial(kinds: str) -> bool:
    return re.search(r"RA--|DEC-|[A-Z]LON|[A-Z]LAT", kinds) is not None


def _frame(wcs: WCS, kinds: str) -> Any:
    """astropy's frame of celestial axes; None for ICRS. Raises CoordinatesRefused for what is not on the sky."""
    axes, system = (wcs.wcs.lngtyp.strip(), wcs.wcs.lattyp.strip()), wcs.wcs.radesys.strip().upper()
    equinox = None if math.isnan(wcs.wcs.equinox) else float(wcs.wcs.equinox)
    if axes not in (("RA", "DEC"), ("GLON", "GLAT"), ("SLON", "SLAT"), ("ELON", "ELAT")):
        raise CoordinatesRefused(f"the axes {kinds} are not those of a frame on the sky that photfit turns to ICRS")
    if not system:
        system = "ICRS" if equinox is None else "FK4" if equinox < _NEW_EQUINOX else "FK5"
    if axes == ("RA", "DEC") and system == "ICRS":
        return None
    from astropy import coordinates
    from astropy.time import Time

    if axes == ("GLON", "GLAT"):
        return coordinates.Galactic()
    if axes == ("SLON", "SLAT"):
        return coordinates.Supergalactic()
    if axes == ("ELON", "ELAT"):
        if system not in ("ICRS", "FK5"):
            raise CoordinatesRefused(f"ecliptic axes of the system {system} (RADESYS) are not read")
        year = Time(2000.0 if equinox is None else equinox, format="jyear")
        # Without the Sun's motion: a direction, as the header has it.
        return coordinates.BarycentricMeanEcliptic(equinox=year)
    if system == "FK5":
        return coordinates.FK5(equinox=Time(2000.0 if equinox is None else equinox, format="jyear"))
    if system in ("FK4", "FK4-NO-E"):
        kind = coordinates.FK4 if system == "FK4" else coordinates.FK4NoETerms
        year = Time(1950.0 if equinox is None else equinox, format="byear")
        return kind(equinox=year)
    raise CoordinatesRefused(f"the system {system} (RADESYS) is none that photfit turns to ICRS")


def _sky_coord(longitude: ArrayLike, latitude: ArrayLike, frame: Any) -> Any:
    from astropy import units
    from astropy.coordinates import SkyCoord

    return SkyCoord(np.asarray(longitude) * units.deg, np.asarray(latitude) * units.deg, frame=frame)
