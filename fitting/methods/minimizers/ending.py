"""Endings: the result of a search without a stopping test, never above its start, and whether it is a minimum.

Whether it is one, the normal equations say, whatever the search was: gᵀH⁻¹g is the decrease of χ² that a Gauss-Newton
step from there promises, the squared distance to the minimum in standard deviations.
"""

from dataclasses import replace

from torch import Tensor

from fitting.methods.minimizers.levenberg_marquardt import TRY, State, newton_decrement, unblocked_parameters
from fitting.methods.results import MinimizerResult
from fitting.problem import Equations, Problem

NEAR = 0.01
"""Squared distance to the minimum, in standard deviations, up to which a search counts as converged: every parameter
is then within a tenth of its uncertainty. `tests/fitting/methods/test_table.py` holds every minimizer to twice that."""


def distance_left(problem: Problem, theta: Tensor, equations: Equations) -> float:
    """By how much a Gauss-Newton step in all parameters at θ (1, free) would still lower χ²."""
    return newton_decrement(equations, unblocked_parameters(problem, State(theta, equations)))


def search_result(  # noqa: PLR0913 - by keyword: each field of a result that the search knows
    problem: Problem,
    start: MinimizerResult,
    theta: Tensor,
    *,
    iterations: int,
    evaluations: int,
    history: tuple[float, ...],
    why: str,
    equations: Equations | None = None,
) -> MinimizerResult:
    """The result at θ (1, free), or at the start if that is better.

    Args:
        history: χ² at the start and after each step.
        why: what ended the search, for the message of one that has not converged.
        equations: at θ, if they are known.
    """
    if equations is None:
        equations, evaluations = problem.normal_equations(theta), evaluations + 1
    if not float(equations.chi2) <= float(start.equations.chi2):
        theta, equations, why = start.theta, start.equations, f"{why}, and no lower chi-squared than at the start"
    left = distance_left(problem, theta, equations)
    if left <= NEAR:
        return MinimizerResult(theta, equations, iterations, evaluations, True, "converged", history)
    further = f"a step in all parameters promises to lower chi-squared by {left:.3g} more"
    message = f"{why}; {further}: add a stage of lm, or {TRY}"
    return MinimizerResult(theta, equations, iterations, evaluations, False, message, history)


def unmoved_result(start: MinimizerResult, message: str) -> MinimizerResult:
    """The start as the end of a search that could not begin."""
    return replace(start, iterations=0, evaluations=0, converged=False, message=message)
