"""Children of a worker, as their parent sees them: one that died with a fit in hand, one that is silent with one.

`TaskOfChild` is Celery's view of a task in the parent (`worker.tasks` names it). When the task's process dies, the
parent says so at once in the fit's record, and how: nobody else knows, and nothing else is held against a fit
(docs/decisions/0033-what-is-held-against-a-fit.md). `end_silent` ends a child whose task has no fit any more and goes
on all the same: it hangs, in native code or on a disk that does not answer.
"""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import structlog
from celery.worker import state
from celery.worker.request import Request
from sqlalchemy import Engine

from jobs.faults import DatabaseAway
from jobs.lifecycle import catalogues, transitions
from jobs.storage import records
from worker.child_pool import ChildLost

_ASKED_TO_END = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT}
"""Signals by which processes are told to end: they say nothing about what the process did."""

_on_death: Callable[[str, int], None] | None = None

_log = structlog.get_logger("photfit.children")


class TaskOfChild(Request):
    """A task in the parent; a child that dies of it is told of in the fit's record."""

    def on_failure(self, exc_info: Any, send_failed_event: bool = True, return_ok: bool = False) -> Any:
        """Celery's, and what is known of the death."""
        lost = getattr(exc_info.exception, "exc", exc_info.exception)
        answer = super().on_failure(exc_info, send_failed_event=send_failed_event, return_ok=return_ok)
        if isinstance(lost, ChildLost) and _on_death is not None:
            _on_death(self.id, lost.exit_code)
        return answer


def tell_of_deaths(on_death: Callable[[str, int], None]) -> None:
    """From now on call this with the task's id and the exit code of each child that dies with a task."""
    global _on_death
    _on_death = on_death


def death_of(exit_code: int) -> tuple[str, bool]:
    """How a process died, in words, and whether of its own: nobody sent it what ended it, as far as a parent sees.

    >>> death_of(-9), death_of(-15), death_of(1)
    (('was ended by SIGKILL', True), ('was ended by SIGTERM', False), ('ended with exit code 1', True))
    """
    if exit_code >= 0:
        return f"ended with exit code {exit_code}", exit_code != 0
    try:
        number = signal.Signals(-exit_code)
    except ValueError:
        return f"was ended by signal {-exit_code}", True
    return f"was ended by {number.name}", number not in _ASKED_TO_END


class SilentChildren:
    """Children with a task that holds no fit; `end` sends SIGKILL to those that have been so for `patience` seconds."""

    def __init__(self, engine: Engine, patience: float, end: Callable[[int], None] | None = None) -> None:
        self._engine = engine
        self._patience = patience
        self._end = end or _kill
        self._since: dict[str, float] = {}
        self._ended: set[str] = set()

    def look(self) -> bool:
        """Whether a child is silent; raises DatabaseAway."""
        running = {request.id: request.worker_pid for request in list(state.active_requests)}
        held = records.tasks_that_hold(self._engine, running)
        now = time.monotonic()
        self._since = {task: self._since.get(task, now) for task in running.keys() - held}
        silent = [task for task, since in self._since.items() if now - since > self._patience]
        for task in silent:
            if running[task] and task not in self._ended:
                _log.warning("a child went on without its fit; it is ended", task=task, process=running[task])
                self._end(running[task])
        self._ended = set(silent)
        return bool(silent)


def bury(engine: Engine, worker: str, task_id: str, exit_code: int, max_crashes: int, stopping: bool) -> None:
    """Write into the record of a task's fit how its process died; a worker that stops has ended it itself."""
    death, own = death_of(exit_code)
    try:
        record = transitions.bury(engine, worker, task_id, death, blamed=own and not stopping, max_crashes=max_crashes)
    except DatabaseAway as error:  # its lease runs out
        _log.warning("a death could not be recorded", death=death, error=str(error))
        return
    if record is not None and record.catalogue_id is not None:
        catalogues.settle(engine, record.catalogue_id, changed=True)
    if record is not None:
        _log.warning(f"the process that ran a fit {death}", fit=record.id, state=record.state, crashes=record.crashes)


def _kill(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return
