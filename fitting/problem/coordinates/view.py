"""From the rows of the parameter table to what the profiles take: native values, in the pixel frame of one image.

A profile is rendered from x, y, lengths and intensities in pixels of the image at hand. The user's rows may be
something else: positions on the sky, fluxes, one value an image. A view is the map from the one to the other for one
image. It gives values and derivatives together, batch first, so that χ² and its derivatives are summed over native
values, image by image, and turned into derivatives by θ once an image.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from fitting.problem.coordinates.parameters import Values


class View(Protocol):
    """The components as one image has them."""

    @property
    def index(self) -> Mapping[str, int]:
        """Place of each native value, by ``component.parameter``; the same for all images of a problem."""
        ...

    def native(self, values: Values) -> Values:
        """Native values (batch, natives) and their derivatives (batch, natives, free), from those of the rows.

        What is outside of a profile's domain among the rows is so among the native values.
        """
        ...


class Step(Protocol):
    """Part of the way from rows to native values: changes some of the values, and their derivatives, in place."""

    def apply(self, physical: Tensor, jacobian: Tensor) -> None:
        """Change values (batch, natives) and derivatives (batch, natives, free)."""
        ...


class RowsAsTheyAre:
    """The view of an image whose components are given in its own pixels: the rows are the native values."""

    def __init__(self, index: Mapping[str, int]) -> None:
        self.index = index

    def native(self, values: Values) -> Values:
        """The same values."""
        return values


@dataclass(frozen=True)
class RowsInSteps:
    """The view of an image for which rows are picked and then changed.

    Attributes:
        rows: the row that stands for each native value, (natives,); any row for what the image does not show.
        steps: what is done with the picked values, in order.
    """

    index: Mapping[str, int]
    rows: Tensor
    steps: tuple[Step, ...]

    def native(self, values: Values) -> Values:
        """The picked values after all steps; where one is no number, the model is outside of its domain."""
        physical, jacobian = values.physical[:, self.rows], values.jacobian[:, self.rows]
        for step in self.steps:
            step.apply(physical, jacobian)
        sound = physical.isfinite()
        outside = values.outside + torch.where(sound.all(1), 0.0, torch.inf)
        return Values(torch.where(sound, physical, 1.0), outside, lambda: jacobian.nan_to_num())
