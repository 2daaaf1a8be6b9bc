"""Real stores for the tests of jobs: SQLite files, a PostgreSQL server where one is installed, real brokers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from jobs.lifecycle.transitions import NewFit
from jobs.settings import Settings
from jobs.storage.database import connect, migrate
from tests.stores import postgres_url, s3

__all__ = ["postgres_url", "s3"]


def new_fit(**changed: object) -> NewFit:
    """A fit to be recorded."""
    values = {"owner": "local", "name": "a fit", "request": {"images": []}, "queue": "cpu", "device": "auto"}
    return NewFit(**{**values, "body_hash": "0" * 64, **changed})  # type: ignore[arg-type]


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
            for name in ("fits", "uploads", "workers", "sessions", "keys", "users", "tallies", "uws_jobs")
        ):
            connection.execute(table.delete())
    engine.dispose()
