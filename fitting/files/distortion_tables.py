"""Distortion tables: corrections of coordinates that lie in other HDUs of a file, and headers that need none.

HST's detectors have a table for the width of their columns (D2IMARR) and one for what polynomials leave (WCSDVARR):
FITS WCS paper IV, as astropy reads it. A header that leads to them is useless without its file, so one that stands by
itself has a polynomial (SIP: Shupe et al. 2005, ASPC 347, 491) in their place.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS
from numpy.typing import NDArray

from fitting.files.fits_structure import HduOutline
from fitting.files.image_header import gnomonic_projection

Array = NDArray[np.float64]

TABLE_CARDS = re.compile(
    r"(CPDIS|CPERR|CQDIS|CQERR|D2IMDIS|D2IMERR)\d[A-Z]?\Z|(DP|DQ|D2IM)\d[A-Z]?(\.|\Z)|D2IMEXT\Z|AXISCORR\Z|NPOLEXT\Z"
)
"""Cards that lead to distortion tables in other HDUs."""
_LEADING = re.compile(r"(CPDIS|CQDIS|D2IMDIS)\d\Z|AXISCORR\Z")
"""Those of them that say that there is a distortion."""
_NAMES = ("D2IMARR", "WCSDVARR")
"""EXTNAMEs of the tables, as astropy looks for them."""
_MOST = 2**22
"""Numbers of all tables of an image, at most: some ten times what HST's have, chosen by hand."""
_DEGREES = (1, 2, 3, 4, 5)
"""Of the polynomials, tried in turn; above 5 few programs read them."""
_EXACT = 1e-4
"""Pixels: the lowest degree that meets the coordinates so well is taken. Far below what tables are known to."""
_SAMPLES = 32
"""Points along each axis to which they are fitted: five for each power of the highest degree, chosen by hand."""
COORDINATES = re.compile(
    r"(CTYPE|CUNIT|CRVAL|CRPIX|CDELT|CROTA)[12]\Z|(CD|PC|PV|PS)[12]_\d+\Z|PC00[12]00[12]\Z|LONPOLE\Z|LATPOLE\Z|"
    r"[AB]P?_\d+_\d+\Z|[AB]P?_ORDER\Z|[AB]_DMAX\Z"
)
"""Cards of the image's own coordinates, which a polynomial replaces."""


@dataclass(frozen=True)
class PolynomialCoordinates:
    """Coordinates that stand by themselves.

    Attributes:
        cards: of a tangent plane, with SIP's polynomials where they are needed.
        degree: of these.
        error: largest difference from the coordinates that they replace, pixels.
    """

    cards: dict[str, Any]
    degree: int
    error: float


def distortions(header: fits.Header) -> dict[str, str]:
    """Cards that say that an image's coordinates are distorted beyond its header, with their values."""
    return {key: str(header[key]).strip() for key in header if _LEADING.match(key)}


def with_tables(header: fits.Header, opened: fits.HDUList, hdus: Sequence[HduOutline]) -> fits.Header:
    """The header with the tables that it leads to, where it leads to any and the file has them."""
    if not distortions(header):
        return header
    wanted = [hdu for hdu in hdus if hdu.name in _NAMES and hdu.kind == "image" and len(hdu.shape) == 2]
    if not wanted or sum(math.prod(hdu.shape) for hdu in wanted) > _MOST:
        return header
    tables = [fits.PrimaryHDU()]
    for hdu in wanted:
        source = opened[hdu.index]
        tables.append(fits.ImageHDU(np.asarray(source.data, dtype=np.float32), source.header.copy()))
    made = header.copy()
    made.tables = fits.HDUList(tables)
    return made


def tables_of(header: fits.Header) -> fits.HDUList | None:
    """The tables that `with_tables` gave a header; a copy of it has none."""
    return getattr(header, "tables", None)


def polynomial_coordinates(wcs: WCS, origin: tuple[int, int], shape: tuple[int, int]) -> PolynomialCoordinates | None:
    """Coordinates of a window by a polynomial, from celestial ones of any projection and distortion.

    The tangent point is in the middle of the window, where it is exact: ξ = CD (u + f(u)), with u pixels from there, ξ
    degrees on the tangent plane, and f the polynomial.

    Args:
        wcs: of the full frame, two axes.
        origin: (x, y) of the window's first pixel.
        shape: (height, width) of the window.

    Returns None where the coordinates have no value somewhere in the window.
    """
    (left, bottom), (height, width) = origin, shape
    middle = np.array([left + 0.5 * (width - 1), bottom + 0.5 * (height - 1)])
    edges = (
        np.linspace(start - 0.5, start + n - 0.5, _SAMPLES) for start, n in zip(origin, (width, height), strict=True)
    )
    x, y = (grid.ravel() for grid in np.meshgrid(*edges))
    columns = [wcs.wcs.lng, wcs.wcs.lat]
    lon0, lat0 = wcs.all_pix2world([middle], 0)[0][columns]
    lon, lat = np.asarray(wcs.all_pix2world(np.stack((x, y), axis=-1), 0)).T[columns]
    plane = np.degrees(np.stack(gnomonic_projection(lon0, lat0, lon, lat), axis=-1))
    if not np.isfinite(plane).all():
        return None
    pixels = np.stack((x, y), axis=-1) - middle
    scale = float(np.abs(pixels).max()) or 1.0
    for degree in _DEGREES:
        terms = [(i, total - i) for total in range(1, degree + 1) for i in range(total, -1, -1)]
        found, error = _fitted(pixels / scale, plane, terms)
        matrix = (found[:2] / scale).T
        off = float(np.hypot(*_solved(matrix, error)).max())
        if off <= _EXACT:
            break
    cards = _linear_cards(wcs, middle - (left, bottom), (float(lon0), float(lat0)), matrix)
    if degree > 1:
        cards |= {f"CTYPE{axis}": f"{cards[f'CTYPE{axis}']}-SIP" for axis in (1, 2)}
        cards |= _sip_cards(("A", "B"), degree, terms, _solved(matrix, found), scale)
        straight = _solved(matrix, plane).T
        wide = float(np.abs(straight).max())
        back, _ = _fitted(straight / wide, pixels - straight, terms)
        cards |= _sip_cards(("AP", "BP"), degree, terms, back.T, wide, first=1)
    return PolynomialCoordinates(cards, degree, off)


def replaced_coordinates(header: fits.Header, made: PolynomialCoordinates) -> None:
    """Put coordinates into a header in the place of its own; how well they meet them is told in its history."""
    for key in list(dict.fromkeys(header)):
        if COORDINATES.match(key):
            header.remove(key, ignore_missing=True, remove_all=True)
    header.update(made.cards)
    header.add_history("photfit: coordinates by a polynomial in place of tables elsewhere,")
    header.add_history(f"photfit: of degree {made.degree}, to {made.error:.2g} pixels")


def _fitted(pixels: Array, values: Array, terms: Sequence[tuple[int, int]]) -> tuple[Array, Array]:
    """Coefficients (terms, 2) of a polynomial without a constant, and what it leaves of the values."""
    design = np.stack([pixels[:, 0] ** i * pixels[:, 1] ** j for i, j in terms], axis=-1)
    found = np.asarray(np.linalg.lstsq(design, values, rcond=None)[0], dtype=np.float64)
    return found, design @ found - values


def _solved(matrix: Array, places: Array) -> Array:
    """Pixels (2, n) of places on the tangent plane (n, 2)."""
    return np.asarray(np.linalg.solve(matrix, places.T), dtype=np.float64)


def _linear_cards(wcs: WCS, reference: Array, place: tuple[float, float], matrix: Array) -> dict[str, Any]:
    """Cards of a tangent plane at a pixel of the window, counted from 0; `matrix` is degrees (rows) a pixel."""
    axes = (wcs.wcs.lng + 1, wcs.wcs.lat + 1)
    names = (wcs.wcs.lngtyp.strip(), wcs.wcs.lattyp.strip())
    cards: dict[str, Any] = {}
    for axis, name, value, row in zip(axes, names, place, matrix, strict=True):
        cards[f"CTYPE{axis}"] = f"{name:-<5}TAN"
        cards[f"CUNIT{axis}"] = "deg"
        cards[f"CRVAL{axis}"] = value
        cards |= {f"CD{axis}_{pixel + 1}": float(step) for pixel, step in enumerate(row)}
    pixel = {"CRPIX1": float(reference[0]) + 1.0, "CRPIX2": float(reference[1]) + 1.0}
    return cards | pixel | {"LONPOLE": 180.0}


def _sip_cards(
    names: tuple[str, str],
    degree: int,
    terms: Sequence[tuple[int, int]],
    coefficients: Array,
    scale: float,
    first: int = 2,
) -> dict[str, Any]:
    """Cards of both axes' polynomials, from terms of the order `first` on; coefficients (2, terms) of pixels/scale."""
    cards: dict[str, Any] = {}
    for name, row in zip(names, coefficients, strict=True):
        cards[f"{name}_ORDER"] = degree
        for (i, j), value in zip(terms, row, strict=True):
            if i + j >= first:
                cards[f"{name}_{i}_{j}"] = float(value / scale ** (i + j))
    return cards
