"""Presence of workers: which are alive, what they serve, and which were told to stop.

A name may come back: a container that is started again calls its worker what the last one was called. So each start is
an incarnation of its own, and what was told to another one does not concern it.
"""

from sqlalchemy import ColumnElement, Engine, and_, case, delete, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from jobs.clock import database_now
from jobs.storage.schema import FitRecord, WorkerRecord

ALIVE_SECONDS = 15.0
"""A worker that has not reported for so many seconds is not counted on: three of its reports
(`worker.application`)."""
MISSED_SECONDS = 300.0
"""Seconds for which a silent worker is missed. Chosen by hand: longer than a restart, shorter than a change of plan."""
FORGET_SECONDS = 3600.0
"""Seconds after which the row of a silent worker goes. Chosen by hand: an operator still sees who died this hour."""


def report(engine: Engine, worker: str, queues: list[str], devices: list[str], incarnation: str | None = None) -> None:
    """Say that a worker is alive; one that has just started under a name that was there before was not told to stop."""
    fresh = {"queues": queues, "devices": devices, "last_seen": database_now(), "incarnation": incarnation}
    insert = sqlite_insert if engine.dialect.name == "sqlite" else postgresql_insert
    statement = insert(WorkerRecord).values({"id": worker, "stopping": False} | fresh)
    stopping = case((_is(incarnation), WorkerRecord.stopping), else_=False)
    with engine.begin() as connection:
        connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=fresh | {"stopping": stopping}))


def report_memory(engine: Engine, worker: str, memory: dict[str, dict[str, int]]) -> None:
    """Say how much memory a worker's GPUs have, in bytes by device and kind."""
    with engine.begin() as connection:
        connection.execute(update(WorkerRecord).where(WorkerRecord.id == worker).values(memory=memory))


def mark_stopping(engine: Engine, worker: str, incarnation: str | None = None) -> None:
    """Tell a worker's children to let go of their job."""
    told = update(WorkerRecord).where(WorkerRecord.id == worker, _is(incarnation)).values(stopping=True)
    with engine.begin() as connection:
        connection.execute(told)


def is_stopping(engine: Engine, worker: str, incarnation: str | None = None) -> bool:
    """Whether a worker was told to stop."""
    query = select(WorkerRecord.stopping).where(WorkerRecord.id == worker, _is(incarnation))
    with engine.connect() as connection:
        return bool(connection.scalar(query))


def withdraw(engine: Engine, worker: str, incarnation: str | None = None) -> None:
    """A worker has ended in good order."""
    with engine.begin() as connection:
        connection.execute(delete(WorkerRecord).where(WorkerRecord.id == worker, _is(incarnation)))


def alive(engine: Engine) -> list[WorkerRecord]:
    """The workers that count: that report themselves, were not told to stop, and whose child is not silent."""
    now = database_now()
    silent = exists().where(
        FitRecord.state == "running", FitRecord.worker == WorkerRecord.id, FitRecord.lease_until < now
    )
    # A report from the future was written by a clock that was ahead.
    recent = and_(WorkerRecord.last_seen > now - ALIVE_SECONDS, WorkerRecord.last_seen < now + ALIVE_SECONDS)
    query = select(WorkerRecord).where(recent, WorkerRecord.stopping.is_(False), ~silent)
    with Session(engine) as session:
        return list(session.scalars(query))


def missing(engine: Engine) -> list[WorkerRecord]:
    """Workers that were there some minutes ago and are silent now, without having said that they end."""
    counted = {record.id for record in alive(engine)}
    query = select(WorkerRecord).where(
        WorkerRecord.last_seen > database_now() - MISSED_SECONDS, WorkerRecord.stopping.is_(False)
    )
    with Session(engine) as session:
        return [record for record in session.scalars(query.order_by(WorkerRecord.id)) if record.id not in counted]


def _is(incarnation: str | None) -> ColumnElement[bool]:
    """Condition on workers: this incarnation, or one of a version that did not tell them apart."""
    if incarnation is None:
        return WorkerRecord.incarnation.is_(None)
    return WorkerRecord.incarnation == incarnation


def forget_silent(engine: Engine) -> None:
    """Drop workers that have been silent for long."""
    with engine.begin() as connection:
        now = database_now()
        gone = or_(WorkerRecord.last_seen < now - FORGET_SECONDS, WorkerRecord.last_seen > now + FORGET_SECONDS)
        connection.execute(delete(WorkerRecord).where(gone))
