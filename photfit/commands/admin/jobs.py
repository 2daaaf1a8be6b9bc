"""`photfit admin jobs`: everybody's fits."""

from __future__ import annotations

import click

from photfit.commands.admin.service_database import account, database
from photfit.failures import UserMistake

_STATES = ["queued", "running", "succeeded", "failed", "cancelled"]


@click.group("jobs")
def jobs() -> None:
    """Everybody's fits."""


@jobs.command("list")
@click.option("--user", help="Only this account's.")
@click.option("--state", type=click.Choice(_STATES), help="Only those in this state.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many at most.")
def list_jobs(user: str | None, state: str | None, limit: int) -> None:
    """Fits, newest first."""
    from rich.table import Column, Table

    from jobs.accounts.accounts import list_users
    from jobs.storage.records import fits_of_all_owners
    from photfit.terminal import terminal

    table = Table(
        Column("id", no_wrap=True, min_width=30),
        Column("user", no_wrap=True),
        "name",
        "state",
        "queue",
        "attempt",
        "made",
        "worker",
    )
    with database() as engine:
        owner = None if user is None else account(engine, user).id
        names = {record.id: record.name for record in list_users(engine)}
        for fit in fits_of_all_owners(engine, owner=owner, state=state, limit=limit):
            made = f"{fit.created_at:%Y-%m-%d %H:%M}"
            whose = names.get(fit.owner, fit.owner)
            table.add_row(fit.id, whose, fit.name, fit.state, fit.queue, str(fit.attempt), made, fit.worker)
    terminal().print(table)


@jobs.command("cancel")
@click.argument("fit_id", metavar="FIT")
def cancel(fit_id: str) -> None:
    """Cancel anybody's fit: a queued one at once, a running one within an iteration."""
    from jobs.lifecycle.transitions import request_cancel
    from jobs.storage.records import owner_of

    with database() as engine:
        owner = owner_of(engine, fit_id)
        if owner is None:
            raise UserMistake(f"there is no fit {fit_id!r}; `photfit admin jobs list` names them")
        record = request_cancel(engine, owner, fit_id)
    click.echo(f"{fit_id} was finished already" if record is None else f"{fit_id} is cancelled, or soon will be")


@jobs.command("ahead")
@click.argument("fit_id", metavar="FIT")
def ahead(fit_id: str) -> None:
    """Have a fit that waits come next in its queue, before everybody's turns."""
    from jobs.queues.turns import put_ahead
    from jobs.storage.records import owner_of

    with database() as engine:
        if owner_of(engine, fit_id) is None:
            raise UserMistake(f"there is no fit {fit_id!r}; `photfit admin jobs list` names them")
        if not put_ahead(engine, fit_id):
            raise UserMistake(f"{fit_id} waits in no queue: it runs, or is finished")
    click.echo(f"{fit_id} comes next in its queue")
