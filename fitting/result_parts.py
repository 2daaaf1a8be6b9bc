"""Parts of a result after the stages: each is worked out, or left out with a sentence where it fails or is stopped.

A covariance or a derived value that cannot be had is no reason to lose what the stages found.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TypeVar

import numpy as np

from fitting.faults import OutOfMemory, PassingFault
from fitting.memory_faults import memory_faults
from fitting.methods.progress import Cancelled, Progress, Report, StopAndKeep, TimeIsUp
from fitting.problem import Problem
from fitting.progress_reporter import pulse_between_tiles
from fitting.results import Covariance
from fitting.spec import Notice

Part = TypeVar("Part")

_REPEAT_SECONDS = 0.25
"""Seconds after which the last report is made again; as between the tiles of a stage (`fitting.progress_reporter`)."""


class ResultParts:
    """Works out the parts of a result.

    Args:
        report: the caller's; it is called as `listen` while stages run, and again between tiles while parts are made.

    Attributes:
        notices: of the parts that were left out.
        failure: what the first of them failed of; None where they were stopped, or none was left out.
        stopped: which was left out first, and why; else None.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._last: Progress | None = None
        self._last_time = time.monotonic()
        self._quiet = False
        self.notices: list[Notice] = []
        self.failure: Exception | None = None
        self.stopped: str | None = None

    def listen(self, progress: Progress) -> None:
        """The report that stages make."""
        self._last, self._last_time = progress, time.monotonic()
        self._report(progress)

    def watching(self, problem: Problem, stopped: bool) -> AbstractContextManager[None]:
        """While this lasts, a wish to stop is felt between the tiles of large images.

        Args:
            stopped: whether it was felt already: what there is, is kept, and takes some more evaluations.
        """
        self._quiet = stopped
        return pulse_between_tiles(problem, self._pulse)

    def part(self, name: str, work: Callable[[], Part], otherwise: Part) -> Part:
        """What `work` gives; else a notice, and what stands in its place.

        Trouble that may pass, and a `Cancelled` that keeps nothing, come through.
        """
        try:
            with memory_faults():
                self._pulse()
                return work()
        except Exception as raised:
            if isinstance(raised, PassingFault) or (
                isinstance(raised, Cancelled) and not isinstance(raised, StopAndKeep)
            ):
                raise
            was_stopped = isinstance(raised, StopAndKeep)
            why = (
                "was stopped before its end"
                if was_stopped
                else "failed: the memory did not suffice"
                if isinstance(raised, OutOfMemory)
                else f"failed by a fault of photfit ({type(raised).__name__})"
            )
            if self.stopped is None:
                self.stopped, self.failure = f"{name} {why}", None if was_stopped else raised
            self._quiet = self._quiet or was_stopped
            self.notices.append(Notice("result-incomplete", f"{name} {why}, and is left out; what was fitted is kept"))
            return otherwise

    def _pulse(self) -> None:
        if self._last is None or time.monotonic() - self._last_time < _REPEAT_SECONDS:
            return
        self._last_time = time.monotonic()
        try:
            self._report(replace(self._last, message="stages are done; uncertainties are being worked out"))
        except TimeIsUp:
            self._quiet = True  # the stages came to their end in time: what is left is little
        except StopAndKeep:
            if not self._quiet:
                raise


def no_covariance(problem: Problem) -> Covariance:
    """The covariance of which nothing is known: no parameter has an uncertainty."""
    rows, free = len(problem.table), len(problem.names)
    nothing = np.zeros((0, 0))
    return Covariance(
        (), nothing, np.zeros((rows, rows)), np.inf, (), (), (), np.zeros((rows, free)), np.zeros((free, 0))
    )
