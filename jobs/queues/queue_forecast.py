"""Forecast of the queues: when queued fits will start, by playing the workers' next hours through.

Each worker takes one fit at a time, and its queues in turn, as the broker's client does; within a queue the oldest
comes first. What a fit will take is what was expected of it times the pace of its queue: the median of actual over
expected time of the fits that last succeeded there.

    >>> found = forecast([Server(("cpu",), free_at=5.0)], {"cpu": [WaitingFit("a", 10.0), WaitingFit("b", 20.0)]})
    >>> found.fits["b"]
    QueueStanding(position=2, starts_in=15.0)

`forecast_now` reads servers and queues from the database, for all owners.
"""

import heapq
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from sqlalchemy import Engine, Float, select, type_coerce
from sqlalchemy.orm import Session

from jobs.clock import database_now
from jobs.queues import presence
from jobs.queues.queue_choice import QUEUES
from jobs.storage.schema import FitRecord

_MOST_WAITING = 5000
"""Queued fits that a forecast plays through, the oldest first. Chosen by hand: more than two accounts may queue by
default (`Settings.quota_queued_fits`); who comes later is told no time."""
_RECENT = 50
"""Finished fits of a queue that its pace is taken from. Chosen by hand: enough for a steady median, few enough to
follow a change of machines within a day's work."""
_UNKNOWN_SECONDS = 10.0
"""Seconds of a fit of which nothing is expected, as of rows older than migration 0005. Chosen by hand: an ordinary
fit's."""
_OVERDUE = 0.2
"""A fit that has taken longer than it should will take this share of its time so far again. Chosen by hand: a late fit
is nearer to its end the longer it runs, in no known proportion."""


@dataclass(frozen=True)
class Server:
    """A worker: the queues that it serves in its own order, and when it will be free, in seconds from now."""

    queues: tuple[str, ...]
    free_at: float = 0.0


@dataclass(frozen=True)
class WaitingFit:
    """A queued fit and how long it will take, in seconds."""

    fit_id: str
    seconds: float


@dataclass(frozen=True)
class QueueStanding:
    """Where a fit is in its queue: 1 is next; and in how many seconds it will start, None where nobody serves it."""

    position: int
    starts_in: float | None


@dataclass(frozen=True)
class Forecast:
    """Every queued fit's standing, and that of one that would be queued now.

    Attributes:
        fits: by id.
        last: by queue; one that is not there is empty.
    """

    fits: Mapping[str, QueueStanding]
    last: Mapping[str, QueueStanding] = field(default_factory=dict)

    def of(self, fit_id: str, queue: str) -> QueueStanding:
        """A fit's standing; where it is newer than the forecast, that of the next one."""
        return self.fits.get(fit_id) or self.last.get(queue) or QueueStanding(1, None)


def forecast(servers: Iterable[Server], queues: Mapping[str, Sequence[WaitingFit]]) -> Forecast:
    """Play the queues through.

    Args:
        servers: the workers that are alive.
        queues: what waits in each queue, the oldest first.
    """
    workers = list(servers)
    marked = {name: [*queue, WaitingFit(_next(name), 0.0)] for name, queue in queues.items()}
    starts = _starts(workers, marked)
    fits = {
        item.fit_id: QueueStanding(place, starts.get(item.fit_id))
        for queue in queues.values()
        for place, item in enumerate(queue, start=1)
    }
    last = {name: QueueStanding(len(queue) + 1, starts.get(_next(name))) for name, queue in queues.items()}
    return Forecast(fits, last)


def _next(queue: str) -> str:
    """Stands for the fit that would be queued now."""
    return f"next in {queue}"


def _starts(workers: Sequence[Server], queues: Mapping[str, Sequence[WaitingFit]]) -> dict[str, float]:
    """When each waiting fit is taken, by its id."""
    left = {name: deque(queue) for name, queue in queues.items()}
    turns = [deque(worker.queues) for worker in workers]
    free = [(max(worker.free_at, 0.0), place) for place, worker in enumerate(workers)]
    heapq.heapify(free)
    starts: dict[str, float] = {}
    while free:
        at, place = heapq.heappop(free)
        chosen = next((name for name in turns[place] if left.get(name)), None)
        if chosen is None:
            continue  # nothing is left that this worker serves
        turns[place].remove(chosen)
        turns[place].append(chosen)
        item = left[chosen].popleft()
        starts[item.fit_id] = at
        heapq.heappush(free, (at + item.seconds, place))
    return starts


def forecast_now(engine: Engine) -> Forecast:
    """The standing of every queued fit, of all owners, as it is now."""
    paces = {queue: pace(engine, queue) for queue in QUEUES}
    busy = _seconds_until_free(engine, paces)
    servers = [Server(tuple(worker.queues), busy.get(worker.id, 0.0)) for worker in presence.alive(engine)]
    return forecast(servers, _waiting_fits(engine, paces))


def pace(engine: Engine, queue: str) -> float:
    """Actual over expected time of the fits that last succeeded in a queue: their median, 1 where there are none."""
    taken = type_coerce(FitRecord.finished_at, Float) - type_coerce(FitRecord.started_at, Float)
    query = (
        select(taken, FitRecord.expected_seconds)
        .where(FitRecord.state == "succeeded", FitRecord.queue == queue, FitRecord.expected_seconds > 0.0)
        .order_by(FitRecord.id.desc())
        .limit(_RECENT)
    )
    with Session(engine) as session:
        ratios = [actual / expected for actual, expected in session.execute(query) if expected]
    return median(ratios) if ratios else 1.0


def _seconds_until_free(engine: Engine, paces: dict[str, float]) -> dict[str, float]:
    """Seconds that each worker still needs for the fit that it has."""
    elapsed = database_now() - type_coerce(FitRecord.started_at, Float)
    query = select(FitRecord.worker, FitRecord.queue, FitRecord.expected_seconds, FitRecord.progress, elapsed).where(
        FitRecord.state == "running"
    )
    with Session(engine) as session:
        rows = session.execute(query).all()
    return {
        worker: _seconds_left(progress, (expected or _UNKNOWN_SECONDS) * paces.get(queue, 1.0), so_far)
        for worker, queue, expected, progress, so_far in rows
        if worker is not None
    }


def _seconds_left(progress: dict[str, object] | None, expected: float, so_far: float) -> float:
    """By the fit's own estimate where it has one, else by what was expected."""
    estimate = (progress or {}).get("eta_seconds")
    if isinstance(estimate, int | float):
        return max(float(estimate), 0.0)
    return max(expected - so_far, _OVERDUE * so_far)


def _waiting_fits(engine: Engine, paces: dict[str, float]) -> dict[str, list[WaitingFit]]:
    query = (
        select(FitRecord.id, FitRecord.queue, FitRecord.expected_seconds)
        .where(FitRecord.state == "queued")
        .order_by(FitRecord.id)
        .limit(_MOST_WAITING)
    )
    queues: dict[str, list[WaitingFit]] = {queue: [] for queue in paces}
    with Session(engine) as session:
        for fit_id, queue, expected in session.execute(query):
            seconds = (expected or _UNKNOWN_SECONDS) * paces.get(queue, 1.0)
            queues.setdefault(queue, []).append(WaitingFit(fit_id, seconds))
    return queues
