"""Cycles over components, or groups of them, each fitted to what the others leave: `iterative_components`.

A group is fitted inside its own window, so that a visit's time and memory follow the group and not the scene. Groups
that links tie together are fitted as one. What cycles gain is gathered by extrapolation
(`fitting.methods.minimizers.cycles`).
"""

import torch

from fitting.methods.minimizers.cycles import Block, cyclic_descent
from fitting.methods.progress import StageReport
from fitting.methods.results import MinimizerResult
from fitting.problem import Problem
from fitting.problem.part import Part, tied_components
from fitting.spec.methods import IterativeComponentsOptions


def iterative_components(
    problem: Problem, start: MinimizerResult, options: IterativeComponentsOptions, report: StageReport
) -> MinimizerResult:
    """Minimize χ² by cycles over groups of components; `iterations` counts cycles.

    Args:
        problem: what is minimized.
        start: where from; its equations are those of its θ.
        options: groups, most cycles, tolerance.
        report: called with (cycle, most cycles, χ², θ) before each step; may raise.
    """
    parts = [Part(problem, members) for members in joined_groups(problem, options.groups)]
    blocks = [Block(part, torch.arange(len(part.names))) for part in parts if part.names]
    return cyclic_descent(problem, start, lambda _: blocks, options.max_cycles, options.tolerance, report)


def joined_groups(problem: Problem, groups: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    """The components that are fitted together, asked for by `groups` or tied by links; in the request's order."""
    names = [component.name for component in problem.request.components]
    sets = [set(members) for members in tied_components(problem)]
    for group in groups:
        met = [members for members in sets if members.intersection(group)]
        sets = [members for members in sets if members not in met] + [set().union(*met)]
    ordered = [tuple(name for name in names if name in members) for members in sets]
    return tuple(sorted(ordered, key=lambda members: names.index(members[0])))
