"""`photfit admin gc`: what nobody needs any more."""

from __future__ import annotations

from contextlib import suppress

import click

from fitting.spec.counts import counted, verb
from photfit.commands.admin.service_database import database, settings


@click.command("gc")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
def gc(dry_run: bool) -> None:
    """Delete files that belong to no upload and no fit any more, or that killed processes left half written, and
    sessions and UWS jobs whose time is over.
    """
    from jobs.accounts.sessions import drop_expired
    from jobs.lifecycle.retention import orphans
    from jobs.operation.uws import drop_destroyed
    from jobs.storage.blobs import open_blobs
    from jobs.storage.scratch import RECEIVING, is_unlocked, remove_unlocked, sweep, sweep_process_folders

    blobs = open_blobs(settings().blobs)
    count = size = 0
    with database() as engine:
        for key in orphans(engine, blobs):
            count += 1
            size += blobs.size(key) or 0
            if not dry_run:
                blobs.delete(key)
        for path in blobs.litter():
            with suppress(FileNotFoundError):
                left = path.stat().st_size
                if is_unlocked(path) if dry_run else remove_unlocked(path):
                    count += 1
                    size += left
        if not dry_run:
            sweep(settings().data_dir / "receiving", RECEIVING)
            sweep_process_folders()
            drop_expired(engine)
            drop_destroyed(engine)
    became = "would go" if dry_run else verb(count, "is gone", "are gone")
    click.echo(f"{counted(count, 'file')}, {size / 2**20:.1f} MiB, {became}")
