"""Queue board: the place of any queued fit, from a forecast made a few times a second at most."""

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from jobs.queues.queue_forecast import Forecast, forecast_now
from jobs.storage.schema import FitRecord

_FRESH_SECONDS = 1.0
"""Seconds that a forecast serves for fits that it knows. Chosen by hand: starts are estimated no better."""
_FRESH_SECONDS_FOR_NEW = 0.1
"""Seconds that it serves for fits that came after it. Chosen by hand: ten forecasts a second at most."""


@dataclass(frozen=True)
class Place:
    """Where a fit is in its queue, and when it is expected to start."""

    queue: str
    position: int
    estimated_start: datetime | None


class QueueBoard:
    """Tells the place of any queued fit. Asks the database, so it is not for the event loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._made_at = -_FRESH_SECONDS
        self._forecast = Forecast({})

    def place(self, record: FitRecord) -> Place | None:
        """The place of a fit; None where it is not queued."""
        return None if record.state != "queued" else self._find_place(record.queue, record.id)

    def next_place(self, queue: str) -> Place:
        """The place that a fit would have that is queued now."""
        return self._find_place(queue, "")

    def _find_place(self, queue: str, fit_id: str) -> Place:
        with self._lock:
            fresh = _FRESH_SECONDS if fit_id in self._forecast.fits else _FRESH_SECONDS_FOR_NEW
            if time.monotonic() - self._made_at >= fresh:
                self._forecast, self._made_at = forecast_now(self._engine), time.monotonic()
            made, standing = self._made_at, self._forecast.of(fit_id, queue)
        if standing.starts_in is None:
            return Place(queue, standing.position, None)
        start = datetime.now(UTC) + timedelta(seconds=max(standing.starts_in - (time.monotonic() - made), 0.0))
        return Place(queue, standing.position, start)
