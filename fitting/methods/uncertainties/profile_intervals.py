"""Profile intervals: asymmetric uncertainties, to where χ², minimized over all other parameters, is 1 above its least.

With the profile P(t) = min χ² at a distance t of one parameter from its optimum, an end of its interval is where
s(t) = √(P(t) − P(0)) = 1 (James & Roos 1975, Comput. Phys. Commun. 10, 343, section 6: MINOS). s is nearly a straight
line, so Newton's method finds it in two or three refits; its slope costs nothing, since dP/dt is the derivative of χ²
along the path of the refitted others. Each refit starts on the tangent of that path, at first the direction that the
covariance gives. All ends of all parameters are refitted together. The objective is whatever the fit minimized, priors
included.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import torch
from torch import Tensor

from fitting.methods.minimizers import NEAR, State, felt_parameters, newton_decrement, unblocked_parameters
from fitting.methods.progress import StageReport
from fitting.methods.results import MinimizerResult
from fitting.methods.uncertainties.refits import Refits, damped_steps
from fitting.problem import Equations, NormalEquations, Problem
from fitting.problem.coordinates import FreeEllipse
from fitting.spec import Notice, TableParameter
from fitting.spec.methods import MinimizerOptions
from fitting.spec.notices import sentences

OPEN: Final = "open"
FOUND: Final = "found"
LIMIT: Final = "limit"
DEEPER: Final = "deeper"
NONE: Final = "none"

_NEWTON_NEAR = 0.01
"""Distance of the root of the rise from 1 at which one more step of Newton's method needs no refit to confirm it: what
is left is of the order of its square times the skew, below 1e-4 of the interval."""
_SMALLEST_RISE = 1e-4
"""Rise of χ² below which rounding and unfinished refits leave nothing of its slope; as far as refits go (`refits`)."""


@dataclass
class End:
    """One end of one parameter's interval.

    Attributes:
        place, sign: of the parameter in θ, and the direction of the end.
        trial: distance in θ from the optimum to be tried next; where the end was found, the end's.
        limit: distance of the parameter's limit.
        farthest: distance beyond which there is no sense in looking: half a turn.
        state: whether it is under way, or how it ended.
        rise: of χ² above its least at the last trial.
        why: there is no end, where there is none.
    """

    place: int
    sign: float
    trial: float
    limit: float
    farthest: float
    state: str
    rise: float
    why: str
    _inside: float
    _outside: float
    _last_distance: float
    _theta: Tensor
    _tangent: Tensor

    @classmethod
    def at_optimum(  # noqa: PLR0913 - what an end starts from, once
        cls,
        place: int,
        sign: float,
        first: float,
        limit: float,
        farthest: float,
        longest: float,
        theta: Tensor,
        tangent: Tensor,
    ) -> "End":
        """An end before its first refit.

        Args:
            first: distance at which the curvature at the optimum promises a rise of 1; infinite where there is none.
            limit, farthest: as in the attributes.
            longest: the most that the first trial may go.
            theta, tangent: the optimum, and how it moves with the parameter, (free,).
        """
        end = cls(
            place,
            sign,
            min(first, longest, limit, farthest),
            limit,
            farthest,
            state=OPEN,
            rise=0.0,
            why="it was not found within so many refits",
            _inside=0.0,
            _outside=math.inf,
            _last_distance=0.0,
            _theta=theta,
            _tangent=tangent,
        )
        if limit == 0.0:
            end.state, end.trial = LIMIT, 0.0
        elif not math.isfinite(first):
            end.state, end.why = NONE, "the data do not determine it"
        return end

    def start(self) -> Tensor:
        """θ (free,) from which the refit at the trial begins: on the tangent at the last one's end."""
        return self._theta + self.sign * (self.trial - self._last_distance) * self._tangent

    def learn(self, rise: float, slope: float, theta: Tensor, tangent: Tensor) -> None:
        """Take the refit at the trial, and choose the next.

        Args:
            rise: of χ² above its least; NaN where the refit failed.
            slope: of the rise by the distance.
            theta, tangent: where the refit ended, and how it moves with the parameter, (free,).
        """
        self.rise = rise
        if math.isnan(rise):
            self._outside = self.trial
            self.trial = self._middle()
        elif rise < -NEAR:
            self.state = DEEPER
        elif rise < 1.0 and self.trial >= self.limit:
            self.state = LIMIT
        elif rise < 1.0 and self.trial >= self.farthest:
            self.state, self.why = NONE, "chi-squared rises by less than 1 over half a turn"
        else:
            self._last_distance, self._theta, self._tangent = self.trial, theta, tangent
            self._narrow(rise, slope)

    def _narrow(self, rise: float, slope: float) -> None:
        here, newton = self.trial, self._newton(rise, slope)
        if rise < 1.0:
            self._inside = here
        else:
            self._outside = here
        if newton is not None and abs(math.sqrt(rise) - 1.0) <= _NEWTON_NEAR:
            self.state, self.trial = FOUND, min(newton, self.limit)
        elif newton is not None and self._inside < newton < min(self._outside, 2.0 * here + 1e-300):
            self.trial = min(newton, self.limit, self.farthest)
        else:
            self.trial = self._middle()

    def _newton(self, rise: float, slope: float) -> float | None:
        """The distance at which the root of the rise is 1, by its slope; None where that says nothing."""
        if rise < _SMALLEST_RISE or slope <= 0.0:
            return None
        root = math.sqrt(rise)
        return self.trial + (1.0 - root) * 2.0 * root / slope

    def _middle(self) -> float:
        """Half-way into the bracket, or twice as far where it is open."""
        if math.isinf(self._outside):
            return min(2.0 * self.trial, self.limit, self.farthest)
        return 0.5 * (self._inside + self._outside)


_MOST_REFITS = 12
"""Refits of one end before it is given up: two or three are usual; chosen by hand."""
_MOST_STEPS = 60
"""Steps of one refit; chosen by hand: one that needs more has lost its minimum."""
_LARGEST_BLOCK = 2**23
"""Numbers in the columns of one batch: ends are evaluated in batches of at most this size, 64 MiB, chosen by hand."""
_ROUND_LOG_RATIO = 1e-6
"""The logarithm of an axis ratio this near zero is that of a circle; chosen by hand, above rounding."""
_SWAPPED_LOG_RATIO = 0.02
"""The logarithm of the axis ratio with which an ellipse goes on whose axes were swapped; chosen by hand: at q = 1 the
position angle would not be felt."""
_UNDETERMINED_SHARE = 1e-9
"""Share of a parameter's curvature that is left to its profile below which the data do not determine it: chosen
by hand, above what rounding of JᵀWJ leaves."""


@dataclass(frozen=True)
class Interval:
    """Where the profile of χ² is 1 above its least.

    Attributes:
        lower, upper: in reported units, an angle's on the branch of θ; a limit where it comes first; None where there
            is no such end.
        notices: of ends that are not what they should be.
    """

    lower: float | None
    upper: float | None
    notices: tuple[Notice, ...] = ()

    @property
    def remarks(self) -> tuple[str, ...]:
        """The notices as sentences."""
        return sentences(self.notices)


@dataclass(frozen=True)
class ProfiledResult(MinimizerResult):
    """The optimum, and the intervals around it by parameter."""

    intervals: Mapping[str, Interval]


def profile_intervals(
    problem: Problem, optimum: MinimizerResult, names: Sequence[str], report: StageReport
) -> ProfiledResult:
    """The intervals of free parameters around an optimum; θ stays there, with every axis ratio at most one.

    Args:
        problem: what was minimized.
        optimum: where a minimizer has converged.
        names: of free parameters.
        report: called with (iteration, most iterations, χ², the optimum), also between pieces of work; may raise.
    """
    theta = problem.canonical(optimum.theta)
    equations = optimum.equations if torch.equal(theta, optimum.theta) else problem.normal_equations(theta)
    search = _Search(problem, theta, equations, names, optimum.iterations, report)
    search.run()
    return ProfiledResult(
        theta,
        equations,
        optimum.iterations,
        optimum.evaluations + search.evaluations,
        optimum.converged,
        optimum.message,
        optimum.chi2_history,
        {name: search.interval(name) for name in names},
    )


class _Search:
    """The ends under way."""

    def __init__(
        self,
        problem: Problem,
        theta: Tensor,
        equations: Equations,
        names: Sequence[str],
        iterations: int,
        report: StageReport,
    ) -> None:
        self._problem = problem
        self._lower, self._upper = problem.lower, problem.parameters.canonical_upper
        self._theta = theta
        self._iterations = iterations
        self._report = report
        self.evaluations = 0
        free = unblocked_parameters(problem, State(theta, equations))
        self._moving = felt_parameters(problem, theta, equations)
        self._least = float(equations.chi2) - newton_decrement(equations, free)
        self._ends = [end for name in names for end in self._pair(problem.names.index(name), equations)]

    def run(self) -> None:
        """Refit until every end is settled."""
        for _ in range(_MOST_REFITS):
            under_way = [end for end in self._ends if end.state == OPEN]
            if not under_way:
                return
            self._refit(under_way)

    def interval(self, name: str) -> Interval:
        """The interval of a free parameter, as far as it was found."""
        place = self._problem.names.index(name)
        row = self._problem.parameters.free[place]
        low, high = (end for end in self._ends if end.place == place)
        notices = tuple(filter(None, (self._notice(row, end) for end in (low, high))))
        return Interval(self._reported_end(low), self._reported_end(high), notices)

    def _pair(self, place: int, equations: Equations) -> tuple[End, End]:
        """Both ends of one parameter before any refit."""
        free = unblocked_parameters(self._problem, State(self._theta, equations))
        tangent = self._tangents(self._theta, equations, free.unsqueeze(0), [place])[0]
        at, scale = self._theta[0, place], float(self._problem.step_scale(self._theta)[place])
        curvature = float(equations.matrix[0, place] @ tangent)
        diagonal = float(equations.matrix[0, place, place])
        determined = curvature > _UNDETERMINED_SHARE * diagonal and math.isfinite(curvature)
        period = self._problem.parameters.free[place].description.period
        half_turn = math.inf if period is None else 0.5 * period

        def end(sign: float, limit: Tensor) -> End:
            fall = sign * float(equations.gradient[0, place])
            first = 1.0 / (math.sqrt(fall**2 + curvature) - fall) if determined else math.inf
            to_limit = max(0.0, sign * float(limit[place] - at))
            return End.at_optimum(place, sign, first, to_limit, half_turn, 2.0 * scale, self._theta[0], tangent)

        return end(-1.0, self._lower), end(1.0, self._upper)

    def _refit(self, ends: Sequence[End]) -> None:
        """Refit the others with each end's parameter held at its trial, and let the ends learn of it."""
        places = [end.place for end in ends]
        rows = torch.arange(len(ends))
        held = torch.stack([self._theta[0, end.place] + end.sign * end.trial for end in ends])
        lower, upper = (
            torch.where(self._moving, limit, self._theta[0]).repeat(len(ends), 1)
            for limit in (self._lower, self._upper)
        )
        start = torch.stack([end.start() for end in ends])
        start = torch.minimum(torch.maximum(start, lower), upper)
        for bound in (lower, upper, start):
            bound[rows, places] = held
        refits = Refits(self._evaluate, start, self._evaluate(start, rows), lower, upper)
        refits.run(_MOST_STEPS, lambda _: self._pulse())
        self.evaluations += len(ends) - 1 + refits.evaluations
        for ellipse in self._problem.parameters.ellipses:
            self._turn(ellipse, refits, lower, upper)
        equations, free = refits.equations, refits.free()
        tangents = self._tangents(refits.theta, equations, free, places)
        left = damped_steps(equations, free, torch.full((len(ends),), 1e-9, device=free.device))
        profile = equations.chi2 - (equations.gradient * left).sum(-1) - self._least
        slopes = -2.0 * (tangents * equations.gradient).sum(-1)
        for row, end in enumerate(ends):
            rise = float(profile[row]) if refits.converged[row] else math.nan
            end.learn(rise, end.sign * float(slopes[row]), refits.theta[row], tangents[row])

    def _turn(self, ellipse: FreeEllipse, refits: Refits, lower: Tensor, upper: Tensor) -> None:
        """Let refits that an ellipse's roundness stopped go on with its axes swapped, where that leads lower.

        At an axis ratio of one the position angle is not felt, and may be a right angle off.
        """
        held = lower == upper
        stopped = refits.converged & (refits.theta[:, ellipse.q] >= self._upper[ellipse.q] - _ROUND_LOG_RATIO)
        stopped &= ~held[:, ellipse.q] & ~held[:, ellipse.pa]
        rows = stopped.nonzero().flatten()
        if len(rows) == 0:
            return
        start = refits.theta[rows]
        start[:, ellipse.pa] += 90.0
        start[:, ellipse.q] = torch.maximum(start[:, ellipse.q] - _SWAPPED_LOG_RATIO, self._lower[ellipse.q])
        again = Refits(self._evaluate, start, self._evaluate(start, rows), lower[rows], upper[rows])
        again.run(_MOST_STEPS, lambda _: self._pulse())
        self.evaluations += len(rows) - 1 + again.evaluations
        refits.take_over(rows, again)

    def _tangents(self, theta: Tensor, equations: Equations, free: Tensor, places: Sequence[int]) -> Tensor:
        """How θ moves along each profile by its own parameter, (places, free)."""
        rows = torch.arange(len(places), device=theta.device)
        others = free.clone()
        others[rows, places] = False
        pull = NormalEquations(equations.chi2, -equations.matrix[rows, places], equations.matrix)
        tangents = damped_steps(pull, others, torch.full((len(places),), 1e-12, device=theta.device))
        tangents[rows, places] = 1.0
        return tangents

    def _evaluate(self, theta: Tensor, _: Tensor) -> NormalEquations:
        parts = []
        ends_at_once = max(1, _LARGEST_BLOCK // (self._problem.largest_tile * (len(self._problem.names) + 2)))
        for part in theta.split(ends_at_once):
            self._pulse()
            parts.append(self._problem.normal_equations(part))
        return NormalEquations(
            torch.cat([part.chi2 for part in parts]),
            torch.cat([part.gradient for part in parts]),
            torch.cat([part.matrix for part in parts]),
        )

    def _pulse(self) -> None:
        settled = sum(end.state != OPEN for end in self._ends)
        iterations = self._iterations
        self._report(iterations + settled, iterations + len(self._ends), self._least, self._theta)

    def _reported_end(self, end: End) -> float | None:
        """An end in reported units."""
        if end.state not in (FOUND, LIMIT):
            return None
        return self._value(end, end.trial)

    def _value(self, end: End, distance: float) -> float:
        theta = self._theta.clone()
        theta[0, end.place] += end.sign * distance
        values = self._problem.parameters.values(theta).physical[0]
        return float(values[self._problem.table.index[self._problem.names[end.place]]])

    def _notice(self, row: TableParameter, end: End) -> Notice | None:
        """What is to be said of an end that is no plain one."""
        side = "lower" if end.sign < 0.0 else "upper"
        if end.state == LIMIT and end.trial > 0.0:
            sentence = (
                f"the {side} end of the interval of {row.name} is its limit, where chi-squared rises by {end.rise:.2g}"
            )
            return Notice("interval-at-limit", sentence, f"parameters {row.name}")
        if end.state == DEEPER:
            sentence = (
                f"with {row.name} at {self._value(end, end.trial):.6g} there is a deeper minimum, by {-end.rise:.3g} "
                "in chi-squared: start there, or use restarts"
            )
            return Notice("deeper-minimum", sentence, f"parameters {row.name}")
        if end.state in (FOUND, LIMIT):
            return None
        sentence = f"the interval of {row.name} has no {side} end: {end.why}"
        return Notice("interval-open", sentence, f"parameters {row.name}")


Options = TypeVar("Options", bound=MinimizerOptions)
Method = Callable[[Problem, MinimizerResult, Options, StageReport], MinimizerResult]


def with_intervals(method: Method[Options]) -> Method[Options]:
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
