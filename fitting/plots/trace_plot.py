"""Trace plot: the draws of each chain in their order, and their distribution beside them."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from fitting.plots import style
from fitting.plots.chain_panels import ChainContent, PanelGrid, colour_of, write_heading, write_name
from fitting.plots.labels import round_ticks, tick_texts

Array = NDArray[np.float64]

_MOST_DRAWS = 1500
"""Draws of a chain that are shown, at most: a panel has no more pixels."""
_SPLIT = 0.8
"""Where the draws end and their distribution begins, as a share of a panel."""
_FEW = 4
"""Parameters, up to which panels are as wide as the figure."""


def trace_figure(content: ChainContent, format: str = "png") -> bytes:  # noqa: A002, as everywhere
    """A panel for each parameter: draws over their number, each chain's histogram, true values dashed."""
    return style.figure_bytes(trace_panels(content), format)


def trace_panels(content: ChainContent) -> Figure:
    """The figure itself."""
    count = len(content.names)
    columns = 1 if count <= _FEW else 2 if count <= 30 else 3
    grid = PanelGrid(count, columns, 6.4 if columns == 1 else 4.6, 0.9 if count > _FEW else 1.3, above=0.36)
    figure = style.new_figure(*grid.size, dpi=min(150.0, 2800.0 / max(grid.size)))
    for place in range(count):
        draws = grid.panel(figure, place, (0.0, _SPLIT))
        shares = grid.panel(figure, place, (_SPLIT + 0.01, 1.0))
        _draw(draws, shares, content.values[:, :, place], float(content.truth[place]))
        draws.tick_params(labelbottom=grid.lowest(place))
        write_name(draws, content, place, grid.width)
        if grid.lowest(place):
            draws.set_xlabel("draw", fontsize=style.LABEL)
    write_heading(figure, content, grid, "true value: dashed" if np.isfinite(content.truth).any() else "")
    return figure


def _draw(draws: Axes, shares: Axes, values: Array, truth: float) -> None:
    """One parameter: values is (chain, draw)."""
    chains, length = values.shape
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    margin = max(0.05 * (high - low), 1e-9 * abs(high), 1e-300)
    if low - (high - low) < truth < high + (high - low):
        low, high = min(low, truth), max(high, truth)
    low, high = low - margin, high + margin
    step = -(-length // _MOST_DRAWS)
    edges = np.linspace(low, high, int(np.clip(1.6 * np.cbrt(length), 10, 40)) + 1)
    for chain in range(chains):
        colour = colour_of(chain, chains)
        draws.plot(np.arange(0, length, step), values[chain, ::step], color=colour, lw=0.5, alpha=0.75)
        counts, _ = np.histogram(values[chain], edges)
        shares.step(np.append(counts, counts[-1:]), edges, where="post", color=colour, lw=0.9)
    for axes in (draws, shares):
        axes.set_ylim(low, high)
        style.quiet_axes(axes)
        if low < truth < high:
            axes.axhline(truth, color=style.INK, lw=1.0, ls="--")
    draws.set_xlim(0, max(length - 1, 1))
    draws.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    ticks = round_ticks(low, high, 4)
    draws.set_yticks(ticks, tick_texts(ticks))
    shares.set_yticks([])
    shares.set_xticks([])
    shares.set_xlim(left=0)
