"""The service's database and settings, opened for the administrator's commands; the account that one names."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from photfit.failures import CommandFailure, UserMistake

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from jobs.settings import Settings
    from jobs.storage.schema import UserRecord


def settings() -> Settings:
    """The service's settings: the environment's, in the folder that the command was told."""
    from jobs.settings import Settings

    folder = click.get_current_context().obj
    return Settings() if folder is None else Settings(data_dir=folder)


def sqlite_file() -> Path | None:
    """The service's database, where it is a file."""
    from sqlalchemy import make_url

    place = make_url(settings().database)
    return Path(place.database or "").absolute() if place.get_backend_name() == "sqlite" else None


@contextlib.contextmanager
def database() -> Iterator[Engine]:
    """The service's database, brought up to date. Raises UserMistake where there is none, CommandFailure where it does
    not answer.
    """
    from jobs.storage.database import migrate

    with _database(migrate) as engine:
        yield engine


@contextlib.contextmanager
def database_as_it_is() -> Iterator[Engine]:
    """The service's database, where its tables are of this program's version. Raises UserMistake where there is none or
    they are older, CommandFailure where they are newer or it does not answer.
    """
    with _database(_require_same_tables) as engine:
        yield engine


def _require_same_tables(engine: Engine) -> None:
    from jobs.storage.database import refuse_newer, revisions

    with engine.connect() as connection:
        refuse_newer(connection)
    found, newest = revisions(engine)
    if found != newest:
        raise UserMistake(
            f"the tables are of version {found}, this program's of {newest}: use the version of photfit that the "
            "service runs, or start this one once, which brings them up"
        )


@contextlib.contextmanager
def _database(prepare: Callable[[Engine], None]) -> Iterator[Engine]:
    from jobs.faults import DatabaseAway, StorageTrouble
    from jobs.storage.database import NewerTables, connect

    file = sqlite_file()
    if file is not None and not file.is_file():
        raise UserMistake(
            f"{settings().data_dir.absolute()} holds no service: start `photfit serve` on it once, or name the folder "
            "of the one that you mean with `photfit admin --data-dir FOLDER` or PHOTFIT_DATA_DIR"
        )
    engine = connect(settings())
    try:
        prepare(engine)
        yield engine
    except NewerTables as error:
        raise CommandFailure(str(error)) from error
    except DatabaseAway as error:
        raise CommandFailure(f"the database at {engine.url!r} does not answer: {error}") from error
    except StorageTrouble as error:
        raise CommandFailure(str(error)) from error
    finally:
        engine.dispose()


def account(engine: Engine, name: str) -> UserRecord:
    """The account called so. Raises UserMistake where there is none."""
    from jobs.accounts.accounts import find_user

    user = find_user(engine, name)
    if user is None:
        raise UserMistake(f"there is no account {name!r}; `photfit admin users list` names all")
    return user
