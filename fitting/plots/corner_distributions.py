"""Distributions in a corner plot: outlines of pairs, by ellipses and by draws, and each parameter's on the diagonal."""

from __future__ import annotations

from typing import Any

import contourpy
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from numpy.typing import NDArray

from fitting.plots.corner_cells import Triangle
from fitting.plots.corner_content import CornerContent

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
    density = _gaussian_smooth(_gaussian_smooth(np.pad(histogram, 1)).T)
    if not density.any():
        return [[] for _ in ENCLOSED]
    descending = np.sort(density.ravel())[::-1]
    shares = np.cumsum(descending) / descending.sum()
    generator: Any = contourpy.contour_generator(_padded_centres(x_edges), _padded_centres(y_edges), density)
    return [generator.lines(float(descending[np.searchsorted(shares, share)])) for share in ENCLOSED]


def _padded_centres(edges: Array) -> Array:
    step = edges[1] - edges[0]
    return np.asarray(edges[0] + step * (np.arange(len(edges) + 1) - 0.5), dtype=np.float64)


def _gaussian_smooth(values: Array) -> Array:
    """Along the first axis, by a Gaussian one bin wide."""
    kernel = np.exp(-0.5 * np.arange(-3, 4) ** 2)
    kernel /= kernel.sum()
    padded = np.pad(values, ((3, 3), (0, 0)))
    return np.asarray(
        sum(weight * padded[place : place + len(values)] for place, weight in enumerate(kernel)), dtype=np.float64
    )


_TOP = 0.88
"""Height of the tallest point, in cells."""
_FEWEST_BINS, _MOST_BINS = 14, 40
"""Bins of a histogram across its cell: fewer hide a second peak, more show noise."""


def draw_marginals(axes: Axes, cells: Triangle, content: CornerContent, covariance: str, chains: str) -> None:
    """Gaussians of the covariance and histograms of the draws, in these colours; both of one parameter enclose the same
    area.
    """
    histograms, bells = zip(*(marginals(cells, content, place) for place in range(cells.count)), strict=True)
    if content.draws is not None:
        lines = LineCollection(list(histograms), colors=chains, linewidths=1.0, zorder=3, gid="histograms")
        axes.add_collection(lines)
    if content.covariance is not None:
        axes.add_collection(LineCollection(list(bells), colors=covariance, linewidths=1.3, zorder=4, gid="bells"))


def marginals(cells: Triangle, content: CornerContent, place: int) -> tuple[Array, Array]:
    """The histogram as a line of steps and the Gaussian of one parameter, (points, 2), where they are in the figure;
    without points where there is none.
    """
    low, high = float(cells.low[place]), float(cells.high[place])
    lines = (_steps(content, place, low, high), _bell(content, place, low, high))
    tallest = max(float(line[:, 1].max(initial=0.0)) for line in lines)
    scale = _TOP * cells.size / tallest if tallest > 0.0 else 0.0
    floor = cells.corner(place, place)[1]
    steps, bell = (np.stack((cells.across(place, line[:, 0]), floor + scale * line[:, 1]), axis=-1) for line in lines)
    return steps, bell


def _steps(content: CornerContent, place: int, low: float, high: float) -> Array:
    """Density of the draws, of which those outside the cell count too: value and density at each corner of a step."""
    if content.draws is None:
        return np.empty((0, 2))
    draws = content.draws[:, place]
    edges = np.linspace(low, high, int(np.clip(np.sqrt(len(draws)) / 1.2, _FEWEST_BINS, _MOST_BINS)) + 1)
    counts, _ = np.histogram(draws, bins=edges)
    density = counts / (len(draws) * np.diff(edges))
    return np.stack((np.repeat(edges, 2)[1:-1], np.repeat(density, 2)), axis=-1)


def _bell(content: CornerContent, place: int, low: float, high: float) -> Array:
    """Density of the Gaussian: value and density."""
    variance = np.nan if content.covariance is None else float(content.covariance[place, place])
    if not (np.isfinite(variance) and variance > 0.0):
        return np.empty((0, 2))
    at = np.linspace(low, high, 121)
    density = np.exp(-0.5 * (at - content.values[place]) ** 2 / variance) / np.sqrt(2.0 * np.pi * variance)
    return np.stack((at, density), axis=-1)
