"""`photfit admin`: accounts, keys and fits of everybody, for who runs the service.

It works on the service's database itself, so it is possible where the service's settings are, and nowhere else: no
route of the API reaches across accounts.
"""

from __future__ import annotations

from pathlib import Path

import click

from photfit.commands.admin.backup import backup
from photfit.commands.admin.check import check
from photfit.commands.admin.gc import gc
from photfit.commands.admin.jobs import jobs
from photfit.commands.admin.keys import keys
from photfit.commands.admin.restore import restore
from photfit.commands.admin.users import users


@click.group("admin")
@click.option(
    "--data-dir",
    envvar="PHOTFIT_DATA_DIR",
    show_envvar=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The service's folder, where it was started with one.",
)
@click.pass_context
def command(context: click.Context, data_dir: Path | None) -> None:
    """Look after accounts, keys and everybody's fits, on the service's own database.

    It finds the database by the environment as the service does: PHOTFIT_DATA_DIR, or PHOTFIT_DATABASE_URL.
    """
    context.obj = data_dir


for part in (users, keys, jobs, gc, check, backup, restore):
    command.add_command(part)
