"""Levenberg–Marquardt: damped Gauss–Newton steps within limits; what `lm` runs from each of its starts.

Each step δ solves (JᵀWJ + μ diag(JᵀWJ)) δ = JᵀWr over the parameters that are not held at a limit by the gradient. The
damping μ follows the gain ratio, actual over predicted decrease of χ² (Nielsen 1999, IMM-REP-1999-05, equation 2.4):
smooth after good steps, doubling faster and faster after bad ones. Limits are kept by projection (Kanzow, Yamashita &
Fukushima 2004, J. Comput. Appl. Math. 172, 375).

It stops when the decrease that an undamped step promises is negligible beside the noise (Newton decrement squared,
which is the squared distance to the optimum in standard deviations), so that every parameter is within a small
fraction of its uncertainty of where it would end.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor

from fitting.methods.results import MinimizerResult
from fitting.problem import Equations, Problem

_INITIAL_DAMPING = 1e-2
"""μ of the first step, a share of diag(JᵀWJ); chosen by hand: nearly Gauss–Newton's, yet never of no length."""
_SMALLEST_DAMPING = 1e-9
"""μ below which damping is rounding beside the factor's own; keeps JᵀWJ of degenerate models positive."""
_LARGEST_DAMPING = 1e10
"""μ at which the search gives up: along each axis the step is then 1e-10 of Newton's."""
_LONGEST_STEP = 2.0
"""Step scales (`Problem.step_scale`) by which a parameter moves at most at once: an e-fold of a radius, 30 degrees.
Decision 0010 has the starts from which all fits arrive with it."""


@dataclass(frozen=True)
class State:
    """Where the search is: θ (1, free), the equations there, and the damping with its growth."""

    theta: Tensor
    equations: Equations
    damping: float = _INITIAL_DAMPING
    growth: float = 2.0


def _silent(_iteration: int, _chi2: float, _theta: Tensor) -> None:
    """A report that nobody reads."""


def levenberg_marquardt(
    problem: Problem,
    theta: Tensor,
    *,
    equations: Equations | None = None,
    max_iterations: int = 100,
    tolerance: float = 1e-9,
    report: Callable[[int, float, Tensor], None] = _silent,
) -> MinimizerResult:
    """Minimize χ² from θ (1, free).

    ::

        problem = Problem(request, images)
        end = levenberg_marquardt(problem, problem.start())
        covariance = torch.linalg.inv(end.equations.matrix[0])

    Args:
        problem: what is minimized.
        theta: start, inside the limits.
        equations: at θ, if there are some.
        max_iterations: steps tried before giving up.
        tolerance: of χ², relative, in units in which 1e-9 means a Newton decrement of 1e-5 (0.003 standard deviations).
        report: called with (iteration, χ², θ) before each step; may raise.
    """
    state = State(theta, problem.normal_equations(theta) if equations is None else equations)
    history = [float(state.equations.chi2)]
    evaluations = 1
    if not _finite(state.equations):
        message = "the model or its χ² is too large for a number at the start: check the start values and the data"
        return _end(state, 0, evaluations, history, False, message)
    for iteration in range(max_iterations):
        report(iteration, history[-1], state.theta)
        free = unblocked_parameters(problem, state)
        if newton_decrement(state.equations, free) <= 1e4 * tolerance * max(1.0, 1e-6 * history[-1]):
            return _end(state, iteration, evaluations, history, True, _convergence_message(problem, state))
        if state.damping > _LARGEST_DAMPING:
            message = "no step lowers χ² any further, though its gradient is not zero: the model may be degenerate"
            return _end(state, iteration, evaluations, history, False, message)
        trial = damped_step(problem, state, free)
        equations = problem.normal_equations(trial)
        evaluations += 1
        state, accepted = judge_step(state, trial, equations)
        if accepted:
            history.append(float(equations.chi2))
    report(max_iterations, history[-1], state.theta)
    message = f"not converged after {max_iterations} iterations: continue from here, or allow more with max_iterations"
    return _end(state, max_iterations, evaluations, history, False, message)


class Bounded(Protocol):
    """What a step asks of a problem: how far its parameters may go."""

    @property
    def lower(self) -> Tensor:
        """Lower limits, (free,)."""
        ...

    @property
    def upper(self) -> Tensor:
        """Upper limits, (free,)."""
        ...

    def step_scale(self, theta: Tensor) -> Tensor:
        """A natural length of each parameter at θ (1, free): (free,)."""
        ...


def unblocked_parameters(problem: Bounded, state: State) -> Tensor:
    """Which parameters may move (free,): all but those at a limit that the gradient pushes against."""
    theta, gradient = state.theta[0], state.equations.gradient[0]
    pushed_out = ((theta <= problem.lower) & (gradient < 0.0)) | ((theta >= problem.upper) & (gradient > 0.0))
    felt = state.equations.matrix[0].diagonal() > 0.0
    return ~pushed_out & felt


def newton_decrement(equations: Equations, free: Tensor) -> float:
    """gᵀH⁻¹g over the free parameters: the decrease of χ² that an undamped step promises."""
    step = _solve(equations, free, _SMALLEST_DAMPING)
    return float(equations.gradient[0] @ step)


def damped_step(problem: Bounded, state: State, free: Tensor) -> Tensor:
    """The next θ to try: the damped step, shortened to its longest allowed length and projected into the limits."""
    step = _solve(state.equations, free, state.damping)
    longest = float((step.abs() / problem.step_scale(state.theta)).max())
    if longest > _LONGEST_STEP:
        step = step * (_LONGEST_STEP / longest)
    return torch.minimum(torch.maximum(state.theta + step, problem.lower), problem.upper)


def judge_step(state: State, trial: Tensor, equations: Equations) -> tuple[State, bool]:
    """The state after a trial step, by its gain ratio, and whether the step was taken."""
    step = (trial - state.theta)[0]
    before = state.equations
    predicted = float(step @ (2.0 * before.gradient[0] - before.matrix[0] @ step))
    actual = float(before.chi2 - equations.chi2)
    if not _finite(equations) or predicted <= 0.0 or actual <= 1e-4 * predicted:
        return replace(state, damping=state.damping * state.growth, growth=2.0 * state.growth), False
    shrink = max(0.1, 1.0 - (2.0 * min(actual / predicted, 1.0) - 1.0) ** 3)
    damping = max(state.damping * shrink, _SMALLEST_DAMPING)
    return State(trial, equations, damping), True


def _finite(equations: Equations) -> bool:
    """Whether every number of the equations is one."""
    parts = (equations.chi2, equations.gradient, equations.matrix)
    return all(bool(torch.isfinite(part).all()) for part in parts)


def _solve(equations: Equations, free: Tensor, damping: float) -> Tensor:
    """(H + μ diag H) δ = g over the free parameters, by Cholesky in units in which diag H is one; zero elsewhere."""
    scale = torch.where(free, equations.matrix[0].diagonal().clamp_min(1e-300).rsqrt(), 0.0)
    matrix = equations.matrix[0] * scale * scale[:, None]
    matrix.diagonal().fill_(1.0 + damping)
    factor, failed = torch.linalg.cholesky_ex(matrix)
    while failed:
        matrix.diagonal().add_(max(damping, 1e-10))
        damping = max(2.0 * damping, 2e-10)
        factor, failed = torch.linalg.cholesky_ex(matrix)
    right = (equations.gradient[0] * scale).unsqueeze(-1)
    return torch.cholesky_solve(right, factor).squeeze(-1) * scale


def _convergence_message(problem: Problem, state: State) -> str:
    held = [
        name
        for name, low, high in zip(
            problem.names,
            (state.theta[0] <= problem.lower).tolist(),
            (state.theta[0] >= problem.upper).tolist(),
            strict=True,
        )
        if low or high
    ]
    return "converged" if not held else f"converged, with {', '.join(held)} at a limit"


def _end(
    state: State, iterations: int, evaluations: int, history: list[float], converged: bool, message: str
) -> MinimizerResult:
    return MinimizerResult(state.theta, state.equations, iterations, evaluations, converged, message, tuple(history))
