"""Any method that ends in a minimum, with the intervals around it if asked for."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from fitting.methods.progress import StageReport
from fitting.methods.results import MinimizerResult
from fitting.methods.uncertainties.profile_intervals import profile_intervals
from fitting.problem import Problem
from fitting.spec.methods import MinimizerOptions

Options = TypeVar("Options", bound=MinimizerOptions)
Method = Callable[[Problem, MinimizerResult, Options, StageReport], MinimizerResult]


def profiled(method: Method[Options]) -> Method[Options]:
    """The method whose end is a `ProfiledResult` where its options ask for `intervals` and it has converged."""

    def run(problem: Problem, start: MinimizerResult, options: Options, report: StageReport) -> MinimizerResult:
        end = method(problem, start, options, report)
        if options.intervals is False:
            return end
        if not end.converged:
            return replace(end, message=f"{end.message}; so there are no intervals")
        asked = problem.names if options.intervals is True else options.intervals
        return profile_intervals(problem, end, [name for name in problem.names if name in asked], report)

    return run
