"""Bootstrap: the spread of the fits to resampled images, each started from the optimum, all in one batch.

Every copy is fitted by its own damped Gauss-Newton steps, with all copies that still move evaluated together
(`fitting.methods.uncertainties.refits`). Its spread needs neither correct variances nor a model that is right; the
covariance needs both.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.methods.minimizers import NEAR, distance_left, felt_parameters, levenberg_marquardt
from fitting.methods.progress import StageReport
from fitting.methods.results import MinimizerResult
from fitting.methods.uncertainties.refits import Refits
from fitting.problem import NormalEquations, Problem
from fitting.problem.resampling import ResampledProblem
from fitting.spec.methods import BootstrapOptions


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
    tell = _RepeatableReport(lambda step: report(step, most, chi2, optimum.theta))

    def evaluate(theta: Tensor, copies: Tensor) -> NormalEquations:
        return resampled.normal_equations(theta, copies, tell.repeat)

    everyone = torch.arange(options.samples)
    theta = optimum.theta.expand(options.samples, -1)
    moving = felt_parameters(problem, optimum.theta, optimum.equations)
    lower, upper = (torch.where(moving, limit, optimum.theta[0]) for limit in (problem.lower, problem.upper))
    refits = Refits(evaluate, theta, evaluate(optimum.theta, everyone), lower, upper)
    steps = refits.run(most, tell)
    samples = refits.theta[refits.converged]
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


class _RepeatableReport:
    """A report of steps that can be made again between pieces of work."""

    def __init__(self, report: Callable[[int], None]) -> None:
        self._report, self._step = report, 0

    def __call__(self, step: int) -> None:
        self._step = step
        self._report(step)

    def repeat(self) -> None:
        """Make the last report once more."""
        self._report(self._step)
