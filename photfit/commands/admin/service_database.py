"""The service's database and settings, opened for the administrator's commands; the account that one names."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
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


@contextlib.contextmanager
def database() -> Iterator[Engine]:
    """The service's database, brought up to date. Raises UserMistake where there is none, CommandFailure where it does
    not answer.
    """
    from sqlalchemy import make_url

    from jobs.faults import DatabaseAway
    from jobs.storage.database import NewerTables, connect, migrate

    place = make_url(settings().database)
    if place.get_backend_name() == "sqlite" and not Path(place.database or "").is_file():
        raise UserMistake(
            f"{settings().data_dir.absolute()} holds no service: start `photfit serve` on it once, or name the folder "
            "of the one that you mean with `photfit admin --data-dir FOLDER` or PHOTFIT_DATA_DIR"
        )
    engine = connect(settings())
    try:
        migrate(engine)
        yield engine
    except NewerTables as error:
        raise CommandFailure(str(error)) from error
    except DatabaseAway as error:
        raise CommandFailure(f"the database at {engine.url!r} does not answer: {error}") from error
    finally:
        engine.dispose()


def account(engine: Engine, name: str) -> UserRecord:
    """The account called so. Raises UserMistake where there is none."""
    from jobs.accounts.accounts import find_user

    user = find_user(engine, name)
    if user is None:
        raise UserMistake(f"there is no account {name!r}; `photfit admin users list` names all")
    return user
