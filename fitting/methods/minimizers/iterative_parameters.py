"""Cycles over chunks of the parameters, each fitted while the others are held: `iterative_parameters`.

For models that links tie together, where fitting component by component makes no sense. Random chunks are drawn anew
in every cycle, so that parameters that lean on each other meet sooner or later; a chunk needs only the components that
it touches, and those that are linked to them.
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from fitting.methods.minimizers.cycles import Block, cyclic_descent
from fitting.methods.progress import StageReport
from fitting.methods.results import MinimizerResult
from fitting.problem import Problem
from fitting.problem.part import Part, tied_components
from fitting.spec.methods import IterativeParametersOptions


def iterative_parameters(
    problem: Problem, start: MinimizerResult, options: IterativeParametersOptions, report: StageReport
) -> MinimizerResult:
    """Minimize χ² by cycles over chunks of θ; `iterations` counts cycles.

    Args:
        problem: what is minimized.
        start: where from; its equations are those of its θ.
        options: chunks, their order, most cycles, tolerance.
        report: called with (cycle, most cycles, χ², θ) before each step; may raise.
    """
    generator = torch.Generator().manual_seed(problem.request.seed)
    size = chunk_size(len(problem.names), options)
    parts = _Parts(problem)

    def blocks(_: int) -> Iterator[Block]:
        count = len(problem.names)
        order = torch.randperm(count, generator=generator) if options.order == "random" else torch.arange(count)
        return (parts.block(chunk) for chunk in order.split(size))

    return cyclic_descent(problem, start, blocks, options.max_cycles, options.tolerance, report)


def chunk_size(free: int, options: IterativeParametersOptions) -> int:
    """How many parameters go into a chunk; two chunks where the options say nothing."""
    if options.chunk_size is not None:
        return min(options.chunk_size, max(free, 1))
    return max(1, math.ceil(free / (options.chunks or 2)))


class _Parts:
    """The part that each chunk needs, built once for each set of components."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._tied = {name: members for members in tied_components(problem) for name in members}
        self._built: dict[frozenset[str], Part] = {}

    def block(self, chunk: Tensor) -> Block:
        """The block that moves the parameters at these places in the whole θ."""
        touched = {self._problem.table[self._problem.names[place]].component for place in chunk.tolist()}
        components = frozenset(name for component in touched for name in self._tied[component])
        if components not in self._built:
            self._built[components] = Part(self._problem, components)
        part = self._built[components]
        moving = torch.isin(part.places, chunk).nonzero().flatten()
        return Block(part, moving)
