"""Weighted draws: proposals of any distribution whose density is known, weighted to the posterior.

The weights p/q are smoothed by a generalized Pareto distribution fitted to the largest of them, whose shape k̂ says
whether they may be trusted (Vehtari, Simpson, Gelman, Yao & Gabry 2024, JMLR 25, 72; by ArviZ), and whether q is like
the posterior at all (Yao, Vehtari, Simpson & Gelman 2018, ICML). As many draws of equal weight are taken from them by
systematic resampling.

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
from fitting.methods.samplers.posterior import Posterior
from fitting.problem import Problem


@dataclass(frozen=True)
class ProposedDraws:
    """Draws of a distribution q.

    Attributes:
        theta: (draws, free).
        log_density: ln q by θ, (draws,).
        of: what q is, for sentences.
        began: when the stage did, a `time.perf_counter`.
        weighted: whether the result has draws by their weights, or those that were proposed.
        remark: said beside the verdict.
    """

    theta: Tensor
    log_density: Tensor
    of: str
    began: float
    weighted: bool = True
    remark: str = ""


def best_fit(problem: Problem, start: MinimizerResult, total: int, report: StageReport) -> MinimizerResult:
    """The start where it is one, else what `lm` finds; `total` is what reports count up to."""
    if distance_left(problem, start.theta, start.equations) <= NEAR:
        return start
    return levenberg_marquardt(problem, start.theta, report=lambda _, chi2, theta: report(0, total, chi2, theta))


def weighted_result(
    problem: Problem, best: MinimizerResult, posterior: Posterior, draws: ProposedDraws, offset: float
) -> SamplerResult:
    """What a sampler hands over whose draws were proposed about the best fit.

    Args:
        offset: of the systematic resampling, 0 … 1.
    """
    theta, count = draws.theta, len(draws.theta)
    density = posterior.density(theta)
    log_weights = density.log_density - draws.log_density
    log_weights = torch.where(_met_once(problem, theta, best.theta), log_weights, -torch.inf)
    weights = SmoothedWeights.of(log_weights.numpy())
    chosen = torch.from_numpy(weights.resampled(offset)) if draws.weighted else torch.arange(count)
    missing, constant = _log_constant(problem, best.theta)
    seconds = time.perf_counter() - draws.began
    reported = posterior.draws(theta)
    diagnostics = diagnose_weights(
        weights,
        problem.names,
        reported.numpy(),
        seconds,
        None if missing else weights.log_mean + constant,
        draws.of,
    )
    chains = Chains(
        problem.names,
        reported[chosen].numpy()[None],
        -0.5 * density.chi2[chosen].numpy()[None],
        np.ones((1, count)),
        None,
        None,
        np.ones(1),
        seconds,
    )
    return _result(best, draws, density.chi2, chains, diagnostics, missing, posterior.evaluations + best.evaluations)


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
    best: MinimizerResult,
    draws: ProposedDraws,
    chi2: Tensor,
    chains: Chains,
    diagnostics: Diagnostics,
    missing: list[str],
    evaluations: int,
) -> SamplerResult:
    message = diagnostics.summary + (f"; {draws.remark}" if draws.remark else "")
    if missing:
        message += f"; no evidence, as these have neither a prior nor limits on both sides: {', '.join(missing)}"
    return SamplerResult(
        best.theta,
        best.equations,
        len(draws.theta),
        evaluations,
        diagnostics.trustworthy,
        message,
        (float(best.equations.chi2), float(chi2[torch.isfinite(chi2)].mean())),
        chains,
        diagnostics,
    )
