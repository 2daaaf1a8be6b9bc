"""`photfit admin users`: who may use the service, and how much of it."""

from __future__ import annotations

import click

from photfit.commands.admin.service_database import account, database
from photfit.failures import UserMistake

_LIMITS = {
    "upload_bytes": "Bytes that the account's uploads may take.",
    "stored_bytes": "Bytes that uploads and results may take together.",
    "queued_fits": "Fits that may wait at once.",
    "running_fits": "Fits that may run at once; more of them wait.",
    "weight": "Turns of its fits in each round of all accounts that wait; 1 unless told.",
}


@click.group("users")
def users() -> None:
    """Who may use the service, and how much of it."""


@users.command("list")
def list_users() -> None:
    """Every account, with what it has."""
    from rich.table import Column, Table

    from jobs.accounts.accounts import list_users, usage_of
    from photfit.terminal import terminal

    table = Table(
        Column("name", no_wrap=True),
        Column("id", no_wrap=True, min_width=30),
        "uploads",
        "results",
        "queued",
        "running",
        "remark",
    )
    with database() as engine:
        for user in list_users(engine):
            used = usage_of(engine, user.id)
            remark = "disabled" if user.disabled_at else "administrator" if user.administrator else ""
            counts = (str(used.queued_fits), str(used.running_fits))
            table.add_row(user.name, user.id, _size(used.upload_bytes), _size(used.result_bytes), *counts, remark)
    terminal().print(table)


@users.command("add")
@click.argument("name")
@click.option("--administrator", is_flag=True, help="Its keys may be given the scope admin.")
def add(name: str, administrator: bool) -> None:
    """Make an account, and its first key, which is printed."""
    from jobs.accounts.accounts import add_user, make_key

    with database() as engine:
        user = add_user(engine, name, administrator=administrator)
        if user is None:
            raise UserMistake(
                f"there is an account {name!r} already; `photfit admin keys add {name}` makes a key of it"
            )
        scopes = ["read", "submit", "admin"] if administrator else ["read", "submit"]
        _, secret = make_key(engine, user.id, "first", scopes)
    click.echo(f"The key of {name}; it is not shown again:", err=True)
    click.echo(secret)


@users.command("disable")
@click.argument("name")
def disable(name: str) -> None:
    """Shut an account out; what it has stays."""
    from jobs.accounts.accounts import change_user
    from jobs.clock import database_now

    with database() as engine:
        change_user(engine, account(engine, name).name, disabled_at=database_now())
    click.echo(f"{name} is shut out")


@users.command("enable")
@click.argument("name")
def enable(name: str) -> None:
    """Let a disabled account in again."""
    from jobs.accounts.accounts import change_user

    with database() as engine:
        change_user(engine, account(engine, name).name, disabled_at=None)
    click.echo(f"{name} may use the service again")


@users.command("limit")
@click.argument("name")
@click.option("--upload-bytes", type=click.IntRange(min=0), help=_LIMITS["upload_bytes"])
@click.option("--stored-bytes", type=click.IntRange(min=0), help=_LIMITS["stored_bytes"])
@click.option("--queued-fits", type=click.IntRange(min=0), help=_LIMITS["queued_fits"])
@click.option("--running-fits", type=click.IntRange(min=1), help=_LIMITS["running_fits"])
@click.option("--weight", type=click.IntRange(1, 100), help=_LIMITS["weight"])
def limit(name: str, **limits: int | None) -> None:
    """Give an account limits of its own; those that are left out become the service's again."""
    from jobs.accounts.accounts import change_user

    with database() as engine:
        change_user(engine, account(engine, name).name, **limits)
    limits_text = ", ".join(
        f"{limit.replace('_', ' ')} {value}" for limit, value in limits.items() if value is not None
    )
    click.echo(f"{name} has {limits_text or 'the limits of the service'}")


def _size(count: int) -> str:
    return f"{count / 2**20:.1f} MiB"
