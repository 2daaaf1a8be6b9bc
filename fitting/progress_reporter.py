"""Progress of a running fit, as its caller is told, and how a wish to stop is felt inside one evaluation.

An evaluation of a large image takes many seconds. Between its tiles the last report is made again, a few times a
second, so that a callback which raises stops a fit at once, whatever the method.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from torch import Tensor

from fitting.methods.progress import Progress, Report, StageReport, StopAndKeep
from fitting.problem import Problem
from fitting.problem.image import Tile
from fitting.problem.iterate import Iterate

_REPEAT_SECONDS = 0.25
"""Seconds after which a report is made again between tiles; chosen by hand: a cancel is felt at once, for a person."""


@dataclass
class StageTrace:
    """How far a stage has come by its own reports.

    Attributes:
        theta: (1, free); None before the first report.
        iterations: done.
        reports: made; a minimizer makes one before each evaluation.
        chi2: as it changed.
    """

    theta: Tensor | None = None
    iterations: int = 0
    reports: int = 0
    chi2: list[float] = field(default_factory=list)

    def see(self, iteration: int, chi2: float, theta: Tensor) -> None:
        """Take a report."""
        self.theta, self.iterations, self.reports = theta, iteration, self.reports + 1
        if not self.chi2 or chi2 != self.chi2[-1]:
            self.chi2.append(chi2)


class ProgressReporter:
    """Turns what stages report into progress of the whole fit.

    Args:
        problem: whose request's stages they are.
        report: the caller's.

    Attributes:
        reached: how far the running stage has come.
    """

    def __init__(self, problem: Problem, report: Report) -> None:
        self._report = report
        self._problem = problem
        self._methods = tuple(stage.method for stage in problem.request.stages)
        self._freedom = max(problem.degrees_of_freedom, 1)
        first = self._methods[0] if self._methods else ""
        start = Iterate(problem, problem.start())
        self._last_progress = Progress(0, len(self._methods), first, 0.0, 0, math.inf, "the model at the start", start)
        self._last_report_time = time.monotonic()
        self._wrapping_up = False
        self.trace = StageTrace()

    def of_stage(self, number: int) -> StageReport:
        """The report of a stage: its (iteration, most iterations, χ², θ) as progress of the whole."""
        stages, method = len(self._methods), self._methods[number]
        self.trace = trace = StageTrace()

        def tell(iteration: int, most: int, chi2: float, theta: Tensor) -> None:
            trace.see(iteration, chi2, theta)
            fraction = (number + min(1.0, iteration / max(most, 1))) / stages
            reduced = chi2 / self._freedom
            message = f"{method}: iteration {iteration}, reduced chi-squared {reduced:.6g}"
            here = Iterate(self._problem, theta)
            self._tell(Progress(number, stages, method, fraction, iteration, reduced, message, here))

        return tell

    def repeat(self) -> None:
        """Make the last report once more, if it is not fresh."""
        if time.monotonic() - self._last_report_time >= _REPEAT_SECONDS:
            self._tell(self._last_progress)

    def wrap_up(self) -> None:
        """Let no `StopAndKeep` through any more: what is to be kept takes some more evaluations."""
        self._wrapping_up = True

    def _tell(self, progress: Progress) -> None:
        self._last_progress, self._last_report_time = progress, time.monotonic()
        try:
            self._report(progress)
        except StopAndKeep:
            if not self._wrapping_up:
                raise


class _PulsedTiles(tuple[Tile, ...]):
    """Tiles that call a pulse before each is worked on."""

    pulse: Callable[[], None]

    @classmethod
    def of(cls, tiles: Iterable[Tile], pulse: Callable[[], None]) -> "_PulsedTiles":
        """Those tiles."""
        pulsed = cls(tiles)
        pulsed.pulse = pulse
        return pulsed

    def __iter__(self) -> Iterator[Tile]:
        for tile in super().__iter__():
            self.pulse()
            yield tile


@contextmanager
def pulse_between_tiles(problem: Problem, pulse: Callable[[], None]) -> Iterator[None]:
    """While this lasts, every evaluation of images of several tiles calls `pulse` between them."""
    plain = problem.images
    problem.images = tuple(
        replace(image, tiles=_PulsedTiles.of(image.tiles, pulse)) if len(image.tiles) > 1 else image for image in plain
    )
    try:
        yield
    finally:
        problem.images = plain
