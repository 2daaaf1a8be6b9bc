"""Restarts, the method `lm`: Levenberg–Marquardt from several starts, against local minima; the best end counts.

The starts are drawn around the first: each parameter by a normal distribution of a few of its step scales. What enters
the model linearly stays, since any step solves for it.

Components that ran off (`fitting.methods.minimizers.run_off`) are begun anew where the request has them, beside the
others where these ended, gently: light and places come right before shapes move. Where that is of no help, they are put
where their light is missed most. Slopes that ran to a limit are tried on the other side of their start. Where modifiers
of isophotes leave a fit unsettled, one more start is the fit of the profiles without them.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from fitting.methods.minimizers.levenberg_marquardt import felt_parameters, levenberg_marquardt
from fitting.methods.minimizers.run_off import begun_anew, loose_parameters, mirrored
from fitting.methods.progress import StageReport
from fitting.methods.results import MinimizerResult
from fitting.problem import Equations, Problem
from fitting.spec.methods import LmOptions

_LISTED_MINIMA = 5
"""Other minima that the message names; chosen by hand, for a line that can be read."""

_UNSETTLED = 10.0
"""Step scales of uncertainty (five e-folds) from which a parameter says that a modified fit may have lost its way."""
_WITHIN_NOISE = 3.0
"""Standard deviations of χ² above its mean up to which a model fits: a better minimum would be one of the noise."""
_GENTLE_STEPS = 10
"""Steps for light, and then for light and places, before shapes move too; chosen by hand: a few serve."""
_UNCONVERGED = 25.0
"""χ² by which an end that is no minimum must be lower to count before one that is: five standard deviations, beyond
which it is not the noise alone that it follows."""
_USUAL_ITERATIONS = LmOptions().max_iterations
"""Steps of a search where a request says nothing."""
_LOWER = 0.5
"""χ² below the best minimum from which a search that ran out of steps goes on: it may be on its way to a better one."""


def lm_with_restarts(
    problem: Problem, start: MinimizerResult, options: LmOptions, report: StageReport
) -> MinimizerResult:
    """Minimize χ² by `lm` from the start and from others around it; keep the best end.

    Args:
        problem: what is minimized.
        start: the first start, and the middle of the others.
        options: those of `lm`, how many others, and how far around.
        report: called with (step, most steps, the least χ² so far, its θ) before each step; may raise.
    """
    starts = [start.theta, *drawn_starts(problem, start.theta, options)]
    ends: list[MinimizerResult] = []
    most = options.max_iterations * len(starts)
    for number, theta in enumerate(starts):
        tell = _report_best(report, ends, number * options.max_iterations, most)
        ends.append(_search(problem, theta, options, tell, start.equations if number == 0 else None))

    def further() -> Callable[[int, float, Tensor], None]:
        """A report of searches beyond those that were asked for."""
        return _counting_on(report, ends, options.max_iterations, most)

    for drawn in (False, True):
        again = begun_anew(problem, start, min(ends, key=_worth), drawn)
        if again is not None:
            ends.append(_gentle_search(problem, again, options, further()))
    best = min(ends, key=_worth)
    other = mirrored(problem, start, best)
    if other is not None:
        ends.append(_other_way(problem, *other, best, options, further()))
    plain = _unmodified(problem, start.theta)
    if plain is not None and not _is_settled(problem, min(ends, key=_worth)):
        ends.append(_released(problem, *plain, options, further()))
    lowest, chosen = min(ends, key=_rank), min(ends, key=_worth)
    unfinished = not lowest.converged and (chosen is lowest or _rank(lowest) < _rank(chosen) - _LOWER)
    # Who allows fewer steps than the usual ones wants no more.
    if unfinished and options.max_iterations >= _USUAL_ITERATIONS:
        ends.append(_search(problem, lowest.theta, options, further(), lowest.equations))
    best = min(ends, key=_worth)
    return replace(
        best,
        iterations=sum(end.iterations for end in ends),
        evaluations=sum(end.evaluations for end in ends),
        message=_message(problem, best, ends) if options.restarts else best.message,
    )


def _is_settled(problem: Problem, end: MinimizerResult) -> bool:
    """Whether a fit has converged within the noise, all of it off its limits, felt and known to a few step scales."""
    freedom = max(problem.degrees_of_freedom, 1)
    good = _rank(end) < freedom + _WITHIN_NOISE * math.sqrt(2.0 * freedom)
    felt = felt_parameters(problem, end.theta, end.equations)
    loose = loose_parameters(problem, end.theta, end.equations.matrix[0], felt, _UNSETTLED)
    return good and end.converged and not bool(loose.any())


def _unmodified(problem: Problem, theta: Tensor) -> tuple[Tensor, Tensor] | None:
    """θ (1, free) with free modifiers of isophotes that change nothing, and which parameters these are not, (free,)."""
    rows = problem.parameters.free
    own = torch.tensor([row.description.modifier is None for row in rows])
    if bool(own.all()):
        return None
    plain = theta.clone()
    for place, row in enumerate(rows):
        neutral = row.description.default if row.description.neutral is None else row.description.neutral
        if row.description.modifier is not None and neutral is not None:
            plain[0, place] = math.log(neutral) if problem.parameters.is_log(place) else neutral
    return torch.minimum(torch.maximum(plain, problem.lower), problem.upper), own


def _released(
    problem: Problem, plain: Tensor, own: Tensor, options: LmOptions, tell: Callable[[int, float, Tensor], None]
) -> MinimizerResult:
    """The fit of the profiles without their modifiers, and then with them: never above that of the profiles alone."""
    alone = _search(problem, plain, options, tell, moving=own)
    end = _search(problem, alone.theta, options, tell, alone.equations)
    steps, evaluations = alone.iterations + end.iterations, alone.evaluations + end.evaluations
    return replace(end, iterations=steps, evaluations=evaluations)


def _search(
    problem: Problem,
    theta: Tensor,
    options: LmOptions,
    tell: Callable[[int, float, Tensor], None],
    equations: Equations | None = None,
    moving: Tensor | None = None,
) -> MinimizerResult:
    """One search from θ (1, free), by the options.

    Where it ends with axes that must change their names and would be longer than their limits then, it goes on from
    what the limits leave of them.
    """
    search = partial(
        levenberg_marquardt, max_iterations=options.max_iterations, tolerance=options.tolerance, moving=moving
    )
    end = search(problem, theta, equations=equations, report=tell)
    if not problem.parameters.outgrows(end.theta):
        return end
    again = search(
        problem.with_named_axes(),
        problem.canonical(end.theta),
        report=lambda step, chi2, at: tell(end.iterations + step, chi2, at),
    )
    steps, evaluations = end.iterations + again.iterations, end.evaluations + again.evaluations
    return replace(again, iterations=steps, evaluations=evaluations)


def _gentle_search(
    problem: Problem, theta: Tensor, options: LmOptions, tell: Callable[[int, float, Tensor], None]
) -> MinimizerResult:
    """A search from θ (1, free) in which light comes right first, then places, and then the rest."""
    rows = problem.parameters.free
    light = torch.tensor([row.description.unit.startswith("data") for row in rows])
    place = torch.tensor([row.description.name in ("x", "y", "ra", "dec") for row in rows])
    few = options.model_copy(update={"max_iterations": min(_GENTLE_STEPS, options.max_iterations)})
    steps = evaluations = 0
    equations = None
    for moving in (light, light | place):
        end = _search(problem, theta, few, tell, equations, moving)
        theta, equations = end.theta, end.equations
        steps, evaluations = steps + end.iterations, evaluations + end.evaluations
    end = _search(problem, theta, options, tell, equations)
    return replace(end, iterations=steps + end.iterations, evaluations=evaluations + end.evaluations)


def _other_way(
    problem: Problem,
    theta: Tensor,
    held: Tensor,
    best: MinimizerResult,
    options: LmOptions,
    tell: Callable[[int, float, Tensor], None],
) -> MinimizerResult:
    """A search from θ (1, free) in which a few steps adapt the rest to what is `held`, (free,), and then all moves; the
    best so far where these steps do not come near to it.
    """
    few = options.model_copy(update={"max_iterations": min(_GENTLE_STEPS, options.max_iterations)})
    first = _search(problem, theta, few, tell, moving=~held)
    if _rank(first) > _rank(best) + _UNCONVERGED:
        return replace(best, iterations=first.iterations, evaluations=first.evaluations)
    end = _search(problem, first.theta, options, tell, first.equations)
    steps, evaluations = first.iterations + end.iterations, first.evaluations + end.evaluations
    return replace(end, iterations=steps, evaluations=evaluations)


def _report_best(
    report: StageReport, ends: Sequence[MinimizerResult], first: int, most: int
) -> Callable[[int, float, Tensor], None]:
    """A report of one search that tells the best of it and of those that have ended, in steps of all of them."""
    best = min(ends, key=_rank, default=None)

    def tell(step: int, chi2: float, theta: Tensor) -> None:
        if best is not None and _rank(best) < chi2:
            chi2, theta = _rank(best), best.theta
        report(min(first + step, most), most, chi2, theta)

    return tell


def _counting_on(
    report: StageReport, ends: Sequence[MinimizerResult], steps: int, most: int
) -> Callable[[int, float, Tensor], None]:
    """A report of one search after another that counts their steps on from those of all that have ended."""
    done, last = sum(end.iterations for end in ends), 0

    def tell(step: int, chi2: float, theta: Tensor) -> None:
        nonlocal done, last
        if step <= last:  # another search begins, where something before it ended
            done, last = done + last, 0
        if step > last:
            last = step
            _report_best(report, ends, done, max(most, done + steps))(step, chi2, theta)

    return tell


def drawn_starts(problem: Problem, theta: Tensor, options: LmOptions) -> list[Tensor]:
    """`restarts` starts (1, free) around θ, inside the limits; the same ones for the same seed."""
    generator = torch.Generator().manual_seed(problem.request.seed)
    scale = problem.step_scale(theta)
    scale = torch.where(torch.isfinite(scale), options.spread * scale, 0.0)
    starts = []
    for _ in range(options.restarts):
        normal = torch.randn(theta.shape, generator=generator, dtype=torch.float64).to(theta.device)
        starts.append(torch.minimum(torch.maximum(theta + normal * scale, problem.lower), problem.upper))
    return starts


def _rank(end: MinimizerResult) -> float:
    chi2 = float(end.equations.chi2)
    return chi2 if chi2 == chi2 else float("inf")


def _worth(end: MinimizerResult) -> float:
    """χ², and more where the end is no minimum: the least is the best."""
    return _rank(end) + (0.0 if end.converged else _UNCONVERGED)


def _message(problem: Problem, best: MinimizerResult, ends: list[MinimizerResult]) -> str:
    if len(ends) == 1:
        return best.message
    freedom = max(problem.degrees_of_freedom, 1)
    counts = Counter(f"{_rank(end) / freedom:.5g}" for end in ends)
    lowest = f"{_rank(best) / freedom:.5g}"
    others = sorted((name for name in counts if name != lowest), key=float)
    message = f"{best.message}; of {len(ends)} starts {counts[lowest]} ended at this minimum"
    if not others:
        return message
    listed = ", ".join(f"{counts[name]} at {name}" for name in others[:_LISTED_MINIMA])
    rest = sum(counts[name] for name in others[_LISTED_MINIMA:])
    return f"{message}, and by reduced chi-squared {listed}" + (f" and {rest} higher" if rest else "")
