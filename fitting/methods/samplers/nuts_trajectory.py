"""No-U-Turn trajectories (Hoffman & Gelman 2014, J. Mach. Learn. Res. 15, 1593), with multinomial draws.

The trajectory doubles, forwards or backwards in time, until it turns back on itself: until the momentum at one of its
ends points against the sum ρ of all its momenta (Betancourt 2017, arXiv:1701.02434, appendices A.3.2 and A.4.2). The
same is asked of each half with the nearest point of the other, without which nearly normal posteriors make trajectories
that turn more than once. A draw falls on a place with its weight exp(−H), later halves being preferred.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from fitting.methods.samplers.leapfrog import DIVERGENT_RISE, Arrival, Flow, Leapfrog, Point, acceptance


@dataclass(frozen=True)
class _Tree:
    """A stretch of trajectory.

    Attributes:
        ends: the first and the last point in time.
        momentum: ρ, the sum of all r, (free,).
        draw: one of its points, by weight.
        log_weight: ln Σ exp(H₀ − H).
        stopped: whether the trajectory ends here: turned, or diverged.
        diverged: whether H rose too far.
        acceptance: sum over its points.
        points: how many.
    """

    ends: tuple[Point, Point]
    momentum: np.ndarray
    draw: Point
    log_weight: float
    stopped: bool
    diverged: bool
    acceptance: float
    points: int


def nuts_trajectory(start: Point, leapfrog: Leapfrog, doublings: int, uniform: Callable[[], float]) -> Flow[Arrival]:
    """One draw from `start`.

    Args:
        start: with a fresh momentum.
        leapfrog: the step.
        doublings: at most.
        uniform: a random number in 0 … 1.
    """
    energy = start.energy
    tree = _Tree((start, start), start.r, start, 0.0, False, False, 0.0, 0)
    for depth in range(doublings):
        direction = 1 if uniform() < 0.5 else -1
        branch = yield from _grow_branch(tree, direction, depth, leapfrog, energy, uniform)
        longer = _join(tree, branch, direction)
        if not branch.stopped and uniform() < math.exp(min(0.0, branch.log_weight - tree.log_weight)):
            longer = replace(longer, draw=branch.draw)
        tree = longer
        if tree.stopped:
            break
    return Arrival(tree.draw, tree.acceptance / max(tree.points, 1), tree.diverged, energy)


def _grow_branch(
    tree: _Tree, direction: int, depth: int, leapfrog: Leapfrog, energy: float, uniform: Callable[[], float]
) -> Flow[_Tree]:
    """The 2^depth points beyond one end of a tree."""
    if depth == 0:
        point = yield from leapfrog(tree.ends[direction > 0], direction)
        rise = point.energy - energy
        diverged = not rise < DIVERGENT_RISE
        weight = -math.inf if diverged else -rise
        return _Tree((point, point), point.r, point, weight, diverged, diverged, acceptance(rise), 1)
    near = yield from _grow_branch(tree, direction, depth - 1, leapfrog, energy, uniform)
    if near.stopped:
        return near
    far = yield from _grow_branch(near, direction, depth - 1, leapfrog, energy, uniform)
    both = _join(near, far, direction)
    if not far.stopped and uniform() < math.exp(far.log_weight - both.log_weight):
        return replace(both, draw=far.draw)
    return both


def _join(near: _Tree, far: _Tree, direction: int) -> _Tree:
    """Two neighbouring stretches as one, with the draw of the nearer."""
    first, last = (near, far) if direction > 0 else (far, near)
    momentum = near.momentum + far.momentum
    stopped = far.stopped or (
        _has_turned(momentum, first.ends[0], last.ends[1])
        or _has_turned(first.momentum + last.ends[0].r, first.ends[0], last.ends[0])
        or _has_turned(last.momentum + first.ends[1].r, first.ends[1], last.ends[1])
    )
    return _Tree(
        (first.ends[0], last.ends[1]),
        momentum,
        near.draw,
        float(np.logaddexp(near.log_weight, far.log_weight)),
        stopped,
        far.diverged,
        near.acceptance + far.acceptance,
        near.points + far.points,
    )


def _has_turned(momentum: np.ndarray, first: Point, last: Point) -> bool:
    return float(momentum @ first.r) <= 0.0 or float(momentum @ last.r) <= 0.0
