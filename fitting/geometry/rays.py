"""Isophotes and brightness that differ by direction: rays (blended) and wedges (with edges).

Direction k of K lies at k · 360/K degrees from the major axis, counter-clockwise, in the ellipse's own coordinates.
Each has a size that multiplies the scale length and a brightness that multiplies the intensity; the first has both 1.
Between rays, ln size and ln brightness are blended by ½(1 + cos π t), t the distance in directions; a wedge reaches
half way to its neighbours. (AstroPhot's ray and wedge models give each direction a whole profile of its own.)
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.geometry.modifier import Own
from fitting.profiles.surface import Rounding


def _between(angle: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The direction before an angle (radians), and how far it is on the way to the next."""
    place = angle * (count / (2.0 * torch.pi))
    before = place.floor()
    return _counted(before, count), place - before


def _nearest(angle: Tensor, count: int) -> Tensor:
    """The direction nearest to an angle (radians)."""
    return _counted((angle * (count / (2.0 * torch.pi))).round_(), count)


def _counted(place: Tensor, count: int) -> Tensor:
    """Whole numbers modulo `count`; torch's own remainder takes ten times as long."""
    return torch.add(place, (place / count).floor_(), alpha=-count).long()


@dataclass(frozen=True)
class Directions:
    """How weights are shared between directions, and what the directions are called."""

    word: str
    count: int

    def logarithm(self, angle: Tensor, own: Own) -> Tensor:
        """ln of a quantity at an angle (radians); `own` are its values in all directions but the first."""
        logs = _logs(own)
        if self.word == "wedge":
            return logs.gather(-1, _nearest(angle, self.count))
        ray, share = _between(angle, self.count)
        before = logs.gather(-1, ray)
        return before + (logs.roll(-1, -1).gather(-1, ray) - before) * (0.5 - 0.5 * (torch.pi * share).cos())

    def slope(self, angle: Tensor, own: Own) -> Tensor:
        """Derivative of `logarithm` by the angle; of wedges the number zero."""
        if self.word == "wedge":
            return angle.new_zeros(())
        ray, share = _between(angle, self.count)
        logs = _logs(own)
        steps = (0.25 * self.count) * (logs.roll(-1, -1) - logs)
        return steps.gather(-1, ray) * (torch.pi * share).sin()

    def shared(self, angle: Tensor, own: Own, by: Tensor) -> Own:
        """Derivatives by `own` of what has the derivatives `by` by `logarithm`."""
        zero = by.new_zeros(())
        if self.word == "wedge":
            place = _nearest(angle, self.count)
            return tuple(torch.where(place == wedge, by / value, zero) for wedge, value in enumerate(own, start=1))
        ray, share = _between(angle, self.count)
        by_next = by * (0.5 - 0.5 * (torch.pi * share).cos())
        by_ray = by - by_next
        return tuple(
            torch.where(ray == number, by_ray, torch.where(ray == number - 1, by_next, zero)) / value
            for number, value in enumerate(own, start=1)
        )

    @property
    def edges(self) -> tuple[float, ...]:
        """Angles of the lines that hold the edges between wedges, half way between directions (radians, 0 to π): one
        for each pair of opposite edges, or, where their number is odd, for each edge.
        """
        if self.word == "ray":
            return ()
        turns = sorted({(2 * wedge + 1) % self.count for wedge in range(self.count)})
        return tuple(math.pi * turn / self.count for turn in turns)

    def names(self, quantity: str) -> tuple[str, ...]:
        """The parameters of one quantity."""
        return tuple(f"{self.word}_{number}_{quantity}" for number in range(2, self.count + 1))


@dataclass(frozen=True)
class DirectionSizes:
    """The sizes: R' = R / size."""

    directions: Directions

    @property
    def jumps(self) -> tuple[float, ...]:
        return self.directions.edges

    @property
    def reads(self) -> tuple[str, ...]:
        return self.directions.names("size")

    @property
    def own(self) -> dict[str, Rounding]:
        return dict.fromkeys(self.reads, Rounding())

    def __call__(self, angle: Tensor, own: Own) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, Own]]]:
        """−ln size and its pullback."""

        def pullback(by: Tensor) -> tuple[Tensor, Own]:
            return -by * self.directions.slope(angle, own), self.directions.shared(angle, own, -by)

        return -self.directions.logarithm(angle, own), pullback


@dataclass(frozen=True)
class DirectionBrightnesses:
    """The brightnesses: a factor on the light."""

    directions: Directions

    @property
    def jumps(self) -> tuple[float, ...]:
        return self.directions.edges

    @property
    def reads(self) -> tuple[str, ...]:
        return self.directions.names("brightness")

    @property
    def own(self) -> dict[str, Rounding]:
        return dict.fromkeys(self.reads, Rounding())

    def __call__(
        self, log_radius: Tensor, angle: Tensor, own: Own
    ) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, Tensor, Own]]]:
        """The factor and its pullback."""
        factor = self.directions.logarithm(angle, own).exp()

        def pullback(by: Tensor) -> tuple[Tensor, Tensor, Own]:
            by_log = by * factor
            by_angle = by_log * self.directions.slope(angle, own)
            return log_radius.new_zeros(()), by_angle, self.directions.shared(angle, own, by_log)

        return factor, pullback


def _logs(own: Own) -> Tensor:
    """ln of a quantity in all directions, (instances, directions), of values (instances, 1); the first's is zero."""
    return torch.cat((torch.zeros_like(own[0]), *(value.log() for value in own)), dim=-1)
