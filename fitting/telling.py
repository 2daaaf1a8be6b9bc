"""What a running fit tells its caller, and how the caller's wish to stop is felt inside one evaluation.

An evaluation of a large image takes many seconds. Between its tiles the last report is made again, a few times a
second, so that a callback which raises stops a fit at once, whatever the method.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from torch import Tensor

from fitting.methods.progress import Progress, Report, StageReport
from fitting.problem import Problem
from fitting.problem.image import Tile
from fitting.problem.iterate import Iterate

_AGAIN_SECONDS = 0.25


class Telling:
    """Turns what stages report into progress of the whole fit.

    Args:
        problem: whose request's stages they are.
        report: the caller's.
    """

    def __init__(self, problem: Problem, report: Report) -> None:
        self._report = report
        self._problem = problem
        self._methods = tuple(stage.method for stage in problem.request.stages)
        self._freedom = max(problem.degrees_of_freedom, 1)
        first = self._methods[0] if self._methods else ""
        start = Iterate(problem, problem.start())
        self._last = Progress(0, len(self._methods), first, 0.0, 0, math.inf, "the model at the start", start)
        self._told = time.monotonic()

    def of_stage(self, number: int) -> StageReport:
        """The report of a stage: its (iteration, most iterations, χ², θ) as progress of the whole."""
        stages, method = len(self._methods), self._methods[number]

        def tell(iteration: int, most: int, chi2: float, theta: Tensor) -> None:
            fraction = (number + min(1.0, iteration / max(most, 1))) / stages
            reduced = chi2 / self._freedom
            message = f"{method}: iteration {iteration}, reduced chi-squared {reduced:.6g}"
            here = Iterate(self._problem, theta)
            self._tell(Progress(number, stages, method, fraction, iteration, reduced, message, here))

        return tell

    def again(self) -> None:
        """Make the last report once more, if it is not fresh."""
        if time.monotonic() - self._told >= _AGAIN_SECONDS:
            self._tell(self._last)

    def _tell(self, progress: Progress) -> None:
        self._last, self._told = progress, time.monotonic()
        self._report(progress)


class _FeltTiles(tuple[Tile, ...]):
    """Tiles that call a pulse before each is worked on."""

    pulse: Callable[[], None]

    @classmethod
    def of(cls, tiles: Iterable[Tile], pulse: Callable[[], None]) -> "_FeltTiles":
        """Those tiles."""
        felt = cls(tiles)
        felt.pulse = pulse
        return felt

    def __iter__(self) -> Iterator[Tile]:
        for tile in super().__iter__():
            self.pulse()
            yield tile


@contextmanager
def felt_tiles(problem: Problem, pulse: Callable[[], None]) -> Iterator[None]:
    """While this lasts, every evaluation of images of several tiles calls `pulse` between them."""
    plain = problem.images
    problem.images = tuple(
        replace(image, tiles=_FeltTiles.of(image.tiles, pulse)) if len(image.tiles) > 1 else image for image in plain
    )
    try:
        yield
    finally:
        problem.images = plain
