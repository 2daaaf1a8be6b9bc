"""Celery's pool of processes, with what it keeps to itself: how a child ended."""

from typing import Any

from billiard.einfo import ExceptionInfo
from billiard.exceptions import WorkerLostError
from celery.concurrency.asynpool import AsynPool
from celery.concurrency.prefork import TaskPool

_LOOK_SECONDS = 0.5
"""Seconds between looks whether a child has ended. Chosen by hand: a system call each."""


class ChildLost(WorkerLostError):
    """A child ended with a task in hand.

    Attributes:
        exit_code: its exit code, minus the signal's number where one ended it.
    """

    def __init__(self, exit_code: int) -> None:
        super().__init__(f"a worker's child ended with {exit_code}")
        self.exit_code = exit_code


class _Children(AsynPool):
    @property
    def timers(self) -> dict[Any, float]:
        """Celery's own looks every five seconds where the end of a child wakes it, as that of the first does not."""
        return {self.maintain_pool: _LOOK_SECONDS}

    def mark_as_worker_lost(self, job: Any, exitcode: int) -> None:
        """Celery's own tells the exit code in a sentence alone."""
        try:
            raise ChildLost(exitcode)
        except ChildLost:
            job._set(None, (False, ExceptionInfo()))


class ChildPool(TaskPool):
    """`worker_pool` of a worker."""

    Pool = _Children
