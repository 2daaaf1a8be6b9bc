"""Valley path: where a search creeps along a bent valley, the way that its floor takes farther on.

A damped step is no longer than the valley is straight, though its floor is a smooth curve: a hundred steps may go by on
what the parabola through the last three sees at once. So the parabola is followed, ever farther as it holds, and a few
damped steps lead back to the floor: a predictor and a corrector, as in continuation (Allgower & Georg 1990, Numerical
Continuation Methods, chapter 2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import torch
from torch import Tensor

from fitting.problem import Equations

_CREEPING = 4
"""Steps one way, each of which lowers χ² by not much less than the one before, that are a creep along a valley."""
_STEADY = 0.6
"""Of what a step lowered χ² by, what the next does at least in a creep: a search that converges falls off faster."""
_ONE_WAY = 0.8
"""Least cosine between steps of a creep, each parameter in units of its own curvature."""
_FIRST_REACH = 8.0
"""How far ahead is looked in a valley at first, in steps; on a nuker profile's the parabola held for 16."""
_NEXT_REACH = 2.0
"""How far later, at most, in distances between the last two places so found."""
_GROWTH = 1.5
"""By how much the next look goes farther, in such distances, after one that held."""
_SHORTEST_REACH = 0.6
"""Below which, halved where it did not hold, the path is begun anew."""


@dataclass(frozen=True)
class ValleyPath:
    """The last places of a search.

    Attributes:
        floor: the last θ, each (1, free).
        reach: how far ahead is looked, in distances between the last two.
        jumps: how many of the last came by looking ahead.
    """

    floor: tuple[Tensor, ...]
    reach: float = _FIRST_REACH
    jumps: int = 0

    def stepped(self, theta: Tensor) -> ValleyPath:
        """The path after a step."""
        return ValleyPath((*self.floor[-_CREEPING:], theta), self.reach)

    def reached(self, theta: Tensor) -> ValleyPath:
        """The path after a look ahead that found a lower χ²."""
        return ValleyPath(
            (*self.floor[-2:], theta),
            _NEXT_REACH if self.jumps == 0 else min(_NEXT_REACH, _GROWTH * self.reach),
            self.jumps + 1,
        )

    def missed(self, theta: Tensor) -> ValleyPath:
        """The path after one that did not."""
        if self.jumps > 0 and self.reach > _SHORTEST_REACH:
            return replace(self, reach=0.5 * self.reach)
        return ValleyPath((theta,), 0.25 * self.reach if self.jumps == 0 else _FIRST_REACH)

    def creeps(self, equations: Equations, history: list[float]) -> bool:
        """Whether the last steps went the same way, and each lowered χ² by not much less than the one before."""
        if len(self.floor) < 3 or not all(self._distances(equations)):
            return False
        if self.jumps > 0:
            return True
        if len(self.floor) <= _CREEPING or self.reach < 1.0:
            return False
        fallen = [early - late for early, late in zip(history[-_CREEPING - 1 : -1], history[-_CREEPING:], strict=True)]
        if not all(_STEADY * before < after for before, after in pairwise(fallen)):
            return False
        steps = torch.cat(self.floor).diff(dim=0) * equations.matrix[0].diagonal().sqrt()
        steps = steps / steps.norm(dim=1, keepdim=True)
        return bool(((steps[1:] * steps[:-1]).sum(dim=1) > _ONE_WAY).all())

    def ahead(self, equations: Equations) -> Tensor:
        """θ (1, free) ahead, on the parabola through the last three places by their distances."""
        first, second, third = self.floor[-3:]
        near, far = self._distances(equations)
        slope = (third - second) / near
        bend = (slope - (second - first) / far) / (near + far)
        length = self.reach * near
        return third + length * slope + length * (length + near) * bend

    def _distances(self, equations: Equations) -> tuple[float, float]:
        """Between the last two places, and the two before, each parameter in units of its own curvature."""
        steps = torch.cat(self.floor[-3:]).diff(dim=0) * equations.matrix[0].diagonal().sqrt()
        before, last = steps.norm(dim=1).tolist()
        return last, before
