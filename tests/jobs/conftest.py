"""Real stores for the tests of jobs: SQLite files, a PostgreSQL server where one is installed, real brokers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update

from jobs.lifecycle import transitions
from jobs.lifecycle.transitions import Claim, NewFit
from jobs.queues import turns
from jobs.settings import Settings
from jobs.storage.database import connect, migrate
from jobs.storage.schema import FitRecord
from tests.stores import postgres_url, s3

__all__ = ["postgres_url", "s3"]


def new_fit(**changed: object) -> NewFit:
    """A fit to be recorded."""
    values = {"owner": "local", "name": "a fit", "request": {"images": []}, "queue": "cpu", "device": "auto"}
    return NewFit(**{**values, "body_hash": "0" * 64, **changed})  # type: ignore[arg-type]


def claim_fit(
    engine: Engine,
    fit_id: str,
    worker: str = "worker",
    task_id: str | None = None,
    lease: float = 60.0,
    most_running: int | None = None,
) -> Claim | None:
    """A claim of this very fit, which is put ahead of all turns first; None where it does not wait or may not run."""
    waits = update(FitRecord).where(FitRecord.id == fit_id, FitRecord.state == "queued")
    with engine.begin() as connection:
        if connection.execute(waits.values(priority=1000, due_at=None)).rowcount == 0:
            return None
        queue = connection.scalar(select(FitRecord.queue).where(FitRecord.id == fit_id)) or ""
        turn = turns.next_turn(connection, queue, most_running)
    if turn is None or turn.fit_id != fit_id:
        return None
    return transitions.claim_next(engine, [queue], worker, task_id, lease, most_running)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """A migrated SQLite database."""
    engine = connect(settings)
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def any_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A migrated database of either kind, empty."""
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    engine = connect(Settings(data_dir=tmp_path, database_url=url))
    migrate(engine)
    yield engine
    from jobs.storage.schema import Table

    with engine.begin() as connection:
        for table in (
            Table.metadata.tables[name]
            for name in (
                "fits",
                "turns",
                "uploads",
                "workers",
                "sessions",
                "keys",
                "users",
                "tallies",
                "uws_jobs",
                "searches",
            )
        ):
            connection.execute(table.delete())
    engine.dispose()
