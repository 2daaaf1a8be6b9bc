"""Figure of a fit: data, model and normalised residual side by side, in inches that suit images of any shape."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, FuncNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter
from numpy.typing import NDArray

from fitting.plots import style
from fitting.plots.stretch import asinh_stretch, colours, round_ticks

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

SIGMAS = 5.0
"""Range of the residual panel, in standard deviations."""

_LARGEST = 1600
"""Pixels of an image's longer side that a panel shows, at most: a figure has no more."""
_TITLES = ("data", "model", "(data \N{MINUS SIGN} model) / \N{GREEK SMALL LETTER SIGMA}")
_LABEL = "data units per pixel"


def fit_figure(
    data: Array,
    model: Array,
    normalized_residual: Array,
    mask: Mask | None = None,
    format: str = "png",  # noqa: A002, the word of the public contract
    origin: tuple[int, int] = (0, 0),
) -> bytes:
    """Data and model under one asinh stretch, and (d - m)/sigma from -5 to 5.

    Args:
        data, model, normalized_residual: (height, width); NaN is drawn as masked.
        mask: True where a pixel was not used, drawn grey in data and residual; None means nowhere.
        format: one of `fitting.spec.plots.PLOT_FORMATS`.
        origin: (x, y) of the first pixel, where the image is a window of a larger frame.

    Raises:
        ValueError: another format.
    """
    step = max(-(-max(data.shape) // _LARGEST), 1)  # a figure has no more pixels than this to show
    shown = [np.asarray(plane, dtype=np.float64)[::step, ::step] for plane in (data, model, normalized_residual)]
    unused = np.zeros(shown[0].shape, dtype=bool) if mask is None else np.asarray(mask, dtype=bool)[::step, ::step]
    stretch = asinh_stretch(shown[0][~unused], shown[1])
    sigmas = Normalize(-SIGMAS, SIGMAS)
    place = layout(data.shape[1] / data.shape[0])
    figure = style.new_figure(*place.size)
    frame = (origin[0] - 0.5, origin[0] + data.shape[1] - 0.5, origin[1] - 0.5, origin[1] + data.shape[0] - 0.5)
    _panel(figure, place, 0, shown[0], unused, colours("viridis"), stretch, frame)
    _panel(figure, place, 1, shown[1], np.zeros_like(unused), colours("viridis"), stretch, frame)
    _panel(figure, place, 2, shown[2], unused, colours("RdBu_r"), sigmas, frame)
    for number, (norm, label) in enumerate(((stretch, _LABEL), (sigmas, "\N{GREEK SMALL LETTER SIGMA}"))):
        _bar(figure, place, number, norm, label)
    return style.figure_bytes(figure, format)


def _panel(  # noqa: PLR0913 - what one panel differs by from the next
    figure: Figure,
    place: Layout,
    number: int,
    plane: Array,
    hidden: Mask,
    colour: Colormap,
    norm: Normalize,
    frame: tuple[float, float, float, float],
) -> None:
    """One image in pixel coordinates, y upwards; hidden and non-finite pixels grey."""
    axes = figure.add_axes(place.panels[number])
    axes.imshow(
        np.where(hidden, np.nan, plane),
        cmap=colour,
        norm=norm,
        origin="lower",
        extent=frame,
        interpolation="nearest" if max(frame[1] - frame[0], frame[3] - frame[2]) <= 400 else "antialiased",
        aspect="auto" if place.oblong else "equal",
    )
    axes.set_title(_TITLES[number], fontsize=10, pad=5)
    axes.tick_params(labelsize=8, length=3)
    axes.locator_params(nbins=5, integer=True, min_n_ticks=2)
    _label(axes, bottom=number in place.bottom, left=number in place.left)


def _label(axes: Axes, bottom: bool, left: bool) -> None:
    """Axis names at the outer edge of the figure only."""
    if bottom:
        axes.set_xlabel("x [pixel]", fontsize=9)
    else:
        axes.set_xticklabels([])
    if left:
        axes.set_ylabel("y [pixel]", fontsize=9)
    else:
        axes.set_yticklabels([])


def _bar(figure: Figure, place: Layout, number: int, norm: Normalize, label: str) -> None:
    image = figure.axes[0 if number == 0 else 2].images[0]
    axes = figure.add_axes(place.bars[number])
    bar = figure.colorbar(image, cax=axes, extend="both", extendfrac=0.03)
    bar.set_label(label, fontsize=9)
    bar.set_ticks(round_ticks(norm) if isinstance(norm, FuncNorm) else [-4, -2, 0, 2, 4])
    formatter = ScalarFormatter()
    formatter.set_powerlimits((-2, 4))
    bar.formatter = formatter
    bar.ax.yaxis.get_offset_text().set_fontsize(8)
    bar.minorticks_off()
    bar.ax.tick_params(labelsize=8, length=3)


Box = tuple[float, float, float, float]

_AREA = 3.3
"""Side of a square panel, inches; oblong ones have its area."""
_NARROWEST, _WIDEST_IN_ROW, _WIDEST = 0.35, 2.0, 8.0
"""Width over height: of the panel at least, up to which panels stand in a row, and at most."""
_STACKED_WIDTH = 8.0
"""Width of panels that stand one above the other, inches."""
_LEFT, _RIGHT, _BOTTOM, _TOP = 0.62, 0.72, 0.52, 0.34
"""Margins, inches."""
_GAP, _BAR, _BAR_GAP, _BAR_LABELS = 0.14, 0.14, 0.1, 0.78
"""Gap between panels, width of a colour bar, gap before it, and room for its labels, inches."""


@dataclass(frozen=True)
class Layout:
    """Boxes are (left, bottom, width, height) as fractions of the figure.

    Attributes:
        size: of the figure, inches.
        panels: data, model, residual.
        bars: of the light, of the residual.
        bottom, left: which panels stand at those edges and carry the axis names.
        oblong: whether pixels are drawn oblong, since the image is too long for square ones.
    """

    size: tuple[float, float]
    panels: tuple[Box, Box, Box]
    bars: tuple[Box, Box]
    bottom: frozenset[int]
    left: frozenset[int]
    oblong: bool


def layout(aspect: float) -> Layout:
    """Panels in a row, or one above the other for an image much wider than high; `aspect` is width over height."""
    bounded_aspect = min(max(aspect, _NARROWEST), _WIDEST)
    oblong = bounded_aspect != aspect
    return _row(bounded_aspect, oblong) if bounded_aspect <= _WIDEST_IN_ROW else _stack(bounded_aspect, oblong)


def _row(aspect: float, oblong: bool) -> Layout:
    width, height = _AREA * aspect**0.5, _AREA / aspect**0.5
    first, second = _LEFT, _LEFT + width + _GAP
    bar = second + width + _BAR_GAP
    third = bar + _BAR + _BAR_LABELS
    last_bar = third + width + _BAR_GAP
    size = (last_bar + _BAR + _RIGHT, _BOTTOM + height + _TOP)
    panels = tuple(_box(left, _BOTTOM, width, height, size) for left in (first, second, third))
    bars = tuple(_box(left, _BOTTOM, _BAR, height, size) for left in (bar, last_bar))
    return Layout(
        size, (panels[0], panels[1], panels[2]), (bars[0], bars[1]), frozenset({0, 1, 2}), frozenset({0}), oblong
    )


def _stack(aspect: float, oblong: bool) -> Layout:
    width, height = _STACKED_WIDTH, _STACKED_WIDTH / aspect
    rise = height + _TOP + 0.1
    size = (_LEFT + width + _BAR_GAP + _BAR + _RIGHT, _BOTTOM + 3 * rise)
    floors = [_BOTTOM + number * rise for number in (2, 1, 0)]
    panels = tuple(_box(_LEFT, floor, width, height, size) for floor in floors)
    left = _LEFT + width + _BAR_GAP
    bars = (
        _box(left, floors[1], _BAR, floors[0] + height - floors[1], size),
        _box(left, floors[2], _BAR, height, size),
    )
    return Layout(size, (panels[0], panels[1], panels[2]), bars, frozenset({2}), frozenset({0, 1, 2}), oblong)


def _box(left: float, bottom: float, width: float, height: float, size: tuple[float, float]) -> Box:
    return left / size[0], bottom / size[1], width / size[0], height / size[1]
