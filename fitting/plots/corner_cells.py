"""Corner cells: a triangle of squares within one axes in inches, hundreds of panels at the cost of one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fitting.plots import style

Array = NDArray[np.float64]


def type_scale(size: float) -> float:
    """Times by which type is larger with cells of a size, inches."""
    return float(np.clip(size / 0.95, 1.0, 1.35))


@dataclass(frozen=True)
class Triangle:
    """Cells (row, column), row ≥ column, of a corner plot; (0, 0) is at the top left.

    Attributes:
        low, high: range of each parameter.
        size: side of a cell, inches.
        left, bottom, right, top: margins, inches.
    """

    low: Array
    high: Array
    size: float
    left: float
    bottom: float
    right: float
    top: float

    @property
    def count(self) -> int:
        """Cells along each side."""
        return len(self.low)

    @property
    def pitch(self) -> float:
        """From one cell to the next."""
        return 1.08 * self.size

    @property
    def type_scale(self) -> float:
        """Times by which type in and around large cells is larger than beside small ones."""
        return type_scale(self.size)

    @property
    def width(self) -> float:
        """Of the figure, inches."""
        return self.left + (self.count - 1) * self.pitch + self.size + self.right

    @property
    def height(self) -> float:
        """Of the figure, inches."""
        return self.bottom + (self.count - 1) * self.pitch + self.size + self.top

    def corner(self, row: int, column: int) -> tuple[float, float]:
        """Lower left corner of a cell."""
        return self.left + column * self.pitch, self.bottom + (self.count - 1 - row) * self.pitch

    def across(self, column: int, values: Array) -> Array:
        """Horizontal places of a parameter's values in its column."""
        return self.left + column * self.pitch + self._fraction(column, values) * self.size

    def up(self, row: int, values: Array) -> Array:
        """Vertical places of a parameter's values in its row."""
        return self.corner(row, 0)[1] + self._fraction(row, values) * self.size

    def _fraction(self, parameter: int, values: Array) -> Array:
        low, high = self.low[parameter], self.high[parameter]
        return (np.asarray(values, dtype=np.float64) - low) / (high - low)

    def canvas(self, dpi: float) -> tuple[Figure, Axes]:
        """A figure with one axes whose data coordinates are inches."""
        figure = style.new_figure(self.width, self.height, dpi)
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set_xlim(0.0, self.width)
        axes.set_ylim(0.0, self.height)
        axes.set_axis_off()
        return figure, axes

    def frames(self, axes: Axes) -> None:
        """The outlines of all cells."""
        corners = [self.corner(row, column) for row in range(self.count) for column in range(row + 1)]
        square = self.size * np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]], dtype=np.float64)
        outlines = [np.asarray(corner) + square for corner in corners]
        axes.add_collection(LineCollection(outlines, colors=style.INK, linewidths=0.6, zorder=5, gid="frames"))
