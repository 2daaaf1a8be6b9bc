"""Isophotes and brightness that differ by direction: rays (blended) and wedges (with edges).

Direction k of K lies at k · 360/K degrees from the major axis, counter-clockwise, in the ellipse's own coordinates.
Each has a size that multiplies the scale length and a brightness that multiplies the intensity; the first has both 1.
Between rays, ln size and ln brightness are blended by ½(1 + cos π t), t the distance in directions; a wedge reaches
half way to its neighbours. (AstroPhot's ray and wedge models give each direction a whole profile of its own.)
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

import torch
from torch import Tensor

from fitting.geometry.angles import Angles
from fitting.geometry.modifier import Fields
from fitting.profiles.cached_tensors import cached_tensors
from fitting.profiles.surface import Rounding


@dataclass(frozen=True)
class Directions:
    """How weights are shared between directions, and what the directions are called."""

    word: str
    count: int

    def logarithm(self, angles: Angles, values: Fields) -> Tensor:
        """ln of a quantity at angles; `values` are those of all directions but the first."""
        if self.word == "wedge":
            return self.nearest(angles, _around(values).log_())
        logs = _logs(values)
        ray, cosine, _ = angles.between(self.count)
        before = logs.gather(-1, ray)
        return before + (logs.roll(-1, -1).gather(-1, ray) - before) * (0.5 - 0.5 * cosine)

    def quantity(self, angles: Angles, values: Fields) -> Tensor:
        """The quantity itself."""
        if self.word == "wedge":
            return self.nearest(angles, _around(values))
        return self.logarithm(angles, values).exp_()

    def by_angle(self, angles: Angles, values: Fields, by: Tensor) -> Tensor:
        """Derivative by the angle of what has the derivatives `by` by `logarithm`; of wedges the number zero."""
        if self.word == "wedge":
            return by.new_zeros(())
        ray, _, sine = angles.between(self.count)
        logs = _logs(values)
        steps = (0.25 * self.count) * (logs.roll(-1, -1) - logs)
        return steps.gather(-1, ray).mul_(sine).mul_(by)

    def by_values(self, angles: Angles, values: Fields, by: Tensor) -> Fields:
        """Derivatives by `values` of what has the derivatives `by` by `logarithm`."""
        if self.word == "wedge":
            others = _other_directions(self.count, by.device) * torch.stack(values, dim=1).reciprocal_()
            nearest = angles.nearest(self.count).unsqueeze(1).expand(-1, len(values), -1)
            return others.gather(-1, nearest).mul_(by.unsqueeze(1)).unbind(1)
        zero = by.new_zeros(())
        ray, cosine, _ = angles.between(self.count)
        by_next = by * (0.5 - 0.5 * cosine)
        by_ray = by - by_next
        return tuple(
            torch.where(ray == number, by_ray, torch.where(ray == number - 1, by_next, zero)) / value
            for number, value in enumerate(values, start=1)
        )

    def nearest(self, angles: Angles, table: Tensor) -> Tensor:
        """What a table as of `_around` has for wedges in the nearest directions."""
        return table.gather(-1, angles.nearest(self.count))

    @property
    def edges(self) -> tuple[float, ...]:
        """Angles of the edges between wedges, half way between directions, radians."""
        if self.word == "ray":
            return ()
        return tuple(math.pi * (2 * wedge + 1) / self.count for wedge in range(self.count))

    def names(self, quantity: str) -> tuple[str, ...]:
        """The parameters of one quantity."""
        return tuple(f"{self.word}_{number}_{quantity}" for number in range(2, self.count + 1))


@dataclass(frozen=True)
class DirectionSizes:
    """The sizes: R' = R / size.

    Attributes:
        table: −ln size of wedges all around, where values are known beforehand.
    """

    directions: Directions
    table: Tensor | None = field(default=None, compare=False)

    def at(self, values: Fields) -> "DirectionSizes":
        """With the table, if these are wedges."""
        return replace(self, table=_around(values).log_().neg_()) if self.directions.word == "wedge" else self

    @cached_property
    def jumps(self) -> tuple[float, ...]:
        return self.directions.edges

    @cached_property
    def reads(self) -> tuple[str, ...]:
        return self.directions.names("size")

    @cached_property
    def parameters(self) -> dict[str, Rounding]:
        return dict.fromkeys(self.reads, Rounding())

    def __call__(self, angles: Angles, values: Fields) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, Fields]]]:
        """−ln size and its pullback."""

        def pullback(by: Tensor) -> tuple[Tensor, Fields]:
            by_log = -by
            return self.directions.by_angle(angles, values, by_log), self.directions.by_values(angles, values, by_log)

        if self.table is not None:
            return self.directions.nearest(angles, self.table), pullback
        return self.directions.logarithm(angles, values).neg_(), pullback


@dataclass(frozen=True)
class DirectionBrightnesses:
    """The brightnesses: a factor on the light.

    Attributes:
        table: brightness of wedges all around, where values are known beforehand.
    """

    directions: Directions
    table: Tensor | None = field(default=None, compare=False)

    def at(self, values: Fields) -> "DirectionBrightnesses":
        """With the table, if these are wedges."""
        return replace(self, table=_around(values)) if self.directions.word == "wedge" else self

    @cached_property
    def jumps(self) -> tuple[float, ...]:
        return self.directions.edges

    @cached_property
    def reads(self) -> tuple[str, ...]:
        return self.directions.names("brightness")

    @cached_property
    def parameters(self) -> dict[str, Rounding]:
        return dict.fromkeys(self.reads, Rounding())

    def __call__(
        self, log_radius: Tensor, angles: Angles, values: Fields
    ) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, Tensor, Fields]]]:
        """The factor and its pullback."""
        factor = (
            self.directions.quantity(angles, values)
            if self.table is None
            else self.directions.nearest(angles, self.table)
        )

        def pullback(by: Tensor) -> tuple[Tensor, Tensor, Fields]:
            by_log = by * factor
            by_angle = self.directions.by_angle(angles, values, by_log)
            return log_radius.new_zeros(()), by_angle, self.directions.by_values(angles, values, by_log)

        return factor, pullback


def _logs(values: Fields) -> Tensor:
    """ln of a quantity in all directions, (instances, directions), of values (instances, 1); the first's is zero."""
    return torch.cat((torch.zeros_like(values[0]), *(value.log() for value in values)), dim=-1)


def _around(values: Fields) -> Tensor:
    """A quantity in directions from one turn before the first to one turn after it, (instances, directions), of values
    (instances, 1); the first's is one.
    """
    one = _one(values[0].device).expand_as(values[0])
    return torch.cat((one, *values, one, *values, one), dim=-1)


@cached_tensors
def _one(device: torch.device) -> Tensor:
    return torch.ones((1, 1), dtype=torch.float64, device=device)


@cached_tensors
def _other_directions(count: int, device: torch.device) -> Tensor:
    """For each direction but the first one where it is, zero elsewhere, in the same order: (count − 1, directions)."""
    eye = torch.eye(count, dtype=torch.float64, device=device)[1:]
    return torch.cat((eye, eye, eye[:, :1]), dim=1)
