"""Flat skies: one constant over the whole image, all together one column."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from torch import Tensor

from fitting.render.pixels import Frame


class FlatSkies:
    """All flat skies of a model; a point-spread function that sums to one leaves them as they are.

    Args:
        members: names of the components.
        rows: (components,) places of their levels in the parameter table.
    """

    convolved = False

    def __init__(self, members: tuple[str, ...], rows: Tensor) -> None:
        self.members = members
        self.rows = rows

    @property
    def likeness(self) -> Hashable:
        """See `Group`."""
        return "flat", self.members, tuple(self.rows.tolist())

    def stack(self, physical: Tensor, chosen: tuple[int, ...], frames: tuple[Frame, ...]) -> "FlatSkyStack":
        """The chosen skies at values (batch, rows of the table)."""
        rows = self.rows if len(chosen) == len(self.rows) else self.rows[list(chosen)]
        return FlatSkyStack(rows, physical.index_select(1, rows).sum(1))

    def reaching(self, physical: Tensor, frames: Sequence[Frame], faintest: Sequence[float]) -> list[tuple[int, ...]]:
        """All: a sky is everywhere."""
        return [tuple(range(len(self.members)))] * len(frames)


@dataclass(frozen=True)
class FlatSkyStack:
    """Flat skies of one sum: `level` is (batch,), data units per pixel."""

    rows: Tensor
    level: Tensor

    columns = 1

    def image(self, frame: Frame) -> Tensor:
        """The level, (batch, 1, 1)."""
        return self.level[:, None, None]

    def linearize(self, frame: Frame) -> "FlatSkyLight":
        """The level is linear as it is."""
        return FlatSkyLight(self)

    def write_columns(self, columns: Tensor, _frame: Frame) -> None:
        """Ones."""
        columns.fill_(1.0)

    def weights(self) -> Tensor:
        """The level, (batch, 1)."""
        return self.level[:, None]

    def write_transfer(self, transfer: Tensor) -> None:
        """Each sky's level counts as it is."""
        transfer[:, 0, self.rows] = 1.0


@dataclass(frozen=True)
class FlatSkyLight:
    """A flat sky's share of model and gradient."""

    stack: FlatSkyStack

    def image(self) -> Tensor:
        """The level, (batch, 1, 1)."""
        return self.stack.level[:, None, None]

    def gradient(self, weight: Tensor) -> Tensor:
        """The weight's sum, for every sky: (batch, skies)."""
        return weight.sum((-1, -2))[:, None].expand(-1, len(self.stack.rows))
