"""Zeros of smooth functions between two ends where their signs differ, many at once."""

from collections.abc import Callable

import torch
from torch import Tensor


def bracketed(function: Callable[[Tensor], Tensor], low: Tensor, high: Tensor, steps: int) -> tuple[Tensor, Tensor]:
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
