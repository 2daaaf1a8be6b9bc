"""Restarts, the method `lm`: Levenberg–Marquardt from several starts, against local minima; the best end counts.

The starts are drawn around the first: each parameter by a normal distribution of a few of its step scales. What enters
the model linearly stays, since any step solves for it. Where modifiers of isophotes leave a fit unsettled, one more
start is the fit of the profiles without them.
"""

import math
from collections import Counter
from dataclasses import replace

import torch
from torch import Tensor

from fitting.methods.minimizers.levenberg_marquardt import felt_parameters, levenberg_marquardt
from fitting.methods.progress import StageReport
from fitting.methods.results import MinimizerResult
from fitting.problem import Problem
from fitting.spec.methods import LmOptions

_LISTED_MINIMA = 5
"""Other minima that the message names; chosen by hand, for a line that can be read."""

_UNSETTLED = 10.0
"""Step scales of uncertainty (five e-folds) from which a parameter says that a modified fit may have lost its way."""


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
        lowest = min(ends, key=_rank, default=None)

        def tell(
            step: int,
            chi2: float,
            theta: Tensor,
            first: int = number * options.max_iterations,
            best: MinimizerResult | None = lowest,
        ) -> None:
            if best is not None and _rank(best) < chi2:
                chi2, theta = _rank(best), best.theta
            report(first + step, most, chi2, theta)

        ends.append(
            levenberg_marquardt(
                problem,
                theta,
                equations=start.equations if number == 0 else None,
                max_iterations=options.max_iterations,
                tolerance=options.tolerance,
                report=tell,
            )
        )
    best = min(ends, key=_rank)
    plain = _unmodified(problem, start.theta)
    if plain is not None and not _is_settled(problem, best):
        ends.append(_released(problem, *plain, options, report))
        best = min(ends, key=_rank)
    return replace(
        best,
        iterations=sum(end.iterations for end in ends),
        evaluations=sum(end.evaluations for end in ends),
        message=_message(problem, best, ends) if options.restarts else best.message,
    )


def _is_settled(problem: Problem, end: MinimizerResult) -> bool:
    """Whether a fit has converged with all that it varies off its limits, felt, and known to a few step scales."""
    inside = (end.theta[0] > problem.lower) & (end.theta[0] < problem.upper)
    if not end.converged or not bool((inside & felt_parameters(problem, end.theta, end.equations)).all()):
        return False
    matrix, scale = end.equations.matrix[0], problem.step_scale(end.theta)
    scale = torch.where(torch.isfinite(scale), scale, matrix.diagonal().rsqrt())
    variance = torch.linalg.pinv(matrix * scale * scale[:, None], hermitian=True, rtol=1e-15).diagonal()
    return bool((variance < _UNSETTLED**2).all())


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


def _released(problem: Problem, plain: Tensor, own: Tensor, options: LmOptions, report: StageReport) -> MinimizerResult:
    """The fit of the profiles without their modifiers, and then with them: never above that of the profiles alone."""
    most = options.max_iterations

    def tell(step: int, chi2: float, theta: Tensor) -> None:
        report(step, most, chi2, theta)

    alone = levenberg_marquardt(
        problem, plain, max_iterations=most, tolerance=options.tolerance, moving=own, report=tell
    )
    end = levenberg_marquardt(
        problem, alone.theta, equations=alone.equations, max_iterations=most, tolerance=options.tolerance, report=tell
    )
    steps, evaluations = alone.iterations + end.iterations, alone.evaluations + end.evaluations
    return replace(end, iterations=steps, evaluations=evaluations)


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
