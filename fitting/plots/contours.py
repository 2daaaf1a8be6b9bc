"""Outlines of two-dimensional distributions: of a Gaussian, and of draws."""

from __future__ import annotations

from typing import Any

import contourpy
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SIGMAS = (1.0, 2.0)
"""Half axes of the ellipses, in standard deviations along a principal axis."""

ENCLOSED = tuple(float(1.0 - np.exp(-0.5 * sigma**2)) for sigma in SIGMAS)
"""Probability of a two-dimensional Gaussian within each ellipse: 39 and 86 %."""

_ANGLES = np.linspace(0.0, 2.0 * np.pi, 61)


def ellipse(covariance: Array, sigmas: float) -> Array:
    """The points x with xᵀC⁻¹x = sigmas², (points, 2), closed; C is (2, 2), singular ones included."""
    values, vectors = np.linalg.eigh(covariance)
    axes = vectors * np.sqrt(np.clip(values, 0.0, None))
    circle = np.stack((np.cos(_ANGLES), np.sin(_ANGLES)))
    return np.asarray(sigmas * (axes @ circle).T, dtype=np.float64)


def density_outlines(x: Array, y: Array, bounds: tuple[float, float, float, float]) -> list[list[Array]]:
    """For each of ENCLOSED, the lines that enclose that share of the draws, each (points, 2).

    The density is a histogram over `bounds` (x from, to, y from, to), smoothed by a Gaussian one bin wide.
    """
    count = int(np.clip(1.6 * np.cbrt(len(x)), 14, 40))
    histogram, x_edges, y_edges = np.histogram2d(x, y, bins=count, range=(bounds[:2], bounds[2:]))
    density = _smoothed(_smoothed(np.pad(histogram, 1)).T)
    if not density.any():
        return [[] for _ in ENCLOSED]
    descending = np.sort(density.ravel())[::-1]
    shares = np.cumsum(descending) / descending.sum()
    generator: Any = contourpy.contour_generator(_padded_centres(x_edges), _padded_centres(y_edges), density)
    return [generator.lines(float(descending[np.searchsorted(shares, share)])) for share in ENCLOSED]


def _padded_centres(edges: Array) -> Array:
    step = edges[1] - edges[0]
    return np.asarray(edges[0] + step * (np.arange(len(edges) + 1) - 0.5), dtype=np.float64)


def _smoothed(values: Array) -> Array:
    """Along the first axis, by a Gaussian one bin wide."""
    kernel = np.exp(-0.5 * np.arange(-3, 4) ** 2)
    kernel /= kernel.sum()
    padded = np.pad(values, ((3, 3), (0, 0)))
    return np.asarray(
        sum(weight * padded[place : place + len(values)] for place, weight in enumerate(kernel)), dtype=np.float64
    )
