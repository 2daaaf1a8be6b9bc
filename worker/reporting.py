"""Progress on its way out: into the record at most twice a second, with a nudge to those who watch."""

import time
from typing import Any

from sqlalchemy import Engine

from fitting.methods.progress import Cancelled, Progress, TimeIsUp
from jobs import transitions
from jobs.claims import Claim
from jobs.events import Publisher
from worker.lease import Ending, Heartbeat

_PAUSE_SECONDS = 0.5


class Reporter:
    """The engine's callback: stores snapshots, and stops the engine when the heartbeat says so."""

    def __init__(self, engine: Engine, publisher: Publisher, claim: Claim, heartbeat: Heartbeat) -> None:
        self._engine = engine
        self._publisher = publisher
        self._claim = claim
        self._heartbeat = heartbeat
        self._began = self._last = time.monotonic()
        self._sequence = 0
        self.latest: dict[str, Any] | None = None

    def __call__(self, progress: Progress) -> None:
        """Take a snapshot; raises Cancelled when the fit should stop, TimeIsUp where it may keep what it found."""
        if self._heartbeat.ending is Ending.OUT_OF_TIME:
            raise TimeIsUp
        if self._heartbeat.ending is not None:
            raise Cancelled
        now = time.monotonic()
        self._sequence += 1
        self.latest = self._snapshot(progress, now)
        if now - self._last >= _PAUSE_SECONDS:
            self._last = now
            transitions.record_progress(self._engine, self._claim, self.latest)
            self._publisher.publish(self._claim.fit_id)

    def final(self) -> dict[str, Any] | None:
        """The last snapshot, as it stands when the fit is done."""
        return None if self.latest is None else self.latest | {"fraction": 1.0, "eta_seconds": 0.0}

    def _snapshot(self, progress: Progress, now: float) -> dict[str, Any]:
        elapsed = now - self._began
        left = elapsed * (1.0 - progress.fraction) / progress.fraction if progress.fraction > 0.0 else None
        return {
            "sequence": self._sequence,
            "stage": progress.stage,
            "stages": progress.stages,
            "method": progress.method,
            "fraction": progress.fraction,
            "iteration": progress.iteration,
            "chi2_reduced": progress.chi2_reduced,
            "message": progress.message,
            "eta_seconds": left,
        }
