"""The step size of Hamiltonian samplers, learnt in warm-up (Hoffman & Gelman 2014, section 3.2)."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

_SHRINKAGE = 0.05
_STABILIZATION = 10.0
_FORGETTING = 0.75
"""γ, t₀ and κ of their equations 5 and 6."""
_BOLD = 2.0
"""Steps are drawn towards this many times the first. In whitened coordinates the first is a good guess: their ten would
be where a short warm-up ends."""
_USUAL = 0.8
_SMALLEST = 1e-10


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
    settled: float
    centre: float
    missed: float = 0.0
    trials: int = 0

    @classmethod
    def beginning(cls, first: float, target: float, longest: float) -> "StepSize":
        """Before any trajectory."""
        first = min(first, longest)
        return cls(target, longest, first, first, math.log(min(_BOLD * first, longest)))

    def learnt(self, acceptance: float) -> "StepSize":
        """After a trajectory with such a mean acceptance."""
        trials = self.trials + 1
        share = 1.0 / (trials + _STABILIZATION)
        missed = (1.0 - share) * self.missed + share * (self.target - acceptance)
        log = min(self.centre - math.sqrt(trials) / _SHRINKAGE * missed, math.log(self.longest))
        weight = trials**-_FORGETTING
        settled = weight * log + (1.0 - weight) * math.log(self.settled)
        current = max(math.exp(log), _SMALLEST)
        return StepSize(self.target, self.longest, current, math.exp(settled), self.centre, missed, trials)

    def state(self) -> np.ndarray:
        """For a checkpoint: all fields."""
        fields = (self.target, self.longest, self.current, self.settled, self.centre, self.missed, self.trials)
        return np.array(fields, dtype=np.float64)

    @classmethod
    def restored(cls, state: np.ndarray) -> "StepSize":
        """The reverse of `state`."""
        *numbers, trials = state.tolist()
        target, longest, current, settled, centre, missed = numbers
        return cls(target, longest, current, settled, centre, missed, int(trials))


def first_step_size(guess: float, longest: float, accepted: Callable[[float], float]) -> float:
    """A step size of the right order: doubled or halved until one step's acceptance crosses the usual one.

    Args:
        guess: where to begin.
        longest: at most.
        accepted: mean acceptance of one step of a size.
    """
    step = min(guess, longest)
    grows = accepted(step) > _USUAL
    while True:
        following = step * 2.0 if grows else step * 0.5
        if following > longest or following < _SMALLEST:
            return min(max(following, _SMALLEST), longest)
        step = following
        if (accepted(step) > _USUAL) != grows:
            return step
