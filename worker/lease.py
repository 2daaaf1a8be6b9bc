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
from jobs.lifecycle.transitions import Claim
from jobs.queues import presence
from jobs.storage import records

_LOOK_SECONDS = 0.5
"""Seconds between looks at the record. Chosen by hand: a cancel is felt at once, at two short reads a second."""

_log = structlog.get_logger("photfit.lease")


class Ending(Enum):
    """Why a fit should stop before it is done."""

    CANCELLED = "its owner cancelled it"
    RELEASED = "its worker was told to stop"
    LOST = "its lease was lost"
    OUT_OF_TIME = "it took longer than it may"


class Heartbeat:
    """Renews a claim while the context lasts; `ending` says when and why the work should stop."""

    def __init__(self, engine: Engine, claim: Claim, worker: str, lease_seconds: float) -> None:
        self.ending: Ending | None = None
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
            limit = self._claim.time_limit
            if limit is not None and time.monotonic() - self._began > limit:
                self.ending = self.ending or Ending.OUT_OF_TIME
            try:
                if time.monotonic() - renewed >= self._lease_seconds / 3.0:
                    if not transitions.renew(self._engine, self._claim, self._lease_seconds).held:
                        self.ending = Ending.LOST
                    renewed = time.monotonic()
                self._look()
            except DatabaseAway as error:
                _log.warning("the database does not answer", fit=self._claim.fit_id, error=str(error))
                if time.monotonic() - renewed > self._lease_seconds:
                    self.ending = Ending.LOST

    def _look(self) -> None:
        record = records.get_fit(self._engine, self._claim.owner, self._claim.fit_id)
        if record is None or record.state != "running" or record.attempt != self._claim.attempt:
            self.ending = Ending.LOST
        elif record.cancel_requested_at is not None:
            self.ending = self.ending or Ending.CANCELLED
        elif presence.is_stopping(self._engine, self._worker):
            self.ending = self.ending or Ending.RELEASED
