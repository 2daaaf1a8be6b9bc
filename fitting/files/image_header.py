"""Image headers: pixel scale, and the projection in which positions are flat."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

_DEGREES = {"": 1.0, "deg": 1.0, "degree": 1.0, "arcmin": 1 / 60, "arcsec": 1 / 3600, "rad": math.degrees(1.0)}
_CELESTIAL = ("RA--", "DEC-", "GLON", "GLAT", "ELON", "ELAT", "SLON", "SLAT")
_LARGEST = 3600.0
"""Arcsec per pixel, at most: a header that says a degree or more was never set."""

_SINGULAR = 1e-8
"""Of a matrix's squared size: its determinant, below which pixels are lines (as `fitting.files.sky_coordinates`)."""


def pixel_scale(header: Mapping[str, Any]) -> float | None:
    """Arcsec per pixel: the root of the area of a pixel, from CDi_j, or PCi_j and CDELTi (Calabretta & Greisen 2002).

    None where the axes are not celestial or the numbers make no sense.
    """
    kinds = [str(header.get(f"CTYPE{axis}", "")) for axis in (1, 2)]
    if not all(kind.startswith(_CELESTIAL) for kind in kinds):
        return None
    units = [_DEGREES.get(str(header.get(f"CUNIT{axis}", "")).strip().lower()) for axis in (1, 2)]
    if units[0] is None or units[1] is None:
        return None
    if any(f"CD{i}_{j}" in header for i in (1, 2) for j in (1, 2)):
        matrix = {(i, j): _number(header.get(f"CD{i}_{j}", 0.0)) for i in (1, 2) for j in (1, 2)}
    else:
        step = {i: _number(header.get(f"CDELT{i}", 1.0)) for i in (1, 2)}
        turn = {(i, j): _number(header.get(f"PC{i}_{j}", float(i == j))) for i in (1, 2) for j in (1, 2)}
        matrix = {(i, j): step[i] * turn[i, j] for i, j in turn}
    area = abs(matrix[1, 1] * matrix[2, 2] - matrix[1, 2] * matrix[2, 1]) * units[0] * units[1]
    if not area > _SINGULAR * units[0] * units[1] * sum(element * element for element in matrix.values()):
        return None
    scale = 3600.0 * math.sqrt(area) if math.isfinite(area) else math.nan
    return scale if 0.0 < scale < _LARGEST else None


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    return float(value) if abs(value) < 1e300 else math.nan


Array = NDArray[np.float64]


def gnomonic_projection(ra0: float | Array, dec0: float | Array, ra: Array, dec: Array) -> tuple[Array, Array]:
    """Gnomonic projection about (ra0, dec0), degrees: radians towards east and north (Calabretta & Greisen 2002)."""
    turn, tilt, centre = np.radians(ra - ra0), np.radians(dec), np.radians(dec0)
    height = np.sin(centre) * np.sin(tilt) + np.cos(centre) * np.cos(tilt) * np.cos(turn)
    east = np.cos(tilt) * np.sin(turn) / height
    north = (np.cos(centre) * np.sin(tilt) - np.sin(centre) * np.cos(tilt) * np.cos(turn)) / height
    return east, north
