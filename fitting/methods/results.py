"""Results: how a method hands over where it ended, and a sampler its chains."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from fitting.chains import Chains, Diagnostics
from fitting.methods.progress import StopAndKeep
from fitting.problem import Equations


@dataclass(frozen=True)
class MinimizerResult:
    """Where a minimizer ended.

    Attributes:
        theta: (1, free).
        equations: at θ.
        iterations: accepted and refused steps.
        evaluations: of the model.
        converged: whether the stopping test held.
        message: why it stopped, for people.
        chi2_history: χ² at the start and after each accepted step.
    """

    theta: Tensor
    equations: Equations
    iterations: int
    evaluations: int
    converged: bool
    message: str
    chi2_history: tuple[float, ...]


@dataclass(frozen=True)
class SamplerResult(MinimizerResult):
    """Where a sampler ended: what a minimizer's result says, and the chains.

    Attributes:
        theta: the point of lowest χ² among the start and all draws, (1, free).
        iterations: moves of every chain, warm-up included.
        evaluations: of the model, θ counted one by one.
        converged: whether the diagnostics let the chains be trusted.
        message: what the diagnostics say, for people.
        chi2_history: mean χ² of the chains, at most a few hundred times over the run.
        chains: the draws.
        diagnostics: of the draws.
    """

    chains: Chains
    diagnostics: Diagnostics


class SamplingStopped(StopAndKeep):
    """A sampler was stopped, or failed, on the way.

    Attributes:
        cause: what stopped it.
        partial_result: gives the draws so far, or before the first one the best point, given why it stopped in a few
            words; takes an evaluation or two.
    """

    def __init__(self, cause: Exception, partial_result: Callable[[str], MinimizerResult]) -> None:
        super().__init__()
        self.cause = cause
        self.partial_result = partial_result
