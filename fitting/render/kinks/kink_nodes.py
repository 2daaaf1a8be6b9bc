"""Nodes that integrate over pixels with kinks, points on the kinks, and where a line is met: its side's zero."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.profiles.kinks import KinkLines

Side = Callable[[Tensor, Tensor], Tensor]
"""Offsets x, y (pixels, …, lines) to which side of each pixel's own lines a point lies on: zero on the line."""


@dataclass(frozen=True)
class EdgeNodes:
    """Points on kinks: the integral of f along them is the sum of `weight` f |∇s| / |∂s|, with s as `Side` and ∂ its
    derivative along (`along_x`, `along_y`).

    All (points, pixels); `weight` is zero where a kink is not met.
    """

    x: Tensor
    y: Tensor
    along_x: Tensor
    along_y: Tensor
    angle: Tensor
    weight: Tensor


@dataclass(frozen=True)
class KinkNodes:
    """Offsets from the centre and weights over pixels, or over parts of them, (points, parts).

    Attributes:
        edge: finds points on kinks.
        owner: place among the pixels of each part, (parts,); None where each is a pixel.
    """

    x: Tensor
    y: Tensor
    weight: Tensor
    edge: Callable[[], EdgeNodes]
    owner: Tensor | None = None


def side_of_lines(kinks: KinkLines, values: Tensor, angle: Tensor) -> Side:
    """The side of lines in pixels whose surfaces have values (pixels, parameters), lines at angles (pixels, lines)."""
    if kinks.straight:
        by_x, by_y = kinks.steepness(values, angle)

        def straight_side(x: Tensor, y: Tensor) -> Tensor:
            shape = (len(by_x), *(1,) * (x.ndim - 2), by_x.shape[1])
            return by_x.view(shape) * x + by_y.view(shape) * y

        return straight_side

    def bent_side(x: Tensor, y: Tensor) -> Tensor:
        lines = angle.view(len(angle), *(1,) * (x.ndim - 2), angle.shape[1]).expand_as(x)
        return kinks.side(x.flatten(1), y.flatten(1), values, lines.flatten(1)).view(x.shape)

    return bent_side


def find_roots(function: Callable[[Tensor], Tensor], low: Tensor, high: Tensor, steps: int) -> tuple[Tensor, Tensor]:
    """Places between `low` and `high` where a function of places is zero, and whether there is one; all of one shape.

    By regula falsi in the Illinois variant (Dowell & Jarratt 1971, BIT 11, 168). Where the signs at the ends do not
    differ the place is `low`. Of a straight function the first step finds the zero.
    """
    kept, last = low, high
    at_kept, at_last = function(low), function(high)
    found = (at_kept > 0.0) != (at_last > 0.0)
    place = _chord(kept, last, at_kept, at_last)
    for _ in range(steps - 1):
        place = torch.minimum(torch.maximum(place, low), high)
        at_place = function(place)
        passed = at_place * at_last < 0.0
        kept, at_kept = torch.where(passed, last, kept), torch.where(passed, at_last, 0.5 * at_kept)
        last, at_last = place, at_place
        place = _chord(kept, last, at_kept, at_last)
    return torch.where(found, torch.minimum(torch.maximum(place, low), high), low), found


def _chord(kept: Tensor, last: Tensor, at_kept: Tensor, at_last: Tensor) -> Tensor:
    """Where the straight line through two points is zero; the last where it is level."""
    rise = at_last - at_kept
    return last - at_last * (last - kept) / torch.where(rise == 0.0, 1.0, rise)
