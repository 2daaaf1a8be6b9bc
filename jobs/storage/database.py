"""Connections to the database and its migrations: SQLite in WAL mode by default, PostgreSQL by URL.

engine = connect(Settings())
migrate(engine)
"""

import contextlib
import fcntl
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    Connection,
    Engine,
    ExceptionContext,
    PoolProxiedConnection,
    QueuePool,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from jobs.faults import DatabaseAway
from jobs.settings import Settings

_MIGRATIONS = Path(__file__).parents[1] / "migrations"
_FIRST_WAIT_SECONDS = 0.5
"""Seconds until a database that does not answer is asked again, doubled each time. Chosen by hand."""
_LONGEST_WAIT_SECONDS = 10.0
"""Seconds: the doubling ends here. Chosen by hand."""
_MIGRATION_LOCK = 7_305_461
"""Key of the advisory lock under which PostgreSQL is migrated; any number that others do not use."""
_POOL_SECONDS = 10.0
"""Seconds to wait for one of the process's connections. Chosen by hand: a third of SQLAlchemy's, since whoever waits
keeps a thread, and is better told to come again."""


class ConnectionPool(QueuePool):
    """SQLAlchemy's pool, whose wait that was too long is passing trouble like any other of a database."""

    def connect(self) -> PoolProxiedConnection:
        """A connection. Raises DatabaseAway where all stayed taken."""
        try:
            return super().connect()
        except PoolTimeout as error:
            raise DatabaseAway("every connection to the database stayed taken") from error


_log = structlog.get_logger("photfit.database")


def connect(settings: Settings) -> Engine:
    """An engine on the settings' database; a SQLite file's folder is made.

    SQLite commits with synchronous=FULL: an accepted job outlives a power cut, at a few milliseconds a commit.
    Whatever is asked of the engine raises DatabaseAway while the database does not answer.
    """
    engine = _engine(settings)
    event.listen(engine, "handle_error", _tell_away)
    return engine


def _engine(settings: Settings) -> Engine:
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite":
        if url.database and url.database != ":memory:":
            _make_private(Path(url.database).absolute())
        engine = create_engine(
            url,
            connect_args={"timeout": 20.0, "check_same_thread": False},
            poolclass=ConnectionPool,
            pool_timeout=_POOL_SECONDS,
        )
        event.listen(engine, "connect", _prepare_sqlite)
        return engine
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    return create_engine(
        url,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 5},
        poolclass=ConnectionPool,
        pool_timeout=_POOL_SECONDS,
    )


def _make_private(database: Path) -> None:
    """Make a SQLite file and its folder for their owner alone, where they are not there yet, whoever comes first.

    SQLite gives the files that it makes beside a database the same mode.
    """
    database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(database, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


NOT_STARTED = 78
"""Exit code of a program that cannot start, has said why, and would not the next time either: EX_CONFIG of BSD's
sysexits.h."""


class NewerTables(Exception):
    """The database has tables of a newer version of the program."""

    def __init__(self, found: str, known: str) -> None:
        super().__init__(
            f"the database was made by a newer photfit: its tables have version {found}, this program knows them up to "
            f"{known}; install the newer version again, or restore a backup that was made before"
        )


def migrate(engine: Engine) -> None:
    """Bring the tables to this version; safe when several processes start at once. Raises NewerTables."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with _one_at_a_time(engine), engine.begin() as connection:
        refuse_newer(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def refuse_newer(connection: Connection) -> None:
    """Raise NewerTables where the tables have a version that this program does not know."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    known = {script.revision for script in scripts.walk_revisions()}
    found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and found not in known:
        raise NewerTables(found, scripts.get_current_head() or "none")


def database_at_start(settings: Settings, program: str) -> None:
    """Return when the database answers, with its tables of this version: a machine starts its parts in any order.

    Where its tables are newer, this says so in the name of `program` and ends the process with the exit code
    `NOT_STARTED`.
    """
    engine = connect(settings)
    try:
        wait_for_database(engine)
    except NewerTables as error:
        sys.stderr.write(f"{program}: {error}\n")
        sys.exit(NOT_STARTED)
    finally:
        engine.dispose()


def wait_for_database(engine: Engine) -> None:
    """Bring the tables to this version as soon as the database answers, however long that takes. Raises NewerTables."""
    pause = _FIRST_WAIT_SECONDS
    while True:
        try:
            migrate(engine)
        except DatabaseAway as error:
            _log.warning("the database does not answer; it is waited for", error=str(error))
            time.sleep(pause)
            pause = min(2.0 * pause, _LONGEST_WAIT_SECONDS)
        else:
            return


def revisions(engine: Engine) -> tuple[str | None, str | None]:
    """The version of the database's tables, and the one that this program brings them to."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    return found, ScriptDirectory.from_config(config).get_current_head()


@contextmanager
def _one_at_a_time(engine: Engine) -> Iterator[None]:
    """Hold the right to migrate: a lock file beside a SQLite file, an advisory lock in PostgreSQL."""
    if engine.dialect.name == "sqlite":
        with Path(f"{engine.url.database}.migrating").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        return
    with engine.connect() as connection:
        connection.execute(text(f"select pg_advisory_lock({_MIGRATION_LOCK})"))
        try:
            yield
        finally:
            connection.execute(text(f"select pg_advisory_unlock({_MIGRATION_LOCK})"))
            connection.commit()


def _tell_away(context: ExceptionContext) -> None:
    """The one place that knows what drivers raise when they cannot reach their database."""
    # What a ping before use finds is no failure: the pool then connects anew.
    if not context.is_pre_ping and (
        context.is_disconnect or isinstance(context.sqlalchemy_exception, OperationalError)
    ):
        raise DatabaseAway(str(context.original_exception)) from context.sqlalchemy_exception


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=20000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
