"""How pixels lie to the kinks of a surface: on which side of each line, and how far from it."""

import math
from dataclasses import dataclass
from functools import cache, cached_property

import torch
from torch import Tensor

from fitting.profiles.kinks import KinkLines

_CAUTION = 1.25
"""By how much steps across bent lines are taken longer than they are: they change on the way to a pixel's corner."""


@dataclass(frozen=True)
class KinkSides:
    """Of pixels, (lines, pixels) each, or (lines, 1) where it is the same for all.

    Attributes:
        side: at their centres, zero on the line; (lines, pixels).
        by_x, by_y: its slopes.
        step_x, step_y: how far it changes from one pixel to the next along x and along y; never negative, and with some
            caution where the line is bent.
        there: whether the kink is on this side of the surface's centre, or that is near; (lines, pixels).
        slopes: of straight lines by_x and by_y of each instance, (lines, instances).
    """

    side: Tensor
    by_x: Tensor
    by_y: Tensor
    step_x: Tensor
    step_y: Tensor
    there: Tensor
    slopes: tuple[Tensor, Tensor] | None

    @cached_property
    def _size(self) -> Tensor:
        return self.side.abs()

    @property
    def parting(self) -> Tensor:
        """Whether the line passes between a pixel's centre and that of one of the four beside it."""
        return (self._size <= torch.maximum(self.step_x, self.step_y)).logical_and_(self.there)

    def nearer(self, pixels: float) -> Tensor:
        """Whether it enters the square that reaches so many columns and rows from a pixel's centre."""
        return (self._size <= pixels * (self.step_x + self.step_y)).logical_and_(self.there)

    @property
    def distance(self) -> Tensor:
        """About how far it is from the pixels' centres, pixels; infinite on the other side of the surface's centre."""
        return torch.where(self.there, self._size / torch.hypot(self.step_x, self.step_y), torch.inf)


_ABOUT = 2.5
"""Pixels from the centre, along both axes, within which lines are looked at on both sides: thin surfaces change fast
there, to which the rules for crossed pixels are equal.
"""


def kink_sides(kinks: KinkLines, values: Tensor, instance: Tensor, x: Tensor, y: Tensor) -> KinkSides:
    """Of pixels at offsets x, y from the centres of the surfaces `instance` (pixels,) of a stack with `values`."""
    return (_straight if kinks.straight else _bent)(kinks, values, instance, x, y)


@cache
def line_angles(angles: tuple[float, ...], device: torch.device) -> Tensor:
    """Angles of lines, radians."""
    return torch.tensor(angles, dtype=torch.float64, device=device)


@cache
def _across_and_along(angles: tuple[float, ...], device: torch.device) -> Tensor:
    """Angles of lines and of those at right angles to them."""
    return line_angles((*angles, *(angle + 0.5 * math.pi for angle in angles)), device)


def _straight(kinks: KinkLines, values: Tensor, instance: Tensor, x: Tensor, y: Tensor) -> KinkSides:
    lines = len(kinks.angles)
    by_x, by_y = (slope.T for slope in kinks.steepness(values, _across_and_along(kinks.angles, values.device)))
    slopes = by_x[:lines], by_y[:lines]
    if len(values) > 1:
        by_x, by_y = by_x[:, instance], by_y[:, instance]
    side, along = torch.addcmul(by_x * x, by_y, y).split(lines)
    (across_x, along_x), (across_y, along_y) = by_x.split(lines), by_y.split(lines)
    there = _there(kinks, side, along, (across_x, across_y), (along_x, along_y)).logical_or_(_about(x, y))
    return KinkSides(side, across_x, across_y, across_x.abs(), across_y.abs(), there, slopes)


def _bent(kinks: KinkLines, values: Tensor, instance: Tensor, x: Tensor, y: Tensor) -> KinkSides:
    angle = line_angles(kinks.angles, values.device)
    shift = x.new_tensor([0.0, 1.0, -1.0, 0.0, 0.0])
    points = kinks.plane(x[:, None] + shift, y[:, None] + shift.roll(2), values[instance])
    a, b = points.a.T, points.b.T
    sine, cosine = angle.sin()[:, None, None], angle.cos()[:, None, None]
    side, right, left, above, below = (a * sine + b * cosine).unbind(1)
    along, along_right, along_left, along_above, along_below = (a * cosine - b * sine).unbind(1)
    across = (0.5 * (right - left), 0.5 * (above - below))
    onward = (0.5 * (along_right - along_left), 0.5 * (along_above - along_below))
    there = _there(kinks, side, along, across, onward).logical_or_(_about(x, y))
    step_x = _CAUTION * torch.maximum((right - side).abs(), (left - side).abs())
    step_y = _CAUTION * torch.maximum((above - side).abs(), (below - side).abs())
    return KinkSides(side, *across, step_x, step_y, there, None)


def _about(x: Tensor, y: Tensor) -> Tensor:
    """Whether pixels are about the centre."""
    return torch.maximum(x.abs(), y.abs()) < _ABOUT


def _there(
    kinks: KinkLines, side: Tensor, along: Tensor, across: tuple[Tensor, Tensor], onward: tuple[Tensor, Tensor]
) -> Tensor:
    """Whether the nearest points of lines are on a kink; `across` and `onward` are slopes of `side` and `along`."""
    square = (across[0] * across[0] + across[1] * across[1]).clamp(min=1e-100)
    share = (across[0] * onward[0] + across[1] * onward[1]) / square
    there = along > side * share
    return there.logical_or_(_whole(kinks.whole, side.device)) if any(kinks.whole) else there


@cache
def _whole(whole: tuple[bool, ...], device: torch.device) -> Tensor:
    """`KinkLines.whole`, (lines, 1)."""
    return torch.tensor(whole, device=device)[:, None]
