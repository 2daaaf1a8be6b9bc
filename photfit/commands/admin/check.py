"""`photfit admin check`: whether every file is there and as it was stored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from photfit.commands.admin.service_database import database_as_it_is, settings
from photfit.failures import CommandFailure, UserMistake

if TYPE_CHECKING:
    from jobs.storage.blobs import BlobStore


@click.command("check")
@click.option("--repair", is_flag=True, help="Mend what can be mended.")
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="With --repair: a backup, from which missing and damaged files are put back.",
)
@click.pass_context
def check(context: click.Context, repair: bool, source: Path | None) -> None:
    """Read every file of uploads and results, and hold it against size and hash in its record; list files that no
    record knows. The service may run. Exit code 1 where a file is missing or damaged and was not put back.

    --repair puts files back from the backup that --from names. Where that has not the right bytes, damaged ones are
    moved to the folder `damaged` of the data directory: of an upload, the same file uploaded again mends it; a result
    is then gone, and its fit can be run again. Files that no record knows are deleted, as by `photfit admin gc`.
    """
    from jobs.lifecycle.retention import orphans
    from jobs.storage.blobs import open_blobs
    from jobs.upkeep.file_check import damaged_files, mend

    if source is not None and not repair:
        raise UserMistake("--from goes with --repair: without it nothing is changed")
    backup = None if source is None else _files_of_backup(source)
    blobs, aside = open_blobs(settings().blobs), settings().data_dir.absolute() / "damaged"
    damaged = left = strays = 0
    with database_as_it_is() as engine:
        for found in damaged_files(engine, blobs):
            damaged += 1
            became = mend(found, blobs, aside, backup) if repair else "nothing"
            left += became != "put back"
            click.echo(found.sentence() + _REMARKS[became].format(aside=aside))
        for key in orphans(engine, blobs):
            strays += 1
            if repair:
                blobs.delete(key)
            click.echo(f"{key} belongs to nothing{'; deleted' if repair else ''}")
    click.echo(f"{damaged} missing or damaged, {damaged - left} of them put back; {strays} belong to nothing")
    context.exit(1 if left else 0)


_REMARKS = {"put back": "; put back from the backup", "put aside": "; moved to {aside}", "nothing": ""}


def _files_of_backup(folder: Path) -> BlobStore:
    """The files of a backup. Raises CommandFailure where the folder is none."""
    from jobs.storage.blobs import open_blobs
    from jobs.upkeep.backups import NoBackup, read_summary

    try:
        read_summary(folder)
    except NoBackup as error:
        raise CommandFailure(str(error)) from error
    return open_blobs(str(folder / "blobs"))
