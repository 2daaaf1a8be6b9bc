"""How long a fit will take and how much memory it will need, told before it has run.

Rough by nature: what a minimizer needs depends on the data. The service puts the times right by what earlier fits of
the same queue took (`jobs.queueing`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fitting.spec import FitRequest, ParameterTable
from fitting.spec.request import StageSpec

# Seconds for one pixel of one component on one core of the machine that the benchmarks were run on
# (benchmarks/results/seed.json: three galaxies and a sky on 9801 pixels).
_VALUE = 2.4e-8
_GRADIENT = 4.3e-8
_EQUATIONS = 6.8e-8
_CALL_SECONDS = 3e-4
"""Of one question to the problem, whatever its size."""
_START_SECONDS = 0.1
"""Reading the files, building the problem and writing the result."""

_PROCESS_BYTES = 400 << 20
_BYTES_PER_PIXEL = 200
"""Planes, model, residuals and what a tile's derivatives need."""
_DRAW_BYTES = 24


@dataclass(frozen=True)
class Calls:
    """How often a stage asks the problem for its value, its gradient and its normal equations."""

    values: float = 0.0
    gradients: float = 0.0
    equations: float = 0.0

    def seconds(self, work: float) -> float:
        """Time for all of them, where `work` is pixels × components."""
        asked = self.values + self.gradients + self.equations
        spent = self.values * _VALUE + self.gradients * _GRADIENT + self.equations * _EQUATIONS
        return asked * _CALL_SECONDS + spent * work


def expected_seconds(request: FitRequest, pixels: int) -> float:
    """Time that a request will take, in seconds of one core.

    Args:
        request: every parameter with a value or a link.
        pixels: of all its images together, that are used.
    """
    free, work = len(ParameterTable.of(request).free), float(pixels * len(request.components))
    stages = [_CALLS[stage.method](stage.options, free) for stage in request.stages]
    return _START_SECONDS + Calls(values=1, equations=1).seconds(work) + sum(calls.seconds(work) for calls in stages)


def expected_bytes(request: FitRequest, pixels: int) -> int:
    """Memory that a request will need at most, in a worker's process."""
    free = len(ParameterTable.of(request).free)
    draws = max((_draws(stage, free) for stage in request.stages), default=0)
    return _PROCESS_BYTES + _BYTES_PER_PIXEL * pixels + _DRAW_BYTES * draws * free


def _draws(stage: StageSpec, free: int) -> int:
    count = getattr(stage.options, "chain_count", None)
    return 0 if count is None else int(count(free) * stage.options.samples)  # type: ignore[attr-defined]


def _moves(options: Any, free: int) -> float:
    """Moves of all chains together, those of warm-up and those that are thinned away included."""
    kept = options.samples * getattr(options, "thin", 1)
    return float(options.chain_count(free) * (options.warmup + kept))


_CALLS: Mapping[str, Callable[[Any, int], Calls]] = {
    "lm": lambda options, _: Calls(equations=min(options.max_iterations, 15) * max(options.restarts, 1)),
    "iterative_components": lambda options, _: Calls(equations=min(options.max_cycles, 20) * 3.0),
    "iterative_parameters": lambda options, _: Calls(equations=min(options.max_cycles, 20) * 3.0),
    "gradient": lambda options, _: Calls(gradients=options.steps),
    "scipy": lambda options, _: Calls(gradients=min(options.max_iterations, 200)),
    "nuts": lambda options, free: Calls(gradients=7.0 * _moves(options, free)),
    "hmc": lambda options, free: Calls(gradients=options.leapfrog_steps * _moves(options, free)),
    "mala": lambda options, free: Calls(gradients=_moves(options, free)),
    "metropolis": lambda options, free: Calls(values=_moves(options, free)),
    "ensemble": lambda options, free: Calls(values=_moves(options, free)),
    "bootstrap": lambda options, _: Calls(equations=options.samples * 5.0),
}
"""What each method asks of a problem with some number of free parameters, in a usual case."""
