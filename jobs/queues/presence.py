"""Presence of workers: which are alive, what they serve, and which were told to stop."""

from sqlalchemy import Engine, delete, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from jobs.clock import database_now
from jobs.storage.schema import WorkerRecord

ALIVE_SECONDS = 15.0
"""A worker that has not reported for so many seconds is not counted on: three of its reports
(`worker.application`)."""
FORGET_SECONDS = 3600.0
"""Seconds after which the row of a silent worker goes. Chosen by hand: an operator still sees who died this hour."""


def report(engine: Engine, worker: str, queues: list[str], devices: list[str]) -> None:
    """Say that a worker is alive."""
    values = {"queues": queues, "devices": devices, "stopping": False, "last_seen": database_now()}
    insert = sqlite_insert if engine.dialect.name == "sqlite" else postgresql_insert
    statement = insert(WorkerRecord).values({"id": worker} | values)
    fresh = {"queues": queues, "devices": devices, "last_seen": database_now()}
    with engine.begin() as connection:
        connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=fresh))


def report_memory(engine: Engine, worker: str, memory: dict[str, dict[str, int]]) -> None:
    """Say how much memory a worker's GPUs have, in bytes by device and kind."""
    with engine.begin() as connection:
        connection.execute(update(WorkerRecord).where(WorkerRecord.id == worker).values(memory=memory))


def mark_stopping(engine: Engine, worker: str) -> None:
    """Tell a worker's children to let go of their job."""
    with engine.begin() as connection:
        connection.execute(update(WorkerRecord).where(WorkerRecord.id == worker).values(stopping=True))


def is_stopping(engine: Engine, worker: str) -> bool:
    """Whether a worker was told to stop."""
    with engine.connect() as connection:
        return bool(connection.scalar(select(WorkerRecord.stopping).where(WorkerRecord.id == worker)))


def withdraw(engine: Engine, worker: str) -> None:
    """A worker has ended in good order."""
    with engine.begin() as connection:
        connection.execute(delete(WorkerRecord).where(WorkerRecord.id == worker))


def alive(engine: Engine) -> list[WorkerRecord]:
    """The workers that count."""
    query = select(WorkerRecord).where(
        WorkerRecord.last_seen > database_now() - ALIVE_SECONDS, WorkerRecord.stopping.is_(False)
    )
    with Session(engine) as session:
        return list(session.scalars(query))


def forget_silent(engine: Engine) -> None:
    """Drop workers that have been silent for long."""
    with engine.begin() as connection:
        connection.execute(delete(WorkerRecord).where(WorkerRecord.last_seen < database_now() - FORGET_SECONDS))
