"""Rank plot: how the chains share the ranks of all draws."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fitting.plots import style
from fitting.plots.chain_panels import ChainContent, PanelGrid, colour_of, write_heading, write_name

Array = NDArray[np.float64]

_BINS = 20
"""Bins of a histogram of ranks, at most; chosen by hand, so that each holds enough draws to be judged."""
_Z = 2.58
"""A bin of a chain that agrees with the others lies within so many standard deviations, 99 times in 100."""


def rank_figure(content: ChainContent, format: str = "png") -> bytes:  # noqa: A002, as everywhere
    """A panel for each parameter: histograms of each chain's ranks among all draws, over their expected range.

    Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021, Bayesian Analysis 16, 667), section 5.1.
    """
    return style.figure_bytes(rank_panels(content), format)


def rank_panels(content: ChainContent) -> Figure:
    """The figure itself."""
    count = len(content.names)
    columns = min(count, 2 if count <= 4 else 4)
    grid = PanelGrid(count, columns, 3.4 if columns <= 2 else 2.6, 1.1, left=0.55, across=0.35, above=0.34)
    figure = style.new_figure(*grid.size, dpi=min(150.0, 2800.0 / max(grid.size)))
    # Counts as shares of what is expected of chains that agree, (chain, bin).
    length = content.values.shape[1]
    bins = max(min(_BINS, length // 5), 1)
    shares = [rank_counts(content.values[:, :, place], bins) * bins / length for place in range(count)]
    highest = max(2.0, 1.08 * max(float(share.max()) for share in shares))
    for place in range(count):
        axes = grid.panel(figure, place)
        _draw(axes, shares[place], length, highest)
        write_name(axes, content, place, grid.width)
        axes.tick_params(labelbottom=grid.lowest(place), labelleft=place % columns == 0)
        if grid.lowest(place):
            axes.set_xlabel("rank among all draws", fontsize=style.LABEL)
        if place % columns == 0:
            axes.set_ylabel("share", fontsize=style.LABEL)
    write_heading(figure, content, grid, "grey: 99 % of chains that agree and whose draws are independent")
    return figure


def rank_counts(values: Array, bins: int) -> Array:
    """How many of each chain's draws fall into equal bins of their rank among all; values is (chain, draw)."""
    ranks = np.empty(values.size)
    ranks[np.argsort(values, axis=None, kind="stable")] = np.arange(values.size)
    cells = (ranks * bins // values.size).astype(int).reshape(values.shape)
    return np.stack([np.bincount(chain, minlength=bins) for chain in cells]).astype(np.float64)


def _draw(axes: Axes, shares: Array, length: int, highest: float) -> None:
    """One parameter of chains with so many draws."""
    chains, bins = shares.shape
    variance = (1.0 - 1.0 / bins) * (1.0 - 1.0 / chains) * bins / length
    spread = _Z * math.sqrt(variance)
    edges = np.linspace(0.0, 1.0, bins + 1)
    axes.axhspan(1.0 - spread, 1.0 + spread, color=style.PALE, lw=0)
    axes.axhline(1.0, color=style.FAINT, lw=0.8)
    for chain in range(chains):
        steps = np.append(shares[chain], shares[chain, -1:])
        axes.step(edges, steps, where="post", color=colour_of(chain, chains), lw=1.0)
    axes.set_xlim(0.0, 1.0)
    axes.set_xticks([0.0, 0.5, 1.0], ["lowest", "", "highest"])
    sides: tuple[Literal["left", "center", "right"], ...] = ("left", "center", "right")
    for label, side in zip(axes.get_xticklabels(), sides, strict=True):
        label.set_horizontalalignment(side)
    axes.set_ylim(0.0, highest)
    axes.set_yticks(np.arange(0.0, highest, 1.0))
    style.quiet_axes(axes)
