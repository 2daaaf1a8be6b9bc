"""Run-off components: those that a search has led astray, and θ with these begun anew where the request has them.

From bad starts the first steps are too long for what is still wrong. A component may then run to a limit, out of what
the data feel, or to where it is hardly known, and two that overlap may exchange their roles, the bulge becoming the
disc. What the start had so already is the request's, and no search's doing.

Light that went out has no slope that would lead it back, and a start that led astray once may do so again. Of shapes
and places drawn around the start, those are taken in whose light χ² would fall most, by the amplitude alone (a matched
filter on the residual): Δχ² = g² / H.
"""

import math
from itertools import combinations

import torch
from torch import Tensor

from fitting.methods.minimizers.levenberg_marquardt import felt_parameters
from fitting.methods.results import MinimizerResult
from fitting.problem import Problem

_LOOSE = 3.0
"""Step scales of uncertainty from which a component may have ended where it happened to come by."""
_MOVED = 2.0
"""Step scales from its start, one longest step, from which a parameter has gone somewhere; chosen by hand."""
_EXCHANGED = 4.0
"""Factor by which the ratio of two sizes turns round where components exchange their roles: starts that are each half
off, one too large and one too small, come to two. Of the random scenes the exchanged ones had 19 and 20."""
_DRAWN = 24
"""Shapes that are tried for what ran off; chosen by hand: each costs an evaluation."""
_SPREAD = 2.0
"""Step scales around the start from which they are drawn: with less, light at the frame's edge was not found again."""
_FAINT = 1e-3
"""Share of its start's amplitude with which such a shape is tried, so that the light is a small change."""


def loose_parameters(problem: Problem, theta: Tensor, matrix: Tensor, felt: Tensor, most: float = _LOOSE) -> Tensor:
    """Which parameters are at a limit, not felt, or known to no better than `most` step scales, (free,).

    Args:
        problem: the one whose.
        theta: (1, free).
        matrix: half the curvature of χ² there, (free, free).
        felt: which are felt there, (free,).
        most: step scales.
    """
    known = felt & (theta[0] > problem.lower) & (theta[0] < problem.upper)
    part, scale = matrix[known][:, known], problem.step_scale(theta)[known]
    unit = part.diagonal().rsqrt()
    factor, failed = torch.linalg.cholesky_ex(part * unit * unit[:, None])
    inverse = torch.full_like(part, torch.inf) if failed else torch.cholesky_inverse(factor)
    sigma = inverse.diagonal().sqrt() * torch.where(torch.isfinite(scale), unit / scale, 1.0)
    loose = ~known
    loose[known] = ~(sigma < most)
    return loose


def begun_anew(problem: Problem, start: MinimizerResult, end: MinimizerResult, drawn: bool) -> Tensor | None:
    """θ (1, free) with every component that ran off back at its start, and the others where they ended; None where none
    did, or where there are no others. Where no minimum was found, whatever is loose did, and all where nothing is.

    Args:
        problem: what is minimized.
        start: of the search.
        end: of the search.
        drawn: whether they are put where their light is missed most, not only those that went out; None where that is
            all there is.
    """
    if not problem.names:
        return None
    felt = felt_parameters(problem, end.theta, end.equations)
    loose = loose_parameters(problem, end.theta, end.equations.matrix[0], felt)
    rows, scale = problem.parameters.free, problem.step_scale(end.theta)
    if end.converged:
        moved = (end.theta - start.theta)[0].abs() > _MOVED * scale
        turns = torch.tensor([row.description.period is not None for row in rows], dtype=torch.bool)
        lost = ~felt & felt_parameters(problem, start.theta, start.equations)
        gone = {row.component for row, one in zip(rows, (moved & ~turns).tolist(), strict=True) if one}
        gone_with = torch.tensor([row.component in gone for row in rows])
        itself = (loose & moved & ~turns) | (lost & torch.isfinite(scale) & ~turns)
        loose = itself if bool(itself.any()) else loose & gone_with & ~turns
    shaped = torch.isfinite(scale)
    names = {row.component for row, one in zip(rows, loose.tolist(), strict=True) if one}
    names |= _exchanged(problem, start.theta, end.theta, felt)
    back = torch.tensor([row.component in names for row in rows]) & shaped
    if bool(back[shaped].all()) or not bool(back.any()):
        return None if end.converged or drawn else start.theta
    theta = torch.where(back, start.theta, end.theta)
    for name in sorted(names):
        own = torch.tensor([row.component == name for row in rows]) & back
        if drawn or not bool((felt & own).any()):
            theta = _where_light_is_missed(problem, theta, own)
    return theta


def mirrored(problem: Problem, start: MinimizerResult, end: MinimizerResult) -> tuple[Tensor, Tensor] | None:
    """θ (1, free) with slopes that ran to a limit as far on the other side of their start, and which these are,
    (free,); None where none did.

    Light on the two sides of a break can be shared out in more than one way, and the start lies between: from beside
    it the search would go the same way again. Slopes are shapes without a step scale (γ of a core-Sérsic or a Nuker
    profile), which nothing else finds to have gone far.
    """
    if not end.converged or not problem.names:
        return None
    slopes = torch.tensor(
        [row.description.modifier is None and row.description.unit == "" for row in problem.parameters.free]
    )
    slopes &= ~torch.isfinite(problem.step_scale(end.theta))
    way = end.theta - start.theta
    stopped = ((end.theta <= problem.lower) | (end.theta >= problem.upper))[0] & slopes & (way[0] != 0.0)
    if not bool(stopped.any()):
        return None
    theta = torch.where(stopped, start.theta - way, end.theta)
    return torch.minimum(torch.maximum(theta, problem.lower), problem.upper), stopped


def _exchanged(problem: Problem, start: Tensor, end: Tensor, felt: Tensor) -> set[str]:
    """Components of pairs that overlap, of which one was the larger at the start and the other is at the end; by
    lengths that are felt there, since a break far beyond all light says nothing of a size.
    """
    parameters = problem.parameters
    before, after = (parameters.values(parameters.canonical(theta)).physical[0].tolist() for theta in (start, end))
    places = parameters.table.index
    lost = {places[name] for name, one in zip(problem.names, felt.tolist(), strict=True) if not one}
    sizes = {
        name: lengths
        for name in parameters.components
        if (lengths := [place for place in parameters.lengths_of(name) if place not in lost])
    }
    names: set[str] = set()
    for one, other in combinations(sizes, 2):
        centres = [places.get(f"{name}.{axis}") for name in (one, other) for axis in ("x", "y")]
        if None in centres:
            continue
        x, y, other_x, other_y = (after[place] for place in centres if place is not None)
        large = [[max(values[place] for place in sizes[name]) for name in (one, other)] for values in (before, after)]
        if math.hypot(x - other_x, y - other_y) > max(large[1]):
            continue
        was, came = (math.log(first / second) for first, second in large)
        if was * came < 0.0 and abs(came - was) > math.log(_EXCHANGED):
            names |= {one, other}
    return names


def _where_light_is_missed(problem: Problem, theta: Tensor, own: Tensor) -> Tensor:
    """θ (1, free) with a component that went out, whose parameters are `own`, where its light lowers χ² most; as it is
    where none does.
    """
    rows = problem.parameters.free
    lights = [place for place in own.nonzero().flatten().tolist() if rows[place].description.unit.startswith("data")]
    if not lights:
        return theta
    generator = torch.Generator().manual_seed(problem.request.seed)
    scale = torch.where(own, _SPREAD * problem.step_scale(theta), 0.0)
    scale[lights] = 0.0
    best, most = theta, 0.0
    for number in range(_DRAWN):
        shift = scale * torch.randn(theta.shape, generator=generator, dtype=torch.float64) * float(number > 0)
        trial = torch.minimum(torch.maximum(theta + shift, problem.lower), problem.upper)
        faint = trial.clone()
        faint[0, lights] += math.log(_FAINT)
        equations = problem.normal_equations(faint)
        gradient, matrix = equations.gradient[0, lights], equations.matrix[0][lights][:, lights]
        factor, failed = torch.linalg.cholesky_ex(matrix)
        if failed:
            continue
        brighter = torch.cholesky_solve(gradient.unsqueeze(-1), factor).squeeze(-1)
        gain = float(gradient @ brighter)
        if gain > most and bool((brighter > 0.0).all()):
            trial[0, lights] = faint[0, lights] + brighter.log()
            best, most = torch.minimum(torch.maximum(trial, problem.lower), problem.upper), gain
    return best
