"""The figure of a fit: data, model and normalised residual side by side."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, FuncNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter
from numpy.typing import NDArray

from fitting.plots import style
from fitting.plots.layout import Layout, layout
from fitting.plots.stretch import asinh_stretch, colours, round_ticks

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

SIGMAS = 5.0
"""Range of the residual panel, in standard deviations."""

_LARGEST = 1600
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
    return style.encoded(figure, format)


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
        aspect="auto" if place.distorted else "equal",
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
