"""Whether what is written in a figure can be read: on the page, and nothing on each other."""

from __future__ import annotations

import itertools

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

_TOUCHING = 1.0
"""Pixels by which boxes may share an edge."""


def written(figure: Figure) -> list[tuple[str, Bbox]]:
    """Every text that a reader sees, with its box in pixels."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    hidden = {id(label) for axes in figure.axes for label in _unseen(axes)}
    return [
        (text.get_text(), text.get_window_extent(canvas.get_renderer()))
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and id(text) not in hidden
    ]


def _unseen(axes: Axes) -> list[Text]:
    """Labels of ticks that lie outside the range of their axis, or that are switched off."""
    labels = []
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
            inside = low <= tick.get_loc() <= high
            labels += [label for label in (tick.label1, tick.label2) if not inside or not label.get_visible()]
    return labels


def illegible(figure: Figure) -> list[str]:
    """What cannot be read: texts that leave the page, and pairs that overlap."""
    texts = written(figure)
    page = figure.bbox
    faults = [
        f"{text!r} leaves the page"
        for text, box in texts
        if box.x0 < -1 or box.y0 < -1 or box.x1 > page.width + 1 or box.y1 > page.height + 1
    ]
    for (first, a), (second, b) in itertools.combinations(texts, 2):
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        up = min(a.y1, b.y1) - max(a.y0, b.y0)
        if across > _TOUCHING and up > _TOUCHING:
            faults.append(f"{first!r} lies on {second!r}")
    return faults


def texts(figure: Figure) -> set[str]:
    """Every text that a reader sees."""
    return {text for text, _ in written(figure)}
