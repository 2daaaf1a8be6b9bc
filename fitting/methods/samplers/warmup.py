"""Warm-up of the Hamiltonian samplers: the step size, and the scales of the coordinates.

The step size follows the acceptance by dual averaging (Hoffman & Gelman 2014, J. Mach. Learn. Res. 15, 1593, section
3.2). The scales are those of warm-up's draws, in windows that grow, as Stan has it (Stan Reference Manual, "HMC
algorithm parameters"): nothing is learnt from the first steps, which find the posterior, nor from the last, which
settle the step size. A diagonal mass matrix and scales of the coordinates are the same thing.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from fitting.methods.samplers.chain_store import State

_SHRINKAGE = 0.05
"""γ of Hoffman & Gelman's equations 5 and 6, and their value."""
_STABILIZATION = 10.0
"""t₀ of the same, trajectories, and their value."""
_FORGETTING = 0.75
"""κ of the same, and their value."""
_CENTRE_FACTOR = 2.0
"""Steps are drawn towards this many times the first. In whitened coordinates the first is a good guess: their ten would
be where a short warm-up ends."""
_USUAL_ACCEPTANCE = 0.8
"""Acceptance of a single step that the first step size is brought to, as in Stan's `init_stepsize`."""
_SMALLEST_STEP = 1e-10
"""Step size at which the search for the first gives up: no posterior with a scale of order one is so narrow."""


@dataclass(frozen=True)
class StepSize:
    """Dual averaging of ln ε.

    Attributes:
        target: mean acceptance aimed at.
        longest: no ε is longer.
        current: ε of the next trajectory while it is learnt.
        settled: ε once it is.
        centre: what ln ε is drawn to.
        missed: running mean of the target less the acceptance.
        trials: trajectories so far.
    """

    target: float
    longest: float
    current: float
    final: float
    centre: float
    shortfall: float = 0.0
    trials: int = 0

    @classmethod
    def starting_at(cls, first: float, target: float, longest: float) -> "StepSize":
        """Before any trajectory."""
        first = min(first, longest)
        return cls(target, longest, first, first, math.log(min(_CENTRE_FACTOR * first, longest)))

    def after(self, acceptance: float) -> "StepSize":
        """After a trajectory with such a mean acceptance."""
        trials = self.trials + 1
        share = 1.0 / (trials + _STABILIZATION)
        shortfall = (1.0 - share) * self.shortfall + share * (self.target - acceptance)
        log = min(self.centre - math.sqrt(trials) / _SHRINKAGE * shortfall, math.log(self.longest))
        weight = trials**-_FORGETTING
        final = weight * log + (1.0 - weight) * math.log(self.final)
        current = max(math.exp(log), _SMALLEST_STEP)
        return StepSize(self.target, self.longest, current, math.exp(final), self.centre, shortfall, trials)

    def state(self) -> np.ndarray:
        """For a checkpoint: all fields."""
        fields = (self.target, self.longest, self.current, self.final, self.centre, self.shortfall, self.trials)
        return np.array(fields, dtype=np.float64)

    @classmethod
    def from_state(cls, state: np.ndarray) -> "StepSize":
        """The reverse of `state`."""
        *numbers, trials = state.tolist()
        target, longest, current, final, centre, shortfall = numbers
        return cls(target, longest, current, final, centre, shortfall, int(trials))


def first_step_size(guess: float, longest: float, accepted: Callable[[float], float]) -> float:
    """A step size of the right order: doubled or halved until one step's acceptance crosses the usual one.

    Args:
        guess: where to begin.
        longest: at most.
        accepted: mean acceptance of one step of a size.
    """
    step = min(guess, longest)
    grows = accepted(step) > _USUAL_ACCEPTANCE
    while True:
        following = step * 2.0 if grows else step * 0.5
        if following > longest or following < _SMALLEST_STEP:
            return min(max(following, _SMALLEST_STEP), longest)
        step = following
        if (accepted(step) > _USUAL_ACCEPTANCE) != grows:
            return step


_SHORTEST_WARMUP = 20
"""Steps of warm-up below which no scales are learnt, as in Stan."""
_SHORT_WARMUP = 150
"""Steps of warm-up below which there is one window, 75 % of them after 15 %, as in Stan: the sum of the next three."""
_FIRST_PHASE, _FIRST_WINDOW, _LAST_PHASE = 75, 25, 50
"""Steps that find the posterior, of the first window, and that settle the step size: Stan's defaults."""
_PRIOR_DRAWS = 5.0
"""Draws that the prior of a variance counts as: Stan's regularization."""
_PRIOR_VARIANCE = 1e-3
"""What that prior says: Stan's."""


def window_ends(warmup: int) -> tuple[int, tuple[int, ...]]:
    """The step that the first window begins with, and the numbers of steps after which scales are set anew."""
    if warmup < _SHORTEST_WARMUP:
        return 0, ()
    if warmup < _SHORT_WARMUP:
        return int(0.15 * warmup), (int(0.9 * warmup),)
    ends, at, size, last = [], _FIRST_PHASE, _FIRST_WINDOW, warmup - _LAST_PHASE
    while at < last:
        at = last if at + 3 * size > last else at + size
        ends.append(at)
        size *= 2
    return _FIRST_PHASE, tuple(ends)


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
        """For a checkpoint: the running window's sums."""
        return {"window_count": np.asarray(self._count), "window": np.stack((self._sum, self._squares))}

    def restore(self, state: State) -> None:
        """The reverse of `state`."""
        self._count = int(state["window_count"])
        self._sum, self._squares = state["window"].copy()
