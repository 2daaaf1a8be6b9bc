"""Queue board: the place of any queued fit, from a forecast made a few times a second at most."""

import math
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
_LARGEST_SHARE = 0.1
"""Of the time that goes into forecasts, at most: long queues are forecast less often. Chosen by hand."""


@dataclass(frozen=True)
class Place:
    """Where a fit is in its queue, and when it is expected to start."""

    queue: str
    position: int
    estimated_start: datetime | None


class QueueBoard:
    """Tells the place of any queued fit. Asks the database, so it is not for the event loop.

    Args:
        engine: of the service's database.
        most_running: fits of an account that run at once, where it has no limit of its own.
    """

    def __init__(self, engine: Engine, most_running: int | None = None) -> None:
        self._engine = engine
        self._most_running = most_running
        self._lock = threading.Lock()
        self._made_at = -math.inf
        self._took = 0.0
        self._forecast = Forecast({})

    def place(self, record: FitRecord) -> Place | None:
        """The place of a fit; None where it is not queued."""
        return None if record.state != "queued" else self._find_place(record.queue, record.id, record.owner)

    def next_place(self, queue: str, owner: str) -> Place:
        """The place that a fit of the owner would have that is queued now."""
        return self._find_place(queue, "", owner)

    def seconds_to_start(self, queue: str, owner: str) -> float | None:
        """Seconds until a fit of the owner would start that is queued now; None where nobody serves the queue."""
        return self._find(queue, "", owner)[1]

    def _find_place(self, queue: str, fit_id: str, owner: str) -> Place:
        position, seconds = self._find(queue, fit_id, owner)
        start = None if seconds is None else datetime.now(UTC) + timedelta(seconds=seconds)
        return Place(queue, position, start)

    def _find(self, queue: str, fit_id: str, owner: str) -> tuple[int, float | None]:
        with self._lock:
            fresh = _FRESH_SECONDS if fit_id in self._forecast.fits else _FRESH_SECONDS_FOR_NEW
            if time.monotonic() - self._made_at >= max(fresh, self._took * (1.0 / _LARGEST_SHARE - 1.0)):
                began = time.monotonic()
                self._forecast = forecast_now(self._engine, self._most_running)
                self._made_at = time.monotonic()
                self._took = self._made_at - began
            made, standing = self._made_at, self._forecast.of(fit_id, queue, owner)
        if standing.starts_in is None:
            return standing.position, None
        return standing.position, max(standing.starts_in - (time.monotonic() - made), 0.0)
