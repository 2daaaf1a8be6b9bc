"""What waits, what runs and who works, as the database has it: what a forecast of the queues is made from."""

from statistics import median

from sqlalchemy import Engine, Float, select, type_coerce
from sqlalchemy.orm import Session

from jobs.clock import database_now
from jobs.queues import presence
from jobs.queues.queue_forecast import Forecast, Server, Waiting, forecast
from jobs.storage.schema import FitRecord

_MOST_WAITING = 5000
_RECENT = 50
"""Finished fits of a queue that its pace is taken from."""
_UNKNOWN_SECONDS = 10.0
"""What a fit takes of which nothing is expected."""
_OVERDUE = 0.2
"""A fit that has taken longer than it should will take this much of its time so far again."""


def look(engine: Engine) -> Forecast:
    """The standing of every queued fit, of all owners, as it is now."""
    paces = {queue: pace(engine, queue) for queue in ("quick", "cpu", "gpu")}
    busy = _busy(engine, paces)
    servers = [Server(tuple(worker.queues), busy.get(worker.id, 0.0)) for worker in presence.alive(engine)]
    return forecast(servers, _waiting(engine, paces))


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


def _busy(engine: Engine, paces: dict[str, float]) -> dict[str, float]:
    """Seconds that each worker still needs for the fit that it has."""
    elapsed = database_now() - type_coerce(FitRecord.started_at, Float)
    query = select(FitRecord.worker, FitRecord.queue, FitRecord.expected_seconds, FitRecord.progress, elapsed).where(
        FitRecord.state == "running"
    )
    with Session(engine) as session:
        rows = session.execute(query).all()
    return {
        worker: _left(progress, (expected or _UNKNOWN_SECONDS) * paces.get(queue, 1.0), so_far)
        for worker, queue, expected, progress, so_far in rows
        if worker is not None
    }


def _left(progress: dict[str, object] | None, expected: float, so_far: float) -> float:
    """By the fit's own estimate where it has one, else by what was expected."""
    own = (progress or {}).get("eta_seconds")
    if isinstance(own, int | float):
        return max(float(own), 0.0)
    return max(expected - so_far, _OVERDUE * so_far)


def _waiting(engine: Engine, paces: dict[str, float]) -> dict[str, list[Waiting]]:
    query = (
        select(FitRecord.id, FitRecord.queue, FitRecord.expected_seconds)
        .where(FitRecord.state == "queued")
        .order_by(FitRecord.id)
        .limit(_MOST_WAITING)
    )
    queues: dict[str, list[Waiting]] = {queue: [] for queue in paces}
    with Session(engine) as session:
        for fit_id, queue, expected in session.execute(query):
            seconds = (expected or _UNKNOWN_SECONDS) * paces.get(queue, 1.0)
            queues.setdefault(queue, []).append(Waiting(fit_id, seconds))
    return queues
