"""Groups: what a problem asks of components, whatever their kind, and of a group at given values.

The problem knows no profile. It sorts the components into groups of one kind each
(`fitting.problem.components.component_groups`), asks which members of a group reach a tile, and lets their stack draw
itself, blurred or not. Every kind answers with columns: images that, times a small matrix, are the derivatives by the
rows of the parameter table, and times a vector the light.
"""

from collections.abc import Hashable, Sequence
from typing import Protocol

from torch import Tensor

from fitting.render.pixels import Frame

NEGLIGIBLE = 1e-7
"""A component is left out of a tile where it is fainter than this times the noise of the tile's best pixel; chosen by
hand: such light in all of 256 × 256 pixels has a signal-to-noise of 3e-5."""


def reaching_any(reaches: Tensor) -> list[tuple[int, ...]]:
    """Of each frame, the members that reach it for any of the batch, from (frames, batch, members) of bool."""
    return [tuple(place for place, does in enumerate(row) if does) for row in reaches.any(1).tolist()]


class LinearLight(Protocol):
    """A stack evaluated once on a frame, for its image and for gradients."""

    def image(self) -> Tensor:
        """Sum over components, data units: (batch, height, width), or (batch, 1, 1) where it is constant."""
        ...

    def gradient(self, weight: Tensor) -> Tensor:
        """Sums over pixels of weight (batch, height, width) times the derivatives by `Stack.rows`: (batch, rows)."""
        ...


class Stack(Protocol):
    """Instances (batch × chosen components) of one group at given values."""

    @property
    def rows(self) -> Tensor:
        """Places in the parameter table of all that the chosen components depend on, no place twice, (rows,)."""
        ...

    @property
    def columns(self) -> int:
        """How many images `write_columns` fills."""
        ...

    def image(self, frame: Frame) -> Tensor:
        """Sum over components, data units: (batch, height, width), or (batch, 1, 1) where it is constant."""
        ...

    def linearize(self, frame: Frame) -> LinearLight:
        """One evaluation that serves the image and gradients."""
        ...

    def write_columns(self, columns: Tensor, frame: Frame) -> None:
        """Fill the columns, (batch, columns, height, width)."""
        ...

    def weights(self) -> Tensor:
        """Weights (batch, columns) with which the columns add up to the image."""
        ...

    def write_transfer(self, transfer: Tensor) -> None:
        """Fill d(image) = columns · transfer · d(values of the table): (batch, columns, table), zero so far."""
        ...


class Group(Protocol):
    """Components that are rendered together."""

    @property
    def members(self) -> tuple[str, ...]:
        """Names of the components, in the request's order."""
        ...

    @property
    def convolved(self) -> bool:
        """Whether the image's point-spread function acts on them; they are then rendered on a wider frame."""
        ...

    @property
    def likeness(self) -> Hashable | None:
        """Equal for groups of different objects that draw the same light at the same values, and each θ of a batch as
        it would alone; None for one whose objects are drawn one by one.
        """
        ...

    def stack(self, physical: Tensor, chosen: tuple[int, ...], frames: tuple[Frame, ...]) -> Stack:
        """The chosen members at values (batch, rows of the table), to be drawn on frames one after the other."""
        ...

    def reaching(self, physical: Tensor, frames: Sequence[Frame], faintest: Sequence[float]) -> list[tuple[int, ...]]:
        """Of each frame, the members that are brighter than its `faintest` anywhere in it, for any of the batch."""
        ...
