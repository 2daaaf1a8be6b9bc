"""Levenberg–Marquardt: damped Gauss–Newton steps within limits; what `lm` runs from each of its starts.

Each step δ solves (JᵀWJ + S + μ diag(JᵀWJ)) δ = JᵀWr over the parameters that the data feel and that are not held at a
limit by the gradient. S, the curvature that comes from the residual, is learnt from the steps (Dennis, Gay & Welsch
1981, ACM TOMS 7, 348: NL2SOL) and used where it would have foretold the last step better than none. The damping μ
follows the gain ratio, actual over predicted decrease of χ² (Nielsen 1999, IMM-REP-1999-05, equation 2.4): smooth after
good steps, doubling faster and faster after bad ones. Limits are kept by projection (Kanzow, Yamashita & Fukushima
2004, J. Comput. Appl. Math. 172, 375).

Where steps creep along a bent valley, the parabola through the last of them is followed far ahead
(`fitting.methods.minimizers.valley_path`).

It stops when the decrease that an undamped step promises is negligible beside the noise (Newton decrement squared,
which is the squared distance to the optimum in standard deviations), so that every parameter is within a small
fraction of its uncertainty of where it would end; or, in a flat valley, when several steps together lower χ² by less
than a hundredth.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor

from fitting.methods.minimizers.valley_path import ValleyPath
from fitting.methods.results import MinimizerResult
from fitting.problem import Equations, Problem
from fitting.spec.counts import counted

TRY = "leave values out, so that they are found in the image, add restarts, or widen the limits"
"""What users may try where a fit found no minimum."""

_INITIAL_DAMPING = 1e-2
"""μ of the first step, a share of diag(JᵀWJ); chosen by hand: nearly Gauss–Newton's, yet never of no length."""
_SMALLEST_DAMPING = 1e-9
"""μ below which damping is rounding beside the factor's own; keeps JᵀWJ of degenerate models positive."""
_LARGEST_DAMPING = 1e10
"""μ at which the search gives up: along each axis the step is then 1e-10 of Newton's."""
_LONGEST_STEP = 2.0
"""Step scales (`Problem.step_scale`) by which a parameter moves at most at once: an e-fold of a radius, 30 degrees.
Decision 0010 has the starts from which all fits arrive with it."""
_SHORTENED = 0.25
"""Share of a whole step, from which it is shortened for its longest parameter's sake. Where less would be left of it,
that parameter stops at its longest, and the others go on without it."""
_MOST_STOPPED = 16
"""Parameters that stop so in one step; solving for the others anew takes the time of a small matrix each."""
_UNFELT = 1e-2
"""Change of χ² up to which a parameter's longest step is not felt, and the parameter is held."""
_QUIET_STEPS = 8
"""Steps over which χ² is watched for whether it still falls; chosen by hand: fewer would end in narrow valleys."""
_QUIET = 1e-2
"""In so many steps, refused ones among them, χ² falls by more than this, a tenth of a standard deviation, or it is the
end; for tolerance 1e-9 and a reduced χ² of one."""
_MOST_CROSSINGS = 4
"""Times that a search goes on from the other side of an angle's gap or of roundness, so that it comes to an end."""
_CORRECTIONS = 2
"""Steps that lead back to the valley's floor from there."""
_FARTHEST = 20.0
"""Step scales by which no parameter is taken farther ahead, ten e-folds of a radius: beyond these no model is one."""
_SAME = 1e-9
"""Relative difference of χ² up to which two models are one: rounding of its sum."""


@dataclass(frozen=True)
class State:
    """Where the search is.

    Attributes:
        theta: (1, free).
        equations: at θ.
        damping, growth: μ, and its factor after the next refused step.
        bend: S, (free, free), once a step was taken.
        bent: whether the next step goes by it.
    """

    theta: Tensor
    equations: Equations
    damping: float = _INITIAL_DAMPING
    growth: float = 2.0
    bend: Tensor | None = None
    bent: bool = False

    @property
    def matrix(self) -> Tensor:
        """Half the curvature of χ² that the next step goes by, (free, free)."""
        matrix = self.equations.matrix[0]
        return matrix + self.bend if self.bent and self.bend is not None else matrix


def _silent(_iteration: int, _chi2: float, _theta: Tensor) -> None:
    """A report that nobody reads."""


def levenberg_marquardt(
    problem: Problem,
    theta: Tensor,
    *,
    equations: Equations | None = None,
    max_iterations: int = 100,
    tolerance: float = 1e-9,
    moving: Tensor | None = None,
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
        moving: which parameters may move, (free,); all where None.
        report: called with (iteration, χ², θ) before each step; may raise.
    """
    state = State(theta, problem.normal_equations(theta) if equations is None else equations)
    finite = _finite(state.equations)
    history = [float(state.equations.chi2)]
    evaluations = 1
    lately, crossings = list(history), 0
    if not finite:
        message = "the model or its χ² is too large for a number at the start: check the data, or leave values out"
        return _end(state, 0, evaluations, history, False, message)
    path = ValleyPath((theta,))
    iteration = 0
    while iteration < max_iterations:
        report(iteration, history[-1], state.theta)
        free = _moving(problem, state, moving)
        if newton_decrement(state.equations, free) <= 1e4 * tolerance * max(1.0, 1e-6 * history[-1]):
            if crossings < _MOST_CROSSINGS and (other := _other_side(problem, state)) is not None:
                state, crossings, lately = other, crossings + 1, []
                history.append(float(state.equations.chi2))
                path = ValleyPath((state.theta,))
                continue
            return _end(state, iteration, evaluations, history, True, _convergence_message(problem, state))
        if state.damping > _LARGEST_DAMPING:
            message = (
                f"no step lowers χ² any further, though its gradient is not zero: the model may be degenerate; {TRY}"
            )
            return _end(state, iteration, evaluations, history, False, message)
        if iteration + 1 + _CORRECTIONS <= max_iterations and path.creeps(state.equations, history):
            beyond = _far_step(problem, state, path.ahead(state.equations), moving)
            iteration += 1 + _CORRECTIONS
            evaluations += 1 + _CORRECTIONS
            lower = float(beyond.equations.chi2) < history[-1]
            state, path = (beyond, path.reached(beyond.theta)) if lower else (state, path.missed(state.theta))
            history.append(float(state.equations.chi2))
            lately.append(history[-1])
            continue
        trial = damped_step(problem, state, free)
        equations = problem.normal_equations(trial)
        evaluations += 1
        iteration += 1
        state, accepted = judge_step(state, trial, equations)
        if accepted:
            history.append(float(equations.chi2))
        path = path.stepped(state.theta) if accepted else ValleyPath((state.theta,), path.reach)
        lately.append(history[-1])
        if _is_flat(lately, tolerance, problem.degrees_of_freedom):
            return _end(state, iteration, evaluations, history, True, _convergence_message(problem, state))
    report(iteration, history[-1], state.theta)
    message = f"not converged after {counted(max_iterations, 'iteration')}: allow more with max_iterations, or {TRY}"
    return _end(state, iteration, evaluations, history, False, message)


def _moving(problem: Problem, state: State, moving: Tensor | None) -> Tensor:
    """Which parameters the next step may move, (free,)."""
    free = unblocked_parameters(problem, state)
    return free if moving is None else free & moving


def _far_step(problem: Problem, state: State, ahead: Tensor, moving: Tensor | None) -> State:
    """The search from far ahead (1, free), back on the valley's floor after a few steps with the damping of before."""
    farthest = _FARTHEST * problem.step_scale(state.theta)
    ahead = state.theta + torch.minimum(torch.maximum(ahead - state.theta, -farthest), farthest)
    theta = torch.minimum(torch.maximum(ahead, problem.lower), problem.upper)
    beyond = State(theta, problem.normal_equations(theta), state.damping)
    for _ in range(_CORRECTIONS):
        if not _finite(beyond.equations):
            break
        theta = damped_step(problem, beyond, _moving(problem, beyond, moving))
        beyond = State(theta, problem.normal_equations(theta), state.damping)
    return beyond


def _other_side(problem: Problem, state: State) -> State | None:
    """The search from the other limit of an angle that has come to one, if χ² is lower there; or with an ellipse turned
    that would be longer across than along, if that is open to it then.
    """
    for theta in problem.parameters.other_ends(state.theta):
        equations = problem.normal_equations(theta)
        if float(equations.chi2) < float(state.equations.chi2):
            return State(theta, equations)
    for place, theta in problem.parameters.turned_round_ellipses(state.theta):
        if float(state.equations.gradient[0, place]) > 0.0:
            equations = problem.normal_equations(theta)
            same = abs(float(equations.chi2) / float(state.equations.chi2) - 1.0) < _SAME
            if same and float(equations.gradient[0, place]) < 0.0:
                return State(theta, equations)
    return None


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

    def felt_scale(self, theta: Tensor) -> Tensor:
        """How far each parameter may sensibly lie from θ (1, free): (free,)."""
        ...


def unblocked_parameters(problem: Bounded, state: State) -> Tensor:
    """Which parameters may move (free,): those that are felt, and not at a limit that the gradient pushes against."""
    theta, gradient = state.theta[0], state.equations.gradient[0]
    pushed_out = ((theta <= problem.lower) & (gradient < 0.0)) | ((theta >= problem.upper) & (gradient > 0.0))
    return ~pushed_out & felt_parameters(problem, state.theta, state.equations)


def felt_parameters(problem: Bounded, theta: Tensor, equations: Equations) -> Tensor:
    """Which parameters the data feel at θ (1, free): those whose longest step would change χ² at all, (free,)."""
    curvature = equations.matrix[0].diagonal()
    longest = _LONGEST_STEP * problem.felt_scale(theta)
    change = (2.0 * equations.gradient[0].abs() + curvature * longest) * longest
    return (curvature > 0.0) & ~(change < _UNFELT)


def newton_decrement(equations: Equations, free: Tensor) -> float:
    """gᵀH⁻¹g over the free parameters: the decrease of χ² that an undamped step promises."""
    step = _solve(equations, free, _SMALLEST_DAMPING)
    return float(equations.gradient[0] @ step)


def damped_step(problem: Bounded, state: State, free: Tensor) -> Tensor:
    """The next θ to try: the damped step inside the longest ones and projected into the limits.

    A step is shortened as a whole where one parameter goes somewhat too far. One that would go far too far must not
    hold up the others: it stops, and they take the step that is best with it there.
    """
    longest = _LONGEST_STEP * problem.step_scale(state.theta)
    step = torch.zeros_like(longest)
    moving = free.clone()
    for _ in range(_MOST_STOPPED):
        wanted = _solve(state.equations, moving, state.damping, step, state.bend if state.bent else None)
        way = wanted - step
        room = (torch.where(way > 0.0, longest, -longest) - step) / way
        share = torch.where(moving & (way != 0.0), room, torch.inf)
        first = int(share.argmin())
        if float(share[first]) >= 1.0:
            step = wanted
            break
        step = torch.where(moving, step + float(share[first]) * way, step)
        if float(share[first]) >= _SHORTENED:
            break
        moving[first] = False
    return torch.minimum(torch.maximum(state.theta + step, problem.lower), problem.upper)


def judge_step(state: State, trial: Tensor, equations: Equations) -> tuple[State, bool]:
    """The state after a trial step, by its gain ratio, and whether the step was taken."""
    step = (trial - state.theta)[0]
    before = state.equations
    predicted = float(step @ (2.0 * before.gradient[0] - state.matrix @ step))
    actual = float(before.chi2 - equations.chi2)
    if not _finite(equations) or predicted <= 0.0 or actual <= 1e-4 * predicted:
        if state.bent:
            return replace(state, bent=False), False
        return replace(state, damping=state.damping * state.growth, growth=2.0 * state.growth), False
    shrink = max(0.1, 1.0 - (2.0 * min(actual / predicted, 1.0) - 1.0) ** 3)
    damping = max(state.damping * shrink, _SMALLEST_DAMPING)
    bent = False
    if state.bend is not None:
        plain = float(step @ (2.0 * before.gradient[0] - before.matrix[0] @ step))
        bent = abs(plain - float(step @ state.bend @ step) - actual) < abs(plain - actual)
    return State(
        trial, equations, damping, bend=_residual_curvature(state.bend, before, equations, step), bent=bent
    ), True


def _residual_curvature(bend: Tensor | None, before: Equations, after: Equations, step: Tensor) -> Tensor:
    """S after a step (free,): the nearest symmetric one with which JᵀWJ + S has the gradient's change that was seen.

    It is made smaller first where it was too large along the step (Dennis, Gay & Welsch 1981, equations 3.1 and 3.4).
    """
    old = torch.zeros_like(after.matrix[0]) if bend is None else bend
    change = (before.gradient - after.gradient)[0]
    rest = change - after.matrix[0] @ step
    along = float(step @ change)
    if not 0.0 < along < math.inf:
        return old
    was = abs(float(step @ old @ step))
    if was > 0.0:
        old = old * min(1.0, abs(float(step @ rest)) / was)
    change, missing = change / math.sqrt(along), (rest - old @ step) / math.sqrt(along)
    cross = torch.outer(missing, change)
    new = old + cross + cross.T - float(step @ missing) / math.sqrt(along) * torch.outer(change, change)
    return new if bool(torch.isfinite(new).all()) else old


def _is_flat(chi2: list[float], tolerance: float, freedom: int) -> bool:
    """Whether the last steps, refused ones among them, lowered χ² by less than matters."""
    if len(chi2) <= _QUIET_STEPS:
        return False
    return chi2[-1 - _QUIET_STEPS] - chi2[-1] <= 1e9 * tolerance * _QUIET * min(1.0, chi2[-1] / max(freedom, 1))


def _finite(equations: Equations) -> bool:
    """Whether every number of the equations is one."""
    parts = (equations.gradient, equations.matrix, equations.chi2)  # χ² last: it is not to be made twice
    return all(bool(torch.isfinite(part).all()) for part in parts)


def _solve(
    equations: Equations, free: Tensor, damping: float, held: Tensor | None = None, bend: Tensor | None = None
) -> Tensor:
    """(H + μ diag H) δ = g over the free parameters, by Cholesky in units in which diag H is one.

    The others keep the steps `held`, (free,), or zero. `bend` is added to H.
    """
    gradient = equations.gradient[0]
    curvature = equations.matrix[0] if bend is None else equations.matrix[0] + bend
    if held is not None:
        held = torch.where(free, 0.0, held)
        gradient = gradient - curvature @ held
    scale = torch.where(free, equations.matrix[0].diagonal().clamp_min(1e-300).rsqrt(), 0.0)
    matrix = curvature * scale * scale[:, None]
    if bend is None:
        matrix.diagonal().fill_(1.0 + damping)
    else:
        matrix.diagonal().add_(torch.where(free, damping, 1.0))
    factor, failed = torch.linalg.cholesky_ex(matrix)
    while failed:
        matrix.diagonal().add_(max(damping, 1e-10))
        damping = max(2.0 * damping, 2e-10) if bend is None else max(3.0 * damping, 1e-3)
        factor, failed = torch.linalg.cholesky_ex(matrix)
    step = torch.cholesky_solve((gradient * scale).unsqueeze(-1), factor).squeeze(-1) * scale
    return step if held is None else step + held


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
