"""How a sampler hands its chains over."""

from dataclasses import dataclass

from torch import Tensor

from fitting.chains import Chains, Diagnostics
from fitting.problem import NormalEquations


@dataclass(frozen=True)
class SamplerResult:
    """Where a sampler ended; like a minimizer's result, with chains.

    Attributes:
        theta: the point of lowest χ² among the start and all draws, (1, free).
        equations: at θ.
        iterations: moves of every chain, warm-up included.
        evaluations: of the model, θ counted one by one.
        converged: whether the diagnostics let the chains be trusted.
        message: what the diagnostics say, for people.
        chi2_history: mean χ² of the chains, at most a few hundred times over the run.
        chains: the draws.
        diagnostics: of the draws.
    """

    theta: Tensor
    equations: NormalEquations
    iterations: int
    evaluations: int
    converged: bool
    message: str
    chi2_history: tuple[float, ...]
    chains: Chains
    diagnostics: Diagnostics
