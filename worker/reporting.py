"""Reports of a running fit: progress into the record, at most twice a second, and a cancel into the engine.

    run(request, images, report=Reporter(engine, publisher, claim, heartbeat, pictures))

Why progress goes through the record: docs/decisions/0023-watching-a-fit.md.
"""

import math
import time
from itertools import islice
from typing import Any

from sqlalchemy import Engine

from fitting.methods.progress import Cancelled, Interrupted, Progress, StopAndKeep, TimeIsUp
from jobs.lifecycle import transitions
from jobs.lifecycle.events import Publisher
from jobs.lifecycle.transitions import Claim
from worker.lease import Ending, Heartbeat
from worker.residual_pictures import ResidualPictures

_PAUSE_SECONDS = 0.5
"""Seconds between snapshots (docs/decisions/0023)."""
_WRAP_UP_SECONDS = 300.0
"""Seconds that a fit that is out of time or cancelled may take to work out what it keeps, before it is ended by force.
Chosen by hand: the covariance of a large image takes minutes."""
_KEPT: dict[Ending, type[StopAndKeep]] = {Ending.OUT_OF_TIME: TimeIsUp, Ending.CANCELLED: Interrupted}
"""Endings after which a fit keeps what it has found."""
_MOST_PARAMETERS = 500
"""Told of a fit while it runs, the first ones of its request; its result has all. Chosen by hand: what an eye can
follow, and a record of some ten kilobytes."""


class Reporter:
    """The engine's callback: stores snapshots, has pictures made, and stops the engine when the heartbeat says so."""

    def __init__(
        self, engine: Engine, publisher: Publisher, claim: Claim, heartbeat: Heartbeat, pictures: ResidualPictures
    ) -> None:
        self._engine = engine
        self._publisher = publisher
        self._claim = claim
        self._heartbeat = heartbeat
        self._pictures = pictures
        self._began = self._last = self._heard = time.monotonic()
        self._sequence = 0
        self._wrapping_up = False
        self._first: Progress | None = None
        self._progress: Progress | None = None
        self._start: dict[str, float | None] | None = None

    def __call__(self, progress: Progress) -> None:
        """Take a snapshot; raises Cancelled when the fit should stop, `StopAndKeep` where it may keep what it found."""
        ending = self._heartbeat.ending
        if ending in _KEPT:
            if not self._wrapping_up:
                self._wrapping_up = True
                transitions.allow_more_time(self._engine, self._claim, _WRAP_UP_SECONDS)
            raise _KEPT[ending]
        if ending is not None:
            raise Cancelled
        # The same report again comes from within an evaluation of the model, where no other may begin.
        again = progress is self._progress
        self._sequence += 1
        self._first = self._first or progress
        self._progress, self._heard = progress, time.monotonic()
        if progress.iterate is not None and not again:
            self._pictures.see(progress.iterate)
        if self._heard - self._last >= _PAUSE_SECONDS:
            self._last = self._heard
            transitions.record_progress(self._engine, self._claim, self._snapshot(progress))
            self._publisher.publish(self._claim.fit_id)

    @property
    def latest(self) -> dict[str, Any] | None:
        """The last snapshot."""
        return None if self._progress is None else self._snapshot(self._progress)

    def final(self) -> dict[str, Any] | None:
        """The last snapshot, as it stands when the fit is done; the result tells its parameters."""
        if self._progress is None:
            return None
        return self._where(self._progress) | {"fraction": 1.0, "eta_seconds": 0.0}

    def _snapshot(self, progress: Progress) -> dict[str, Any]:
        if self._start is None and self._first is not None:
            self._start = _parameters(self._first)
        return self._where(progress) | {
            "parameters": _parameters(progress),
            "parameters_at_start": self._start,
            "residual": self._pictures.latest,
        }

    def _where(self, progress: Progress) -> dict[str, Any]:
        elapsed = self._heard - self._began
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


def _parameters(progress: Progress) -> dict[str, float | None]:
    """Values by name; None for what is no number that JSON has."""
    if progress.iterate is None:
        return {}
    values = islice(progress.iterate.parameters().items(), _MOST_PARAMETERS)
    return {name: value if math.isfinite(value) else None for name, value in values}
