"""Style of all figures: colours, sizes of type, and how a figure becomes bytes."""

from __future__ import annotations

import io

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from fitting.spec.plots import PLOT_FORMATS

# Okabe & Ito (2008), "Color universal design": told apart with every kind of colour vision.
BLUE, VERMILION, GREEN = "#0072B2", "#D55E00", "#00805F"  # the green a little darker, to be read as text
PURPLE, ORANGE, SKY = "#B0568F", "#E69F00", "#56B4E9"
INK, FAINT, PALE = "#1A1A1A", "#767676", "#D9D9D9"
CYCLE = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, "#5B4B9A", INK)
"""Colours of things of one kind, such as chains, in order."""

TITLE, LABEL, TICK = 10.0, 9.0, 8.0
"""Points."""

_ADVANCE = 0.6
"""Mean width of a character of the default type in units of its size, rounded up."""


def new_figure(width: float, height: float, dpi: float = 150.0) -> Figure:
    """An empty white figure, sizes in inches."""
    return Figure(figsize=(width, height), dpi=dpi, facecolor="white")


def quiet_axes(axes: Axes) -> None:
    """Ticks and frame as all panels have them."""
    axes.tick_params(labelsize=TICK, length=3, color=INK, labelcolor=INK)
    for spine in axes.spines.values():
        spine.set_linewidth(0.8)


def fitted_size(text: str, width: float, most: float, least: float = 4.5) -> float:
    """The largest size of type, in points, in which a line of text is no wider than `width` inches."""
    return max(min(most, 72.0 * width / (_ADVANCE * max(len(text), 1))), least)


def width_of(text: str, size: float) -> float:
    """An upper estimate of the width of a line of text in inches."""
    return len(text) * _ADVANCE * size / 72.0


def figure_bytes(figure: Figure, format: str) -> bytes:  # noqa: A002, the word of the public contract
    """The figure as a file's content. Raises ValueError for a format that is not one of PLOT_FORMATS."""
    if format not in PLOT_FORMATS:
        raise ValueError(f"there is no format {format!r}; there are {', '.join(PLOT_FORMATS)}")
    FigureCanvasAgg(figure)
    target = io.BytesIO()
    # No date: the same fit gives the same bytes.
    undated = {"png": {"Software": "photfit"}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
    figure.savefig(target, format=format, metadata=undated[format])
    return target.getvalue()
