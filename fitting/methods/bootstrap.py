"""Bootstrap: the spread of the fits to resampled images, each started from the optimum, all in one batch.

Every copy is fitted by its own damped Gauss-Newton steps (as `fitting.methods.levenberg_marquardt`, Nielsen's damping,
limits by projection), with all copies that still move evaluated together. Its spread needs neither correct variances
nor a model that is right; the covariance needs both.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.methods.ending import NEAR, distance_left
from fitting.methods.levenberg_marquardt import MinimizerResult, levenberg_marquardt
from fitting.methods.progress import StageReport
from fitting.problem import NormalEquations, Problem
from fitting.problem.resampling import ResampledProblem
from fitting.spec.optimizer_options import BootstrapOptions

_DONE = 1e-4
"""Squared distance to a copy's minimum, in standard deviations, at which it is fitted."""
_LARGEST_DAMPING = 1e10


@dataclass(frozen=True)
class BootstrapResult(MinimizerResult):
    """The optimum, and where the resampled images' fits ended.

    Attributes:
        samples: θ of each copy that converged, (copies, free).
        failed: how many copies did not.
    """

    samples: Tensor
    failed: int

    def values(self, problem: Problem) -> Tensor:
        """The copies' parameters as reported: (copies, parameters of the table)."""
        return problem.parameters.values(self.samples).physical

    def covariance(self, problem: Problem) -> Tensor:
        """Covariance over the copies of every row of the table, (parameters, parameters)."""
        return torch.atleast_2d(torch.cov(self.values(problem).T))


def bootstrap(
    problem: Problem, start: MinimizerResult, options: BootstrapOptions, report: StageReport
) -> BootstrapResult:
    """Fit resampled images from the optimum; θ stays there.

    Args:
        problem: on the images as they are.
        start: the optimum; where it is not yet one, `lm` runs first.
        options: how many copies, most steps, seed.
        report: called with (step, most steps, χ², the optimum) before each piece of work; may raise.
    """
    most = options.max_iterations
    optimum = _optimum(problem, start, lambda _, chi2, theta: report(0, most, chi2, theta))
    chi2 = float(optimum.equations.chi2)
    seed = problem.request.seed if options.seed is None else options.seed
    resampled = ResampledProblem(problem, options.samples, torch.Generator().manual_seed(seed))
    refits = _Refits(problem, resampled, optimum.theta, lambda step: report(step, most, chi2, optimum.theta))
    steps = refits.run(most)
    samples = refits.theta[refits.done]
    failed = options.samples - len(samples)
    message = f"{len(samples)} resampled images fitted" + (f", and {failed} that did not converge" if failed else "")
    return BootstrapResult(
        optimum.theta,
        optimum.equations,
        steps,
        refits.evaluations,
        optimum.converged and failed <= 0.05 * options.samples,
        message if optimum.converged else f"{message}; the fit itself: {optimum.message}",
        optimum.chi2_history,
        samples,
        failed,
    )


def _optimum(problem: Problem, start: MinimizerResult, report: Callable[[int, float, Tensor], None]) -> MinimizerResult:
    if distance_left(problem, start.theta, start.equations) <= NEAR:
        history = (float(start.equations.chi2),)
        return MinimizerResult(start.theta, start.equations, 0, 0, True, "converged", history)
    return levenberg_marquardt(problem, start.theta, report=report)


class _Refits:
    """The copies under way: θ, equations and damping of each."""

    def __init__(
        self, problem: Problem, resampled: ResampledProblem, theta: Tensor, report: Callable[[int], None]
    ) -> None:
        self._problem = problem
        self._resampled = resampled
        self._report = report
        copies = resampled.samples
        everyone = torch.arange(copies, device=theta.device)
        self._equations = resampled.normal_equations(theta, everyone, lambda: report(0))
        self.theta = theta.expand(copies, -1).clone()
        self._damping = torch.full((copies,), 1e-6, dtype=torch.float64, device=theta.device)
        self._growth = torch.full_like(self._damping, 2.0)
        self.done = torch.zeros(copies, dtype=torch.bool, device=theta.device)
        self.evaluations = 1

    def run(self, most: int) -> int:
        """Step every copy until it is done or given up; says how many steps that took."""
        for step in range(most):
            self._report(step)
            free = self._free()
            newton = damped_steps(self._equations, free, torch.full_like(self._damping, 1e-9))
            self.done = (self._equations.gradient * newton).sum(-1) <= _DONE
            moving = (~self.done & (self._damping <= _LARGEST_DAMPING)).nonzero().flatten()
            if len(moving) == 0:
                return step
            self._step(moving, free, step)
        return most

    def _step(self, moving: Tensor, free: Tensor, number: int) -> None:
        here = self._of(moving)
        step = damped_steps(here, free[moving], self._damping[moving])
        trial = self.theta[moving] + step
        trial = torch.minimum(torch.maximum(trial, self._problem.lower), self._problem.upper)
        there = self._resampled.normal_equations(trial, moving, lambda: self._report(number))
        self.evaluations += len(moving)
        step = trial - self.theta[moving]
        curved = (here.matrix @ step.unsqueeze(-1)).squeeze(-1)
        predicted = (step * (2.0 * here.gradient - curved)).sum(-1)
        actual = here.chi2 - there.chi2
        good = torch.isfinite(there.matrix).flatten(1).all(-1) & (predicted > 0.0) & (actual > 1e-4 * predicted)
        self._accept(moving[good], trial[good], there, good, (actual / predicted)[good])
        bad = moving[~good]
        self._damping[bad] *= self._growth[bad]
        self._growth[bad] *= 2.0

    def _accept(self, copies: Tensor, trial: Tensor, there: NormalEquations, good: Tensor, gain: Tensor) -> None:
        self.theta[copies] = trial
        for field in ("chi2", "gradient", "matrix"):
            getattr(self._equations, field)[copies] = getattr(there, field)[good]
        shrink = (1.0 - (2.0 * gain.clamp_max(1.0) - 1.0) ** 3).clamp_min(0.1)
        self._damping[copies] = (self._damping[copies] * shrink).clamp_min(1e-9)
        self._growth[copies] = 2.0

    def _of(self, copies: Tensor) -> NormalEquations:
        equations = self._equations
        return NormalEquations(equations.chi2[copies], equations.gradient[copies], equations.matrix[copies])

    def _free(self) -> Tensor:
        """Which parameters of each copy may move, (copies, free)."""
        gradient, lower, upper = self._equations.gradient, self._problem.lower, self._problem.upper
        pushed = ((self.theta <= lower) & (gradient < 0.0)) | ((self.theta >= upper) & (gradient > 0.0))
        return ~pushed & (self._equations.matrix.diagonal(dim1=-2, dim2=-1) > 0.0)


def damped_steps(equations: NormalEquations, free: Tensor, damping: Tensor) -> Tensor:
    """(H + μ diag H) δ = g for a batch, over each one's free parameters; zero elsewhere, and where H has no factor.

    Args:
        equations: of the batch.
        free: (batch, parameters), which may move.
        damping: μ, (batch,).
    """
    diagonal = equations.matrix.diagonal(dim1=-2, dim2=-1)
    scale = torch.where(free, diagonal.clamp_min(1e-300).rsqrt(), 0.0)
    matrix = equations.matrix * scale.unsqueeze(-1) * scale.unsqueeze(-2)
    matrix.diagonal(dim1=-2, dim2=-1).copy_(1.0 + damping.unsqueeze(-1))
    factor, failed = torch.linalg.cholesky_ex(matrix)
    lift = 1e-10
    while bool(failed.any()) and lift < 1.0:
        matrix.diagonal(dim1=-2, dim2=-1).add_((failed > 0).unsqueeze(-1) * lift)
        lift *= 10.0
        factor, failed = torch.linalg.cholesky_ex(matrix)
    step = torch.cholesky_solve((equations.gradient * scale).unsqueeze(-1), factor).squeeze(-1) * scale
    return torch.where((failed > 0).unsqueeze(-1), 0.0, step)
