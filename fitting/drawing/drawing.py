"""The drawing: what a component that draws its derivatives by its own parameters must answer; one file per kind."""

from collections.abc import Sequence
from typing import Protocol

from torch import Tensor

from fitting.render.pixels import Frame


class Drawing(Protocol):
    """Images of components from their parameters, values (instances, parameters)."""

    @property
    def linear(self) -> tuple[int, ...]:
        """Places of the parameters that the light is the sum over of value times derivative: a profile's amplitude, or
        every level of a sky.
        """
        ...

    def image(self, values: Tensor, frame: Frame) -> Tensor:
        """Light, data units per pixel, (instances, height, width)."""
        ...

    def derivatives(self, values: Tensor, frame: Frame) -> Tensor:
        """Derivatives of the light by every parameter, (instances, parameters, height, width)."""
        ...

    def reaches(self, values: Tensor, frames: Sequence[Frame], faintest: Sequence[float]) -> Tensor:
        """Whether instances are brighter than each frame's `faintest` anywhere in it, (frames, instances) of bool."""
        ...
