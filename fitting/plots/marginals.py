"""What the diagonal of a corner plot shows: each parameter's own distribution, by the covariance and by the chains."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from numpy.typing import NDArray

from fitting.plots.cells import Triangle
from fitting.plots.corner_content import CornerContent

Array = NDArray[np.float64]

_TOP = 0.88
"""Height of the tallest point, in cells."""
_FEWEST_BINS, _MOST_BINS = 14, 40


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
