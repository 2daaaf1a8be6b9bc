"""`photfit admin restore`: a service as it was when a backup was made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fitting.spec.counts import counted
from photfit.commands.admin.service_database import settings, sqlite_file
from photfit.failures import CommandFailure, UserMistake
from photfit.supervisor import DataDirectory

if TYPE_CHECKING:
    from jobs.storage.blobs import BlobStore


@click.command("restore")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--replace", is_flag=True, help="Also where a service is there already; its database is put aside.")
def restore(folder: Path, replace: bool) -> None:
    """Make a service of the backup in FOLDER, where the settings say that it is: in the folder of --data-dir.

    The whole backup is verified before anything is written. Refused where a service is there already, and while one
    runs.
    """
    from jobs.faults import StorageTrouble
    from jobs.storage.blobs import open_blobs
    from jobs.storage.database import NewerTables
    from jobs.upkeep.backups import NoBackup, read_summary, restore_backup

    database, blobs = sqlite_file(), open_blobs(settings().blobs)
    if database is None:
        raise UserMistake("a backup is restored to SQLite; a dump of PostgreSQL by pg_restore")
    try:
        summary = read_summary(folder)
        with DataDirectory(settings().data_dir):
            if not replace:
                _require_no_service(database, blobs)
            _require_no_process(database)
            aside = restore_backup(folder, database, blobs)
    except (NoBackup, NewerTables, StorageTrouble) as error:
        raise CommandFailure(str(error)) from error
    except OSError as error:
        raise CommandFailure(f"{database.parent} takes no files: {error}") from error
    if aside is not None:
        click.echo(f"the database that was there is {aside} now")
    click.echo(f"restored from {summary.made_at}: the database and {counted(summary.files, 'file')}")
    for fault in summary.faults:
        click.echo(f"not in the backup: {fault}", err=True)


def _require_no_service(database: Path, blobs: BlobStore) -> None:
    """Raises UserMistake."""
    told = "; --replace puts its database aside and the backup in its place"
    if database.exists():
        raise UserMistake(f"{database} is a service's database already{told}")
    if blobs.keys("uploads") or blobs.keys("fits"):
        raise UserMistake(f"{settings().blobs} holds files of a service already{told}")


def _require_no_process(database: Path) -> None:
    """Raises UserMistake where API or workers, started one by one, use the database that is to be replaced."""
    from jobs.lifecycle.reconciler import holder_of_lock
    from jobs.queues import presence
    from jobs.storage.database import connect

    if not database.exists():
        return
    engine = connect(settings())
    try:
        at_work = [worker.id for worker in presence.alive(engine)] or holder_of_lock(engine)
    except Exception:  # noqa: BLE001 - what cannot be read, or has other tables, is what is to be replaced
        return
    finally:
        engine.dispose()
    if at_work:
        raise UserMistake(
            f"a service works on {database}: stop its API and workers first (one that was killed is seen as gone after "
            "half a minute)"
        )
