"""Fitting methods, one file each, and the table that names them.

A runner takes the problem, a start θ (1, free), the stage's options and a report (iteration, most iterations, χ²), and
returns where it ended.
"""

from collections.abc import Callable

from torch import Tensor

from fitting.methods.levenberg_marquardt import MinimizerResult, levenberg_marquardt
from fitting.problem import Problem
from fitting.spec import LmOptions

StageReport = Callable[[int, int, float], None]


def _run_lm(problem: Problem, theta: Tensor, options: LmOptions, report: StageReport) -> MinimizerResult:
    return levenberg_marquardt(
        problem,
        theta,
        max_iterations=options.max_iterations,
        tolerance=options.tolerance,
        report=lambda iteration, chi2: report(iteration, options.max_iterations, chi2),
    )


METHOD_RUNNERS: dict[str, Callable[..., MinimizerResult]] = {"lm": _run_lm}
"""How each method of a request's stages is run."""
