"""Components of any kind that draws its derivatives by its own parameters (`fitting.drawing`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from fitting.drawing.drawing import Drawing
from fitting.drawing.surface import SurfaceDrawing
from fitting.problem.components.group import reaching_any
from fitting.render.pixels.frame import Frame


@dataclass(frozen=True)
class DrawnGroup:
    """Components of one drawing.

    Attributes:
        index: (components, parameters of the drawing) places in the parameter table.
    """

    drawing: Drawing
    members: tuple[str, ...]
    index: Tensor
    convolved: bool

    def stack(self, physical: Tensor, chosen: tuple[int, ...], frames: tuple[Frame, ...]) -> "DrawnStack":
        """The chosen components at values (batch, rows of the table)."""
        index = self.index[list(chosen)]
        values = physical[:, index]
        drawing = self.drawing
        if isinstance(drawing, SurfaceDrawing):
            drawing = drawing.over(values.flatten(0, 1), frames)
        return DrawnStack(drawing, index, values)

    def reaching(self, physical: Tensor, frames: Sequence[Frame], faintest: Sequence[float]) -> list[tuple[int, ...]]:
        """As the drawing says."""
        values = physical[:, self.index]
        reaches = self.drawing.reaches(values.flatten(0, 1), frames, faintest)
        return reaching_any(reaches.unflatten(1, values.shape[:2]))


@dataclass(frozen=True)
class DrawnStack:
    """Instances of one drawing: `values` are (batch, components, parameters), `index` their places in the table."""

    drawing: Drawing
    index: Tensor
    values: Tensor

    @property
    def columns(self) -> int:
        """One a parameter and component."""
        return self.index.numel()

    @property
    def rows(self) -> Tensor:
        """The index as one list."""
        return self.index.flatten()

    def image(self, frame: Frame) -> Tensor:
        """Sum over components, (batch, height, width)."""
        images = self.drawing.image(self.values.flatten(0, 1), frame).unflatten(0, self.values.shape[:2])
        return images[:, 0] if images.shape[1] == 1 else images.sum(1)

    def linearize(self, frame: Frame) -> "DrawnLight":
        """The columns, kept."""
        return DrawnLight(self, self._derivatives(frame))

    def write_columns(self, columns: Tensor, frame: Frame) -> None:
        """Fill (batch, columns, height, width) with the derivatives by each parameter of each component."""
        columns.copy_(self._derivatives(frame))

    def _derivatives(self, frame: Frame) -> Tensor:
        derivatives = self.drawing.derivatives(self.values.flatten(0, 1), frame)
        return derivatives.reshape(len(self.values), self.columns, frame.height, frame.width)

    def weights(self) -> Tensor:
        """The values of the linear parameters, zero for the others: (batch, columns)."""
        weights = torch.zeros_like(self.values)
        places = list(self.drawing.linear)
        weights[..., places] = self.values[..., places]
        return weights.flatten(1)

    def write_transfer(self, transfer: Tensor) -> None:
        """Each column is the derivative by one row."""
        rows = self.rows
        transfer[:, torch.arange(len(rows), device=rows.device), rows] = 1.0


@dataclass(frozen=True)
class DrawnLight:
    """A stack with its columns on one frame."""

    stack: DrawnStack
    columns: Tensor

    @cached_property
    def _flat(self) -> Tensor:
        return self.columns.flatten(2)

    def image(self) -> Tensor:
        """Sum over components, (batch, height, width)."""
        light = self.stack.weights().unsqueeze(1) @ self._flat
        return light.view(-1, *self.columns.shape[-2:])

    def gradient(self, weight: Tensor) -> Tensor:
        """Sums of weight (batch, height, width) times the columns: (batch, columns)."""
        return (self._flat @ weight.flatten(1).unsqueeze(-1)).squeeze(-1)
