"""Scales of the coordinates learnt from warm-up's draws, in windows that grow, as Stan has it.

Stan Reference Manual, "HMC algorithm parameters": nothing is learnt from the first steps, which find the posterior, nor
from the last, which settle the step size. A diagonal mass matrix and scales of the coordinates are the same thing.
"""

from dataclasses import dataclass, field

import numpy as np

from fitting.methods.samplers.chain_store import State

_SHORTEST = 20
_SHORT = 150
_FIRST, _WINDOW, _LAST = 75, 25, 50
_PRIOR_DRAWS = 5.0
_PRIOR_VARIANCE = 1e-3


def window_ends(warmup: int) -> tuple[int, tuple[int, ...]]:
    """The step that the first window begins with, and the numbers of steps after which scales are set anew."""
    if warmup < _SHORTEST:
        return 0, ()
    if warmup < _SHORT:
        return int(0.15 * warmup), (int(0.9 * warmup),)
    ends, at, size, last = [], _FIRST, _WINDOW, warmup - _LAST
    while at < last:
        at = last if at + 3 * size > last else at + size
        ends.append(at)
        size *= 2
    return _FIRST, tuple(ends)


@dataclass
class LearntScales:
    """The variance of z over the running window, of all chains together.

    Args:
        warmup: steps of it.
        free: coordinates.
    """

    warmup: int
    free: int
    _count: int = 0
    _sum: np.ndarray = field(init=False)
    _squares: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self._first, self._ends = window_ends(self.warmup)
        self._sum, self._squares = np.zeros(self.free), np.zeros(self.free)

    def see(self, step: int, z: np.ndarray) -> np.ndarray | None:
        """Look at warm-up's step (from 0), at z (chains, free): the new scales (free,) where a window ends with it."""
        if not self._ends or not self._first <= step < self._ends[-1]:
            return None
        self._count += len(z)
        self._sum += z.sum(0)
        self._squares += (z**2).sum(0)
        if step + 1 not in self._ends:
            return None
        variance = self._squares / self._count - (self._sum / self._count) ** 2
        share = self._count / (self._count + _PRIOR_DRAWS)
        self._count = 0
        self._sum, self._squares = np.zeros(self.free), np.zeros(self.free)
        return np.sqrt(share * variance.clip(min=0.0) + (1.0 - share) * _PRIOR_VARIANCE)

    def state(self) -> State:
        """For a checkpoint."""
        return {"window_count": np.asarray(self._count), "window": np.stack((self._sum, self._squares))}

    def restore(self, state: State) -> None:
        """The reverse of `state`."""
        self._count = int(state["window_count"])
        self._sum, self._squares = state["window"].copy()
