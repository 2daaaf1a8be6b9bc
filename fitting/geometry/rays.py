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


def blend(angle: Tensor, count: int) -> list[Tensor]:
    """Weights of `count` rays at an angle (radians); they add up to one."""
    ray, share = _between(angle, count)
    share = 0.5 - 0.5 * (torch.pi * share).cos()
    return _shared(ray, 1.0 - share, share, count)


def blend_slopes(angle: Tensor, count: int) -> list[Tensor]:
    """Derivatives of the weights by the angle."""
    ray, share = _between(angle, count)
    slope = 0.25 * count * (torch.pi * share).sin()
    return _shared(ray, -slope, slope, count)


def _between(angle: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The ray before an angle, and how far it is on the way to the next."""
    place = torch.remainder(angle * (count / (2.0 * torch.pi)), count)
    before = place.floor()
    return torch.remainder(before, count), place - before


def _shared(ray: Tensor, own: Tensor, following: Tensor, count: int) -> list[Tensor]:
    """What each ray has where there is one part for the ray before, and one for that behind."""
    return [
        torch.where(ray == number, own, torch.where(ray == (number - 1) % count, following, 0.0))
        for number in range(count)
    ]


def nearest(angle: Tensor, count: int) -> list[Tensor]:
    """The same for wedges: one for the nearest direction, zero for the others."""
    place = torch.remainder((angle * (count / (2.0 * torch.pi))).round(), count)
    return [(place == wedge).to(angle.dtype) for wedge in range(count)]


def nearest_slopes(angle: Tensor, count: int) -> list[Tensor]:
    """None."""
    return [torch.zeros((), dtype=angle.dtype, device=angle.device)] * count


@dataclass(frozen=True)
class Directions:
    """How weights are shared between directions, and what the directions are called."""

    word: str
    count: int

    def weights(self, angle: Tensor) -> list[Tensor]:
        """Weights of all directions but the first, which has nothing of its own."""
        return (blend if self.word == "ray" else nearest)(angle, self.count)[1:]

    def slopes(self, angle: Tensor) -> list[Tensor]:
        """Their derivatives by the angle."""
        return (blend_slopes if self.word == "ray" else nearest_slopes)(angle, self.count)[1:]

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
        weights = self.directions.weights(angle)
        total = -sum(weight * size.log() for weight, size in zip(weights, own, strict=True))

        def pullback(by: Tensor) -> tuple[Tensor, Own]:
            slopes = self.directions.slopes(angle)
            by_angle = -by * sum(slope * size.log() for slope, size in zip(slopes, own, strict=True))
            return by_angle, tuple(-by * weight / size for weight, size in zip(weights, own, strict=True))

        return torch.as_tensor(total), pullback


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
        weights = self.directions.weights(angle)
        factor = torch.as_tensor(sum(weight * own_.log() for weight, own_ in zip(weights, own, strict=True))).exp()

        def pullback(by: Tensor) -> tuple[Tensor, Tensor, Own]:
            by_log, slopes = by * factor, self.directions.slopes(angle)
            by_angle = by_log * sum(slope * own_.log() for slope, own_ in zip(slopes, own, strict=True))
            return log_radius.new_zeros(()), by_angle, tuple(by_log * w / o for w, o in zip(weights, own, strict=True))

        return factor, pullback
