"""Importance sampling, the method `importance`: draws by the covariance at the best fit, weighted to the posterior.

The proposal q is Student's t, or a normal distribution, of the covariance's width about the best fit (Laplace's
approximation; Tierney & Kadane 1986, JASA 81, 82). The weights p/q are smoothed by a generalized Pareto distribution
fitted to the largest of them, whose shape k̂ says whether they may be trusted (Vehtari, Simpson, Gelman, Yao & Gabry
2024, JMLR 25, 72; by ArviZ). As many draws of equal weight are taken from them by systematic resampling. It costs as
many model images as there are draws.

The mean of the weights as they are is the evidence, Z = ∫ L π dp over the reported parameters. It is given where
every free parameter has a prior or limits on both sides, within which a flat prior has a density.

θ covers some models more than once: angles that turn round, and ellipses that may pass through roundness
(`fitting.methods.samplers.posterior`). Draws count within half a turn of the best fit, or a quarter where axes swap:
each model is met once there.
"""

import math
import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fitting.chains import Chains, Diagnostics, SmoothedWeights, diagnose_weights
from fitting.methods.minimizers import NEAR, distance_left, levenberg_marquardt
from fitting.methods.progress import StageReport
from fitting.methods.results import MinimizerResult, SamplerResult
from fitting.methods.samplers.chain_store import Shelf
from fitting.methods.samplers.posterior import Posterior
from fitting.methods.samplers.sampling import derived_seed
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
    best = _best_fit(problem, start, options, report)
    posterior = Posterior.of(problem, best.theta)
    chi2 = float(best.equations.chi2)
    posterior.pulse = lambda: report(min(posterior.evaluations, options.samples), options.samples, chi2, best.theta)
    proposal = ImportanceProposal.about(problem, best, options)
    z = proposal.draw(options.samples, generator)
    theta = proposal.metric.theta(z)
    density = posterior.density(theta)
    log_weights = density.log_density - proposal.log_density(z)
    log_weights = torch.where(_met_once(problem, theta, best.theta), log_weights, -torch.inf)
    weights = SmoothedWeights.of(log_weights.numpy())
    chosen = torch.from_numpy(weights.resampled(float(torch.rand((), generator=generator, dtype=torch.float64))))
    missing, constant = _log_constant(problem, best.theta)
    diagnostics = diagnose_weights(
        weights,
        problem.names,
        posterior.draws(theta).numpy(),
        time.perf_counter() - began,
        None if missing else weights.log_mean + constant,
    )
    chains = Chains(
        problem.names,
        posterior.draws(theta[chosen]).numpy()[None],
        -0.5 * density.chi2[chosen].numpy()[None],
        np.ones((1, options.samples)),
        None,
        None,
        np.ones(1),
        time.perf_counter() - began,
    )
    return _result(best, theta, density.chi2, chains, diagnostics, missing)


def _best_fit(
    problem: Problem, start: MinimizerResult, options: ImportanceOptions, report: StageReport
) -> MinimizerResult:
    if distance_left(problem, start.theta, start.equations) <= NEAR:
        return start
    return levenberg_marquardt(
        problem, start.theta, report=lambda _, chi2, theta: report(0, options.samples, chi2, theta)
    )


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


def _met_once(problem: Problem, theta: Tensor, centre: Tensor) -> Tensor:
    """Which θ (batch, free) are so near to the centre (1, free), by their angles, that none is another: (batch,)."""
    swapping = {ellipse.pa for ellipse in problem.parameters.ellipses}
    widths = [
        (row.description.period or math.inf) * (0.25 if place in swapping else 0.5)
        for place, row in enumerate(problem.parameters.free)
    ]
    return ((theta - centre).abs() <= theta.new_tensor(widths)).all(1)


def _log_constant(problem: Problem, theta: Tensor) -> tuple[list[str], float]:
    """Free parameters without a density of their own, and what ln L + ln π is beyond −½ of the objective."""
    missing, constant = [], 0.0
    for row in problem.parameters.free:
        if row.prior is not None:
            continue
        turn = row.description.period if row.turns else None
        width = turn if turn is not None else math.inf
        if turn is None and row.min is not None and row.max is not None:
            width = row.max - row.min
        if math.isfinite(width):
            constant -= math.log(width)
        else:
            missing.append(row.name)
    values = problem.parameters.values(theta)
    constant += float(problem.priors.log_density(values) + 0.5 * problem.priors.value(values))
    for image in problem.images:
        constant += float(image.likelihood.log_normalization(image.all_pixels).sum())
    return missing, constant


def _result(
    best: MinimizerResult, theta: Tensor, chi2: Tensor, chains: Chains, diagnostics: Diagnostics, missing: list[str]
) -> SamplerResult:
    message = diagnostics.summary
    if missing:
        message += f"; no evidence, as these have neither a prior nor limits on both sides: {', '.join(missing)}"
    return SamplerResult(
        best.theta,
        best.equations,
        len(theta),
        len(theta) + best.evaluations,
        diagnostics.trustworthy,
        message,
        (float(best.equations.chi2), float(chi2[torch.isfinite(chi2)].mean())),
        chains,
        diagnostics,
    )
