"""Planes for looking at: their pixels averaged over blocks, and polynomials from pixels to the sky."""

from __future__ import annotations

import math
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from fitting.files.file_reading import read_plane, read_strips
from fitting.files.image_header import gnomonic_projection
from fitting.files.sky_coordinates import sky_coordinates


def block_means(data: NDArray[np.float64], factor: int) -> NDArray[np.float32]:
    """Means over blocks of factor × factor pixels, NaN only where a block has no finite pixel.

    Blocks start at the first pixel; those at the far edges hold what is left there, so the shape is rounded up.
    """
    if factor == 1:
        return data.astype(np.float32)
    height, width = (-(-length // factor) * factor for length in data.shape)
    whole = np.full((height, width), np.nan)
    whole[: data.shape[0], : data.shape[1]] = np.where(np.isfinite(data), data, np.nan)
    blocks = whole.reshape(height // factor, factor, width // factor, factor)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanmean(blocks, axis=(1, 3)).astype(np.float32)


def write_pixels(source: Path, hdu: int | str | None, number: int | None, factor: int, target: Path) -> None:
    """Write a plane of a file as an .npy array: (height, width), little-endian float32. Raises FileInvalid.

    A large plane is read a few rows at a time, so that its size is not felt where its blocks are large.
    """
    rows = factor * max(_STRIP // factor, 1)
    strips = [block_means(strip.data, factor) for strip in read_strips(source, hdu, number, rows)]
    with target.open("wb") as file:
        np.save(file, np.concatenate(strips).astype("<f4"), allow_pickle=False)


_STRIP = 1024
"""Rows that are read at a time, about: chosen by hand, so that most images are read at once."""
_DEGREE = 3
"""Of the polynomials along each axis: met to a milliarcsecond (`tests/fitting/files/test_plane_display.py`)."""
_SAMPLES = 16
"""Points along each axis to which they are fitted: four for each power, chosen by hand."""


@dataclass(frozen=True)
class SkyMap:
    """Polynomials from pixels to a tangent plane, whatever the projection.

    With p = (x − x0)/scale and s = (y − y0)/scale, `east` and `north` are Σ c[i][j] p^i s^j: arcsec on the plane that
    touches the sky at (ra, dec), from which the inverse gnomonic projection leads to the sky.

    Attributes:
        ra, dec: the tangent point, ICRS, degrees.
        x0, y0: the pixel there, in the middle of the image; the first pixel's centre is 0.
        scale: pixels.
        east, north: coefficients (4, 4), arcsec.
    """

    ra: float
    dec: float
    x0: float
    y0: float
    scale: float
    east: list[list[float]]
    north: list[list[float]]


def header_cards(path: Path, hdu: int | str | None, number: int | None = None) -> list[dict[str, object]]:
    """The cards of a plane's header in their order, each with keyword, value and comment. Raises FileInvalid.

    Values are text, numbers, truth values, or None; a number that is none (a card may say NaN) is text.
    """
    header = read_plane(path, hdu, number=number, window=lambda _: (slice(0, 1), slice(0, 1))).header
    found: list[dict[str, object]] = []
    for card in getattr(header, "cards", None) or ():
        try:
            keyword, value, comment = str(card.keyword), card.value, str(card.comment)
        except (fits.VerifyError, ValueError, TypeError):  # a card that keeps to no standard
            keyword, value, comment = str(card.image)[:8].strip(), str(card.image)[8:].strip(), ""
        if not isinstance(value, bool | int | float | str) or (isinstance(value, float) and not math.isfinite(value)):
            value = None if value is None or isinstance(value, fits.card.Undefined) else str(value)
        found.append({"keyword": keyword, "value": value, "comment": comment})
    return found


def sky_map(path: Path, hdu: int | str | None, number: int | None = None) -> dict[str, object] | None:
    """The map of a plane as JSON; None where its header has no celestial coordinates. Raises FileInvalid."""
    plane = read_plane(path, hdu, number=number, window=lambda _: (slice(0, 1), slice(0, 1)))
    wcs = sky_coordinates(plane.header)
    if wcs is None:
        return None
    height, width = plane.frame
    x0, y0, scale = 0.5 * (width - 1), 0.5 * (height - 1), 0.5 * max(height, width)
    ra, dec = (float(angle) for angle in wcs.sky([[x0, y0]])[0])
    edges = (np.linspace(-0.5, length - 0.5, _SAMPLES) for length in (width, height))
    x, y = (grid.ravel() for grid in np.meshgrid(*edges))
    sky = wcs.sky(np.stack((x, y), axis=-1))
    plane_arcsec = 3600.0 * np.degrees(gnomonic_projection(ra, dec, sky[:, 0], sky[:, 1]))
    if not np.isfinite([ra, dec, *plane_arcsec.ravel()]).all():
        return None
    p, s = (x - x0) / scale, (y - y0) / scale
    design = np.stack([p**i * s**j for i in range(_DEGREE + 1) for j in range(_DEGREE + 1)], axis=-1)
    coefficients, *_ = np.linalg.lstsq(design, plane_arcsec.T, rcond=None)
    east, north = (coefficients[:, axis].reshape(_DEGREE + 1, -1).tolist() for axis in (0, 1))
    return asdict(SkyMap(ra, dec, x0, y0, scale, east, north))
