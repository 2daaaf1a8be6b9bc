"""Chain panels, which trace and rank plots share: a grid with one for each parameter, and chains in colours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fitting.plots import style
from fitting.plots.labels import unit_text
from fitting.spec.counts import counted

Array = NDArray[np.float64]

MOST_CHAINS = 8
"""So many are drawn in colours that can be told apart; of more, the first and every other alike in grey."""


@dataclass(frozen=True)
class ChainContent:
    """Draws of n parameters.

    Attributes:
        names, units: n each.
        values: (chain, draw, n).
        notes: n short remarks such as R̂, or empty texts.
        truth: (n,), NaN where it is not known.
        title: of the figure.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    values: Array
    notes: tuple[str, ...]
    truth: Array
    title: str = ""


@dataclass(frozen=True)
class PanelGrid:
    """Panels of one size in columns, filled row by row; sizes in inches."""

    count: int
    columns: int
    width: float
    height: float
    left: float = 0.62
    right: float = 0.2
    bottom: float = 0.5
    top: float = 0.85
    across: float = 0.7
    above: float = 0.42

    @property
    def rows(self) -> int:
        """Rows of panels."""
        return -(-self.count // self.columns)

    @property
    def size(self) -> tuple[float, float]:
        """Of the figure."""
        width = self.left + self.columns * self.width + (self.columns - 1) * self.across + self.right
        return width, self.bottom + self.rows * self.height + (self.rows - 1) * self.above + self.top

    def panel(self, figure: Figure, place: int, part: tuple[float, float] = (0.0, 1.0)) -> Axes:
        """The axes of a panel, or of a part of its width."""
        size = self.size
        row, column = divmod(place, self.columns)
        left = self.left + column * (self.width + self.across) + part[0] * self.width
        floor = self.bottom + (self.rows - 1 - row) * (self.height + self.above)
        width = (part[1] - part[0]) * self.width
        return figure.add_axes((left / size[0], floor / size[1], width / size[0], self.height / size[1]))

    def lowest(self, place: int) -> bool:
        """Whether nothing stands below a panel."""
        return place + self.columns >= self.count


def colour_of(chain: int, chains: int) -> str:
    """A chain's colour."""
    return style.CYCLE[chain % len(style.CYCLE)] if chains <= MOST_CHAINS else style.FAINT


def write_heading(figure: Figure, content: ChainContent, grid: PanelGrid, below: str = "") -> None:
    """The title, and the chains in their colours."""
    width, height = grid.size
    title = style.fitted_size(content.title, width - 0.4, style.TITLE + 1)
    figure.text(grid.left / width, 1 - 0.1 / height, content.title, fontsize=title, va="top")
    chains = content.values.shape[0]
    key = [(f"chain {number}", colour_of(number, chains)) for number in range(chains)]
    if chains > MOST_CHAINS:
        key = [(counted(chains, "chain"), style.FAINT)]
    if below:
        key.append((below, style.INK))
    room = width - grid.left - 0.1 * (len(key) + 1)
    size = style.fitted_size("".join(text for text, _ in key), room, style.TICK)
    at = grid.left
    for text, colour in key:
        figure.text(at / width, 1 - 0.33 / height, text, fontsize=size, color=colour, va="top")
        at += style.width_of(text, size) + 0.08


def write_name(axes: Axes, content: ChainContent, place: int, room: float) -> None:
    """A parameter's name and unit above its panel, and its remark at the right."""
    name = f"{content.names[place]} {unit_text(content.units[place])}".strip()
    note = content.notes[place]
    size = style.fitted_size(name + "   " + note, room, style.TICK)
    axes.annotate(
        name, (0, 1), (0, 3), xycoords="axes fraction", textcoords="offset points", fontsize=size, weight="bold"
    )
    axes.annotate(
        note, (0, 1), (72 * room, 3), xycoords="axes fraction", textcoords="offset points", fontsize=size, ha="right"
    )
