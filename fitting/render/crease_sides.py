"""How pixels lie to the creases of a surface: on which side of each line, and how far from it."""

from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.profiles.creases import Creases

_CAUTION = 1.25
"""By how much steps across bent lines are taken longer than they are: they change on the way to a pixel's corner."""


@dataclass(frozen=True)
class CreaseSides:
    """Of pixels, (pixels, lines) each.

    Attributes:
        side: at their centres, zero on the line.
        by_x, by_y: its slopes.
        step_x, step_y: how far it changes from one pixel to the next along x and along y; never negative, and with some
            caution where the line is bent.
        there: whether the crease is on this side of the surface's centre, or that is near.
    """

    side: Tensor
    by_x: Tensor
    by_y: Tensor
    step_x: Tensor
    step_y: Tensor
    there: Tensor

    @property
    def parting(self) -> Tensor:
        """Whether the line passes between a pixel's centre and that of one of the four beside it."""
        return (self.side.abs() <= torch.maximum(self.step_x, self.step_y)) & self.there

    def nearer(self, pixels: float) -> Tensor:
        """Whether it enters the square that reaches so many columns and rows from a pixel's centre."""
        return (self.side.abs() <= pixels * (self.step_x + self.step_y)) & self.there

    @property
    def distance(self) -> Tensor:
        """About how far it is from the pixels' centres, pixels; infinite on the other side of the surface's centre."""
        return torch.where(self.there, self.side.abs() / torch.hypot(self.step_x, self.step_y), torch.inf)


_ABOUT = 2.5
"""Pixels from the centre, along both axes, within which lines are looked at on both sides: thin surfaces change fast
there, to which the rules for crossed pixels are equal.
"""


def crease_sides(creases: Creases, values: Tensor, instance: Tensor, x: Tensor, y: Tensor) -> CreaseSides:
    """Of pixels at offsets x, y from the centres of the surfaces `instance` (pixels,) of a stack with `values`."""
    angle = torch.tensor(creases.angles, dtype=values.dtype, device=values.device)
    return (_straight if creases.straight else _bent)(creases, values, angle, instance, x, y)


def _straight(creases: Creases, values: Tensor, angle: Tensor, instance: Tensor, x: Tensor, y: Tensor) -> CreaseSides:
    lines = len(angle)
    across_and_along = torch.cat((angle, angle + 0.5 * torch.pi)).expand(len(values), -1)
    by_x, by_y = creases.steepness(values, across_and_along)
    by_x, by_y = by_x[instance], by_y[instance]
    both = by_x * x[:, None] + by_y * y[:, None]
    (across_x, along_x), (across_y, along_y) = by_x.split(lines, dim=1), by_y.split(lines, dim=1)
    side, along = both.split(lines, dim=1)
    there = _there(creases, side, along, (across_x, across_y), (along_x, along_y))
    there |= _about(x, y)[:, None]
    return CreaseSides(side, across_x, across_y, across_x.abs(), across_y.abs(), there)


def _bent(creases: Creases, values: Tensor, angle: Tensor, instance: Tensor, x: Tensor, y: Tensor) -> CreaseSides:
    shift = x.new_tensor([0.0, 1.0, -1.0, 0.0, 0.0])
    points = creases.plane(x[:, None] + shift, y[:, None] + shift.roll(2), values[instance])
    a, b = points.a[..., None], points.b[..., None]
    sine, cosine = angle.sin(), angle.cos()
    side, right, left, above, below = (a * sine + b * cosine).unbind(1)
    along, along_right, along_left, along_above, along_below = (a * cosine - b * sine).unbind(1)
    across = (0.5 * (right - left), 0.5 * (above - below))
    onward = (0.5 * (along_right - along_left), 0.5 * (along_above - along_below))
    there = _there(creases, side, along, across, onward) | _about(x, y)[:, None]
    step_x = _CAUTION * torch.maximum((right - side).abs(), (left - side).abs())
    step_y = _CAUTION * torch.maximum((above - side).abs(), (below - side).abs())
    return CreaseSides(side, *across, step_x, step_y, there)


def _about(x: Tensor, y: Tensor) -> Tensor:
    """Whether pixels are about the centre."""
    return torch.maximum(x.abs(), y.abs()) < _ABOUT


def _there(
    creases: Creases, side: Tensor, along: Tensor, across: tuple[Tensor, Tensor], onward: tuple[Tensor, Tensor]
) -> Tensor:
    """Whether the nearest points of lines are on a crease; `across` and `onward` are slopes of `side` and `along`."""
    square = (across[0] * across[0] + across[1] * across[1]).clamp(min=1e-100)
    nearest = along - side * (across[0] * onward[0] + across[1] * onward[1]) / square
    return (nearest > 0.0) | torch.tensor(creases.whole, device=side.device)
