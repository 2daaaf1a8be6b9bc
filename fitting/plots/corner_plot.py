"""Corner plot: every pair of parameters, from the covariance, from chains, or both on each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fitting.plots import style
from fitting.plots.corner_cells import Triangle, type_scale
from fitting.plots.corner_content import CornerContent
from fitting.plots.corner_distributions import ENCLOSED, SIGMAS, density_outlines, draw_marginals, ellipse
from fitting.plots.labels import (
    credible_text,
    measured_text,
    round_ticks,
    signed_text,
    tick_texts,
    typographic,
    unit_text,
)

Array = NDArray[np.float64]

COVARIANCE, CHAINS, TRUTH = style.BLUE, style.VERMILION, style.GREEN

_DOTS = 40_000
"""Draws that are shown as dots in all cells together, about: more make a file large and tell no more."""
_FONT = 7.0
"""Size of type beside small cells, points."""
_FEW = 2
"""Parameters, up to which the legend has no room above the diagonal."""
_LEGEND_LINE, _LEGEND_WIDTH = 0.2, 4.3
"""Height of a line of the legend, and the legend's width, inches."""
_STRONG = 0.3
"""Correlation from which it is written into its cell."""


def corner_figure(content: CornerContent, format: str = "png") -> bytes:  # noqa: A002, as everywhere
    """Ellipses of the covariance at 1 and 2 sigma, outlines of the chains that enclose as much, and true values."""
    return style.figure_bytes(corner_panels(content), format)


def corner_panels(content: CornerContent) -> Figure:
    """The figure itself."""
    cells = cells_of(content)
    figure, axes = cells.canvas(dpi=min(150.0, 2400.0 / cells.width))
    cells.frames(axes)
    if content.draws is not None:
        _draw_chains(axes, cells, content.draws)
    if content.covariance is not None:
        _draw_covariance(axes, cells, content.values, content.covariance)
    draw_marginals(axes, cells, content, COVARIANCE, CHAINS)
    _draw_truth(axes, cells, content.truth)
    _write_titles(axes, cells, content)
    _write_axes(axes, cells, content)
    _write_legend(axes, cells, content)
    return figure


def titles(content: CornerContent) -> list[list[tuple[str, str]]]:
    """For each parameter its lines of text with their colours: name, and value by covariance, chains and truth."""
    middles = None if content.draws is None else np.quantile(content.draws, [0.16, 0.5, 0.84], axis=0)
    lines = []
    for place, (name, unit) in enumerate(zip(content.names, content.units, strict=True)):
        of_parameter = [(f"{name} {unit_text(unit)}".strip(), style.INK)]
        sigma = content.sigma[place]
        if content.covariance is not None or middles is None:
            of_parameter.append(
                (measured_text(content.values[place], sigma if np.isfinite(sigma) else None), COVARIANCE)
            )
        if middles is not None:
            low, middle, high = middles[:, place]
            of_parameter.append((credible_text(float(middle), float(low), float(high)), CHAINS))
        if np.isfinite(content.truth[place]):
            of_parameter.append((f"true {_truth_text(content, place)}", TRUTH))
        lines.append(of_parameter)
    return lines


def _truth_text(content: CornerContent, place: int) -> str:
    """The true value to the digits of the measured one, and how many sigma it lies from it."""
    sigmas = content.sigma
    if content.draws is not None:  # by the covariance, else by the draws
        sigmas = np.where(np.isfinite(sigmas), sigmas, content.draws.std(axis=0))
    truth, sigma = float(content.truth[place]), sigmas[place]
    if not sigma > 0:
        return measured_text(truth, None)
    pull = (truth - content.values[place]) / sigma
    return f"{measured_text(truth, sigma).partition(' ')[0]} ({signed_text(float(pull))}σ)"


def cells_of(content: CornerContent) -> Triangle:
    """Where the cells are, with room for what is written around them."""
    count = len(content.names)
    low, high = content.bounds()
    size = float(np.clip(0.3 + 10.0 / count, 0.62, 1.9))
    larger = type_scale(size)
    lines = max(len(of_parameter) for of_parameter in titles(content))
    last = max((text for text, _ in titles(content)[-1]), key=len)
    right = max(0.15, style.width_of(last, larger * _FONT) - size)
    top = 0.125 * larger * lines + 0.15
    if count <= _FEW:  # the legend has no room above the diagonal
        top += _LEGEND_LINE * len(legend(content)) + 0.1
        right = max(right, _LEGEND_WIDTH - 0.8 - count * size)
    return Triangle(low, high, size, 0.8 * larger, 0.95 * larger, right, top)


def _draw_chains(axes: Axes, cells: Triangle, draws: Array) -> None:
    outlines: list[Array] = []
    pairs = [(row, column) for row in range(cells.count) for column in range(row)]
    step = max(len(draws) * max(len(pairs), 1) // _DOTS, 1)
    dots: list[Array] = []
    for row, column in pairs:
        left, floor = cells.corner(row, column)
        x, y = cells.across(column, draws[:, column]), cells.up(row, draws[:, row])
        for lines in density_outlines(x, y, (left, left + cells.size, floor, floor + cells.size)):
            outlines += [np.clip(line, [left, floor], [left + cells.size, floor + cells.size]) for line in lines]
        sparse = np.stack((x[::step], y[::step]), axis=-1)
        inside = (np.abs(sparse - [left + cells.size / 2, floor + cells.size / 2]) < cells.size / 2).all(axis=1)
        dots.append(sparse[inside])
    if dots:
        points = np.concatenate(dots)
        axes.plot(*points.T, ".", color=CHAINS, alpha=0.25, ms=1.0, mew=0, rasterized=True, zorder=1)
    axes.add_collection(LineCollection(outlines, colors=CHAINS, linewidths=1.0, zorder=3, gid="chains"))


def _draw_covariance(axes: Axes, cells: Triangle, values: Array, covariance: Array) -> None:
    lines, widths = [], []
    for row in range(cells.count):
        for column in range(row):
            block = covariance[np.ix_((column, row), (column, row))]
            if not np.isfinite(block).all():
                continue
            for sigmas, width in zip(SIGMAS, (1.3, 0.8), strict=True):
                points = ellipse(block, sigmas) + values[[column, row]]
                lines.append(np.stack((cells.across(column, points[:, 0]), cells.up(row, points[:, 1])), axis=-1))
                widths.append(width)
            _write_correlation(axes, cells, (row, column), block)
    axes.add_collection(LineCollection(lines, colors=COVARIANCE, linewidths=widths, zorder=4, gid="covariance"))


def _write_correlation(axes: Axes, cells: Triangle, cell: tuple[int, int], block: Array) -> None:
    """A strong correlation, in the corner of its cell that the ellipse leaves free."""
    scale = float(np.sqrt(block[0, 0] * block[1, 1]))
    correlation = float(block[0, 1]) / scale if scale > 0 else 0.0
    if abs(correlation) < _STRONG:
        return
    left, floor = cells.corner(*cell)
    text = typographic(f"{correlation:.2f}")
    side = "left" if correlation > 0 else "right"
    across = left + (0.05 if correlation > 0 else 0.95) * cells.size
    axes.text(
        across,
        floor + 0.95 * cells.size,
        text,
        fontsize=6 * cells.type_scale,
        color=style.INK,
        ha=side,
        va="top",
        zorder=6,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
    )


def _draw_truth(axes: Axes, cells: Triangle, truth: Array) -> None:
    """Lines at the true values; where one lies beyond the range, a triangle at that edge of its diagonal cell."""
    lines = []
    for place in np.flatnonzero(np.isfinite(truth)).tolist():
        across, up = float(cells.across(place, truth[place])), float(cells.up(place, truth[place]))
        left, floor = cells.corner(place, place)
        if not left < across < left + cells.size:
            beyond = across >= left + cells.size
            marker = axes.plot(
                left + (0.96 if beyond else 0.04) * cells.size, floor + 0.5 * cells.size, ">" if beyond else "<"
            )
            marker[0].set(color=TRUTH, markersize=4, zorder=6)
            continue
        for row in range(place, cells.count):
            low = cells.corner(row, place)[1]
            lines.append([(across, low), (across, low + cells.size)])
        for column in range(place):
            start = cells.corner(place, column)[0]
            lines.append([(start, up), (start + cells.size, up)])
    axes.add_collection(LineCollection(lines, colors=TRUTH, linewidths=0.9, linestyles="--", zorder=4.5, gid="truth"))


def _write_titles(axes: Axes, cells: Triangle, content: CornerContent) -> None:
    for place, lines in enumerate(titles(content)):
        left, floor = cells.corner(place, place)
        room = cells.width - left - 0.05
        for number, (text, colour) in enumerate(reversed(lines)):
            bold = number == len(lines) - 1
            axes.text(
                left,
                floor + cells.size + 0.05 + 0.125 * cells.type_scale * number,
                text,
                color=colour,
                fontsize=style.fitted_size(text, room, cells.type_scale * _FONT),
                fontweight="bold" if bold else "normal",
                va="bottom",
            )


def _write_axes(axes: Axes, cells: Triangle, content: CornerContent) -> None:
    """Ticks with numbers, names and units along the left and the bottom."""
    most = 3 if cells.size < 0.9 else 4
    ticks: list[Array] = []
    length = 0.035
    for place in range(cells.count):
        values = round_ticks(float(cells.low[place]), float(cells.high[place]), most)
        left, floor = cells.corner(place, 0)[0], cells.corner(cells.count - 1, place)[1]
        names = (content.names[place], unit_text(content.units[place]))
        for value, text in zip(values, tick_texts(values), strict=True):
            across, up = float(cells.across(place, np.array(value))), float(cells.up(place, np.array(value)))
            ticks.append(np.array([[across, floor], [across, floor - length]]))
            axes.text(
                across, floor - 2 * length, text, fontsize=6.5 * cells.type_scale, rotation=90, ha="center", va="top"
            )
            if place:
                ticks.append(np.array([[left, up], [left - length, up]]))
                axes.text(left - 2 * length, up, text, fontsize=6.5 * cells.type_scale, ha="right", va="center")
        middle = cells.corner(cells.count - 1, place)[0] + cells.size / 2
        _write_name(axes, names, cells, (middle, 0.33 * cells.type_scale), 0)
        if place:
            _write_name(axes, names, cells, (0.27 * cells.type_scale, cells.corner(place, 0)[1] + cells.size / 2), 90)
    axes.add_collection(LineCollection(ticks, colors=style.INK, linewidths=0.6))


def _write_name(axes: Axes, names: Sequence[str], cells: Triangle, at: tuple[float, float], rotation: int) -> None:
    """A name over its unit, centred at a place, in type that fits its cell."""
    for text, step in zip(names, (0.075 * cells.type_scale, -0.055 * cells.type_scale), strict=True):
        shift = (0.0, step) if rotation == 0 else (-step, 0.0)
        axes.text(
            at[0] + shift[0],
            at[1] + shift[1],
            text,
            fontsize=style.fitted_size(text, 1.02 * cells.size, cells.type_scale * _FONT),
            rotation=rotation,
            ha="center",
            va="center",
        )


def legend(content: CornerContent) -> list[tuple[str, str, float]]:
    """Title, what the lines are, and the note: text, colour and size of each."""
    shares = " and ".join(f"{100 * share:.0f} %" for share in ENCLOSED)
    lines = [(content.title, style.INK, style.TITLE + 1)] if content.title else []
    if content.covariance is not None:
        lines.append(("best fit and covariance: 1σ and 2σ ellipses", COVARIANCE, style.LABEL))
    if content.draws is not None:
        lines.append((f"chains: median, 16 to 84 %; {shares} outlines", CHAINS, style.LABEL))
    if np.isfinite(content.truth).any():
        lines.append(("true values", TRUTH, style.LABEL))
    if content.note:
        lines.append((content.note, style.FAINT, style.TICK))
    return lines


def _write_legend(axes: Axes, cells: Triangle, content: CornerContent) -> None:
    """In the upper right corner; on the left, above all, where there are few parameters."""
    few = cells.count <= _FEW
    at, side = (cells.left, "left") if few else (cells.width - 0.15, "right")
    larger = float(np.clip(cells.width / 9.0, 1.0, 2.0))
    for number, (text, colour, size) in enumerate(legend(content)):
        height = cells.height - 0.12 - larger * _LEGEND_LINE * number
        axes.text(at, height, text, color=colour, fontsize=larger * size, ha=side, va="top")
