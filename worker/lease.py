"""Heartbeat of a worker's hold on a fit: a thread that renews the lease and sees when the fit should end.

    with Heartbeat(engine, claim, worker, lease_seconds=30.0) as heartbeat:
        …                    # the engine's reports look at heartbeat.ending: None, or why to stop

A cancel stands in the record (`cancel_requested_at`); the heartbeat looks there, and `worker.reporting.Reporter` takes
what it saw into the engine. What comes before and after: the table in `jobs.lifecycle.transitions`.
"""

import threading
import time
from enum import Enum
from types import TracebackType
from typing import Self

import structlog
from sqlalchemy import Engine

from jobs.faults import DatabaseAway
from jobs.lifecycle import transitions
from jobs.lifecycle.outcomes import too_many_setbacks
from jobs.lifecycle.setbacks import MOST_SETBACKS, pause_after_setbacks
from jobs.lifecycle.transitions import Claim
from jobs.queues import presence
from jobs.storage import records

_LOOK_SECONDS = 0.5
"""Seconds between looks at the record. Chosen by hand: a cancel is felt at once, at two short reads a second."""

_HEED_SECONDS = 3.0
"""Seconds that the engine has to heed that its worker was told to stop, before its fit is given back without it. Chosen
by hand: whoever stops a worker waits some seconds and then kills."""

_log = structlog.get_logger("photfit.lease")


class Ending(Enum):
    """Why a fit should stop before it is done."""

    CANCELLED = "its owner cancelled it"
    RELEASED = "its worker was told to stop"
    LOST = "its lease was lost"
    OUT_OF_TIME = "it took longer than it may"


class Heartbeat:
    """Renews a claim while the context lasts; `ending` says when and why the work should stop."""

    def __init__(
        self,
        engine: Engine,
        claim: Claim,
        worker: str,
        lease_seconds: float,
        incarnation: str | None = None,
        told_to_stop: threading.Event | None = None,
    ) -> None:
        self.ending: Ending | None = None
        self._incarnation = incarnation
        self._told_to_stop = told_to_stop or threading.Event()
        self._released_at: float | None = None
        self._engine = engine
        self._claim = claim
        self._worker = worker
        self._lease_seconds = lease_seconds
        self._began = time.monotonic()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _beat(self) -> None:
        renewed = time.monotonic()
        pause = min(_LOOK_SECONDS, self._lease_seconds / 3.0)
        while not self._done.wait(pause):
            elapsed = time.monotonic() - self._began
            limit = self._claim.time_limit
            if limit is not None and elapsed > limit:
                self.ending = self.ending or Ending.OUT_OF_TIME
            # The record has to tell at once that its time is up: who ends it by force goes by what stands there.
            due = self.ending is Ending.OUT_OF_TIME or time.monotonic() - renewed >= self._lease_seconds / 3.0
            try:
                if due:
                    if not transitions.renew(self._engine, self._claim, self._lease_seconds, elapsed).held:
                        self.ending = Ending.LOST
                    renewed = time.monotonic()
                self._look()
            except DatabaseAway as error:
                _log.warning("the database does not answer", fit=self._claim.fit_id, error=str(error))
                if time.monotonic() - renewed > self._lease_seconds:
                    self.ending = Ending.LOST

    def _look(self) -> None:
        if self._told_to_stop.is_set():  # by a signal, which needs no database
            self.ending = self.ending or Ending.RELEASED
        record = records.get_fit_or_part(self._engine, self._claim.owner, self._claim.fit_id)
        if record is None or record.state != "running" or record.attempt != self._claim.attempt:
            self.ending = Ending.LOST
        elif record.cancel_requested_at is not None:
            self.ending = self.ending or Ending.CANCELLED
        elif presence.is_stopping(self._engine, self._worker, self._incarnation):
            self.ending = self.ending or Ending.RELEASED
        if self.ending is Ending.RELEASED:
            self._give_back_in_time()

    def _give_back_in_time(self) -> None:
        """Give the fit back where the engine is in one long evaluation and does not hear that it should end."""
        self._released_at = self._released_at or time.monotonic()
        if time.monotonic() - self._released_at > _HEED_SECONDS:
            give_back(self._engine, self._claim)
            self.ending = Ending.LOST


def give_back(engine: Engine, claim: Claim) -> bool:
    """Give a fit back to its queue, since its worker stops; True where it fails, having been given back too often."""
    setbacks = claim.setbacks + 1
    if setbacks >= MOST_SETBACKS:
        return transitions.finish(engine, claim, "failed", error=too_many_setbacks(setbacks))
    transitions.release(engine, claim, pause_after_setbacks(setbacks))
    return False
