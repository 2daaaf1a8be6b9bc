"""Angles of points from the major axis, and where they are among evenly spaced directions."""

import torch
from torch import Tensor

from fitting.profiles.cached_tensors import cached_tensors


class Angles:
    """What several links of a chain ask of the same points is worked out once.

    Attributes:
        radians: counter-clockwise from the major axis, between −2π and 2π, (instances, points).
    """

    def __init__(self, radians: Tensor) -> None:
        self.radians = radians
        self._nearest: dict[int, Tensor] = {}
        self._between: dict[int, tuple[Tensor, Tensor, Tensor]] = {}

    def nearest(self, count: int) -> Tensor:
        """Numbers of the nearest of `count` directions, counted from one turn before the first."""
        if count not in self._nearest:
            # Cut off above zero: with a half more, the nearest whole number is left.
            place = torch.add(_half_more(count, self.radians.device), self.radians, alpha=count / (2.0 * torch.pi))
            self._nearest[count] = place.long()
        return self._nearest[count]

    def between(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """The direction before, and cosine and sine of how far each angle is on the way to the next, of half a turn."""
        if count not in self._between:
            place = self.radians * (count / (2.0 * torch.pi))
            before = place.floor()
            share = (place - before).mul_(torch.pi)
            # Modulo `count`: torch's own remainder takes ten times as long.
            direction = torch.add(before, (before / count).floor_(), alpha=-count).long()
            self._between[count] = (direction, share.cos(), share.sin())
        return self._between[count]


@cached_tensors
def _half_more(count: int, device: torch.device) -> Tensor:
    return torch.tensor(count + 0.5, dtype=torch.float64, device=device)
