"""Real stores for the tests of jobs: SQLite files, a PostgreSQL server where one is installed, real brokers."""

import glob
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from jobs.database import connect, migrate
from jobs.settings import Settings
from jobs.transitions import NewFit


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


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a PostgreSQL server: the one that the environment names, else one that is started here."""
    if url := os.environ.get("PHOTFIT_TEST_POSTGRES_URL"):
        yield url
        return
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb")) or [shutil.which("initdb")]
    if found[-1] is None:
        pytest.skip("no PostgreSQL server is installed and PHOTFIT_TEST_POSTGRES_URL is not set")
    programs = Path(found[-1]).parent
    folder = Path(tempfile.mkdtemp(prefix="photfit-pg-"))
    # The server refuses to run as root: there it runs as the user that its package makes.
    user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    if user:
        shutil.chown(folder, "postgres")
    data = str(folder / "data")
    subprocess.run([*user, programs / "initdb", "-D", data, "-A", "trust", "-U", "photfit"], check=True, timeout=60)
    options = f"-c listen_addresses='' -k {folder} -c fsync=off"
    log = str(folder / "log")
    control = [*user, programs / "pg_ctl", "-D", data, "-w", "-l", log, "-o", options]
    subprocess.run([*control, "start"], check=True, timeout=60)
    yield f"postgresql://photfit@/postgres?host={folder}"
    subprocess.run([*user, programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"], check=True, timeout=60)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def any_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A migrated database of either kind, empty."""
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    engine = connect(Settings(data_dir=tmp_path, database_url=url))
    migrate(engine)
    yield engine
    from jobs.schema import Table

    with engine.begin() as connection:
        for table in (
            Table.metadata.tables[name] for name in ("fits", "uploads", "workers", "sessions", "keys", "users")
        ):
            connection.execute(table.delete())
    engine.dispose()
