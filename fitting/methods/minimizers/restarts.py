"""Restarts, the method `lm`: Levenberg–Marquardt from several starts, against local minima; the best end counts.

The starts are drawn around the first: each parameter by a normal distribution of a few of its step scales. What enters
the model linearly stays, since any step solves for it.
"""

from collections import Counter
from dataclasses import replace

import torch
from torch import Tensor

from fitting.methods.minimizers.levenberg_marquardt import levenberg_marquardt
from fitting.methods.progress import StageReport
from fitting.methods.results import MinimizerResult
from fitting.problem import Problem
from fitting.spec.methods import LmOptions

_LISTED_MINIMA = 5
"""Other minima that the message names; chosen by hand, for a line that can be read."""


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
    return replace(
        best,
        iterations=sum(end.iterations for end in ends),
        evaluations=sum(end.evaluations for end in ends),
        message=_message(problem, best, ends),
    )


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
