"""`photfit admin backup`: database and files of a service in one folder."""

from __future__ import annotations

from pathlib import Path

import click

from fitting.spec.counts import counted, verb
from photfit.commands.admin.service_database import database_as_it_is, settings
from photfit.failures import CommandFailure, UserMistake


@click.command("backup")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.pass_context
def backup(context: click.Context, folder: Path) -> None:
    """Copy accounts, fits, uploads and results into FOLDER, which is new or empty; the service may run meanwhile.

    Every file is held against its hash. Exit code 1 where one was missing or damaged, which is said; the rest is kept.
    The database has to be SQLite: PostgreSQL is backed up by pg_dump.
    """
    from fitting import __version__
    from jobs.storage.blobs import open_blobs
    from jobs.upkeep.backups import make_backup

    if folder.exists() and any(folder.iterdir()):
        raise UserMistake(f"{folder} is not empty: name a new folder for each backup")
    with database_as_it_is() as engine:
        if engine.dialect.name != "sqlite":
            raise UserMistake(
                "the service's database is no SQLite file: back it up by pg_dump, and the files by a copy of their "
                "folder or bucket afterwards (docs/how-to/back-up-and-restore.md)"
            )
        try:
            summary = make_backup(engine, open_blobs(settings().blobs), folder, __version__)
        except OSError as error:
            raise CommandFailure(f"{folder} takes no files, and holds no backup: {error}") from error
    for fault in summary.faults:
        click.echo(f"not kept: {fault}", err=True)
    click.echo(f"{folder}: the database and {counted(summary.files, 'file')}, {summary.bytes / 2**20:.1f} MiB")
    if summary.faults:
        number = len(summary.faults)
        missing = f"{counted(number, 'file')} {verb(number, 'is', 'are')} not in it"
        click.echo(f"{missing}; `photfit admin check` says more", err=True)
        context.exit(1)
