"""Importance sampling, the method `importance`: draws by the covariance at the best fit, weighted to the posterior.

The proposal q is Student's t, or a normal distribution, of the covariance's width about the best fit (Laplace's
approximation; Tierney & Kadane 1986, JASA 81, 82). The weights p/q are smoothed by a generalized Pareto distribution
fitted to the largest of them, whose shape k̂ says whether they may be trusted (Vehtari, Simpson, Gelman, Yao & Gabry
2024, JMLR 25, 72; by ArviZ). As many draws of equal weight are taken from them by systematic resampling. It costs as
many model images as there are draws.

How they are weighted, and what else follows from the weights: `fitting.methods.samplers.weighted_draws`.
"""

import math
import time
from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.methods.progress import StageReport
from fitting.methods.results import MinimizerResult, SamplerResult
from fitting.methods.samplers.chain_store import Shelf
from fitting.methods.samplers.posterior import Posterior
from fitting.methods.samplers.sampling import derived_seed
from fitting.methods.samplers.weighted_draws import ProposedDraws, best_fit, weighted_result
from fitting.methods.samplers.whitening import Whitening, walls_as_scales, whitening
from fitting.problem import Problem
from fitting.spec.methods import ImportanceOptions


def run_importance(
    problem: Problem,
    start: MinimizerResult,
    options: ImportanceOptions,
    report: StageReport,
    *,
    seed: int | None = None,
    shelf: Shelf | None = None,  # noqa: ARG001 - it is over before a checkpoint would be of use
) -> SamplerResult:
    """Draw from the posterior around the best fit; where the start is none yet, `lm` runs first."""
    began = time.perf_counter()
    seed = derived_seed(problem.request.seed if seed is None else seed, "importance")
    generator = torch.Generator().manual_seed(seed)
    best = best_fit(problem, start, options.samples, report)
    posterior = Posterior.of(problem, best.theta)
    chi2 = float(best.equations.chi2)
    posterior.pulse = lambda: report(min(posterior.evaluations, options.samples), options.samples, chi2, best.theta)
    proposal = ImportanceProposal.about(problem, best, options)
    z = proposal.draw(options.samples, generator)
    offset = float(torch.rand((), generator=generator, dtype=torch.float64))
    draws = ProposedDraws(proposal.metric.theta(z), proposal.log_density(z), "the covariance", began)
    return weighted_result(problem, best, posterior, draws, offset)


@dataclass(frozen=True)
class ImportanceProposal:
    """What is drawn from: z (batch, free), in coordinates in which the covariance is one.

    Attributes:
        metric: z to θ.
        freedom: of Student's t; None of a normal distribution.
    """

    metric: Whitening
    freedom: int | None

    @classmethod
    def about(cls, problem: Problem, best: MinimizerResult, options: ImportanceOptions) -> "ImportanceProposal":
        """The one about the best fit."""
        equations = walls_as_scales(best.equations, best.theta, problem.lower, problem.upper)
        metric = whitening(equations, best.theta, "covariance", problem.step_scale(best.theta))
        return cls(metric, options.degrees_of_freedom if options.proposal == "student_t" else None)

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """(count, free)."""
        free = len(self.metric.centre)
        z = torch.randn((count, free), generator=generator, dtype=torch.float64)
        if self.freedom is None:
            return z
        squares = torch.randn((count, self.freedom), generator=generator, dtype=torch.float64).square().sum(1)
        return z * (self.freedom / squares).sqrt().unsqueeze(1)

    def log_density(self, z: Tensor) -> Tensor:
        """ln q by θ, (batch,)."""
        free, squared = z.shape[1], z.square().sum(1)
        volume = float(torch.linalg.slogdet(self.metric.factor).logabsdet)
        if self.freedom is None:
            return -0.5 * (squared + free * math.log(2.0 * math.pi)) - volume
        half = 0.5 * (self.freedom + free)
        peak = math.lgamma(half) - math.lgamma(0.5 * self.freedom) - 0.5 * free * math.log(self.freedom * math.pi)
        return peak - half * (squared / self.freedom).log1p() - volume
