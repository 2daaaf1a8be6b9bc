"""The method `lm`: Levenberg–Marquardt from one start or several, and intervals around the best end if asked for."""

from dataclasses import replace

from fitting.methods.levenberg_marquardt import MinimizerResult
from fitting.methods.profile_intervals import profile_intervals
from fitting.methods.progress import StageReport
from fitting.methods.restarts import lm_with_restarts
from fitting.problem import Problem
from fitting.spec.optimizer_options import LmOptions


def lm(problem: Problem, start: MinimizerResult, options: LmOptions, report: StageReport) -> MinimizerResult:
    """Minimize χ²; with `intervals` a `ProfiledResult`, unless it has not converged.

    Args:
        problem: what is minimized.
        start: the first start.
        options: those of `lm_with_restarts`, and for which parameters to find intervals.
        report: called with (iteration, most iterations, χ², θ) before each step; may raise.
    """
    end = lm_with_restarts(problem, start, options, report)
    if options.intervals is False:
        return end
    if not end.converged:
        return replace(end, message=f"{end.message}; so there are no intervals")
    asked = problem.names if options.intervals is True else options.intervals
    return profile_intervals(problem, end, [name for name in problem.names if name in asked], report)
