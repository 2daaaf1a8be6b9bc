"""How long a fit will take and how much memory it will need, told before it has run.

What a method asks of the problem stands in its description (`fitting.spec.methods`); here it becomes seconds and bytes.
Rough by nature: what a minimizer needs depends on the data. The service puts the times right by what earlier fits of
the same queue took (`jobs.queues.queue_forecast`).
"""

from fitting.spec import METHODS, FitRequest, ParameterTable, StageSpec
from fitting.spec.methods import Calls, SamplerOptions

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


def expected_seconds(request: FitRequest, pixels: int) -> float:
    """Time that a request will take, in seconds of one core.

    Args:
        request: every parameter with a value or a link.
        pixels: of all its images together, that are used.
    """
    free, work = len(ParameterTable.of(request).free), float(pixels * len(request.components))
    stages = [METHODS[stage.method].calls(stage.options, free) for stage in request.stages]
    return _START_SECONDS + sum(_seconds(calls, work) for calls in (Calls(values=1, equations=1), *stages))


def expected_bytes(request: FitRequest, pixels: int) -> int:
    """Memory that a request will need at most, in a worker's process."""
    free = len(ParameterTable.of(request).free)
    draws = max((_draws(stage, free) for stage in request.stages), default=0)
    return _PROCESS_BYTES + _BYTES_PER_PIXEL * pixels + _DRAW_BYTES * draws * free


def _seconds(calls: Calls, work: float) -> float:
    """Time for all of them, where `work` is pixels × components."""
    asked = calls.values + calls.gradients + calls.equations
    spent = calls.values * _VALUE + calls.gradients * _GRADIENT + calls.equations * _EQUATIONS
    return asked * _CALL_SECONDS + spent * work


def _draws(stage: StageSpec, free: int) -> int:
    options = stage.options
    return options.chain_count(free) * options.samples if isinstance(options, SamplerOptions) else 0
