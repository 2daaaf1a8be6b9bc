"""Costs of a fit, in seconds and bytes, told before it has run.

    seconds = start + Σ over stages: questions × per question
                      + pixels × components × (values × v + gradients × g + equations × e)
                    + per cube × free parameters³
    bytes   = process + per pixel × pixels + per view × images × components + per draw × draws × free parameters
                      + per square × free parameters²

What a method asks of the problem stands in its description (`fitting.spec.methods`); here it becomes seconds and bytes.
Rough by nature: what a minimizer needs depends on the data. The service puts the times right by what earlier fits of
the same queue took (`jobs.queues.queue_forecast`).
"""

from fitting.spec import METHODS, FitRequest, ParameterTable
from fitting.spec.methods import Calls, SamplerOptions

_VALUE = 2.4e-8
"""Seconds of χ² for one pixel of one component on one core of the machine that the benchmarks were run on
(benchmarks/results/seed.json: three galaxies and a sky on 9801 pixels)."""
_GRADIENT = 4.3e-8
"""The same of χ² and its gradient."""
_EQUATIONS = 6.8e-8
"""The same of the normal equations."""
_CALL_SECONDS = 3e-4
"""Seconds of one question to the problem, whatever its size. Chosen by hand, after problems of a few pixels."""
_START_SECONDS = 0.1
"""Seconds for reading the files, building the problem and writing the result. Chosen by hand, to the tenth."""

PROCESS_BYTES = 400 << 20
"""Bytes of a worker's process with the engine and nothing else: 380 MB (docs/decisions/0022, "Costs")."""
_BYTES_PER_PIXEL = 200
"""Bytes: planes, model, residuals and what a tile's derivatives need, 25 numbers of 8. Chosen by hand, to be enough."""
_VIEW_BYTES = 240_000
"""Bytes of one component on one image, whatever the image's size: 100 images of 8 × 8 pixels with 1,000 flat skies took
23.7 GB (what a result's planes and headers are made of, and each image's own derivatives)."""
_SQUARE_BYTES = 600
"""Bytes for each pair of free parameters: the matrices of the covariance and its document. 3,000 levels of 100 skies on
30 images of 30 × 30 pixels took 5,400 MiB beyond the process, of which 690 are the views' (`_VIEW_BYTES`)."""
_CUBE_SECONDS = 1e-9
"""Seconds of the covariance for the cube of the free parameters: the same request took 55 s, half of them for that."""
_DRAW_BYTES = 24
"""Bytes of one parameter of one draw, three numbers of 8: it is copied as chains are written. Chosen by hand."""


def expected_seconds(request: FitRequest, pixels: int) -> float:
    """Time that a request will take, in seconds of one core.

    Args:
        request: every parameter with a value or a link.
        pixels: of all its images together, that are used.
    """
    free, work = len(ParameterTable.of(request).free), float(pixels * len(request.components))
    stages = [METHODS[stage.method].calls(stage.options, free) for stage in request.stages]
    evaluated = sum(_seconds(calls, work) for calls in (Calls(values=1, equations=1), *stages))
    return _START_SECONDS + evaluated + _CUBE_SECONDS * float(free) ** 3


def expected_bytes(request: FitRequest, pixels: int) -> int:
    """Memory that a request will need at most, in a worker's process."""
    free = len(ParameterTable.of(request).free)
    sampled = [stage.options for stage in request.stages if isinstance(stage.options, SamplerOptions)]
    draws = max((options.chain_count(free) * options.samples for options in sampled), default=0)
    views = len(request.images) * len(request.components)
    of_arrays = _BYTES_PER_PIXEL * pixels + _VIEW_BYTES * views + _DRAW_BYTES * draws * free
    return PROCESS_BYTES + of_arrays + _SQUARE_BYTES * free**2


def _seconds(calls: Calls, work: float) -> float:
    """Time for all of them, where `work` is pixels × components."""
    asked = calls.values + calls.gradients + calls.equations
    spent = calls.values * _VALUE + calls.gradients * _GRADIENT + calls.equations * _EQUATIONS
    return asked * _CALL_SECONDS + spent * work
