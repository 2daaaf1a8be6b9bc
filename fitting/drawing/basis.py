"""A sum of given images with free coefficients, moved to a place between pixels."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.drawing.point_source import PointSource
from fitting.render.pixels import Frame


@dataclass(frozen=True)
class Basis:
    """Parameters x, y (pixels) of the middle, then a coefficient for each image.

    Args:
        images: each as what a point source of unit flux would look like, which is how it is moved.
    """

    images: tuple[PointSource, ...]

    @property
    def linear(self) -> tuple[int, ...]:
        """The coefficients."""
        return tuple(range(2, 2 + len(self.images)))

    def image(self, values: Tensor, frame: Frame) -> Tensor:
        """Light, (instances, height, width)."""
        return torch.stack([image.image(placed, frame) for image, placed in self._each(values)]).sum(0)

    def derivatives(self, values: Tensor, frame: Frame) -> Tensor:
        """By x, y and the coefficients."""
        parts = [image.derivatives(placed, frame) for image, placed in self._each(values)]
        by_place = torch.stack([part[:, :2] for part in parts]).sum(0)
        return torch.cat((by_place, *(part[:, 2:] for part in parts)), dim=1)

    def reaches(self, values: Tensor, frames: Sequence[Frame], faintest: Sequence[float]) -> Tensor:
        """Where any of the images does."""
        return torch.stack([image.reaches(placed, frames, faintest) for image, placed in self._each(values)]).any(0)

    def _each(self, values: Tensor) -> list[tuple[PointSource, Tensor]]:
        """Each image with its place and coefficient, (instances, 3)."""
        return [(image, values[:, [0, 1, 2 + number]]) for number, image in enumerate(self.images)]
