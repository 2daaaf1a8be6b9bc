"""`photfit admin keys`: the keys of an account."""

from __future__ import annotations

import click

from photfit.commands.admin.service_database import account, database
from photfit.failures import UserMistake

_DAY = 86_400.0
"""Seconds."""


@click.group("keys")
def keys() -> None:
    """The keys of an account."""


@keys.command("list")
@click.argument("user")
def list_keys(user: str) -> None:
    """The keys of an account, newest first; none is shown whole."""
    from rich.table import Column, Table

    from jobs.accounts.accounts import list_keys
    from photfit.terminal import terminal

    table = Table(
        Column("id", no_wrap=True, min_width=30), "name", "begins with", "may", "made", "last used", "ends", "revoked"
    )
    with database() as engine:
        for key in list_keys(engine, account(engine, user).id):
            times = (key.created_at, key.last_used_at, key.expires_at, key.revoked_at)
            days = ("" if time is None else f"{time:%Y-%m-%d %H:%M}" for time in times)
            table.add_row(key.id, key.name, key.prefix, ", ".join(key.scopes), *days)
    terminal().print(table)


@keys.command("add")
@click.argument("user")
@click.option("--name", default="made by the administrator", show_default=True, help="What it is for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(["read", "submit", "admin"]),
    default=("read", "submit"),
    show_default=True,
    help="What it may; can be given several times.",
)
@click.option("--days", type=click.IntRange(min=1), help="Days until it ends; never if left out.")
def add(user: str, name: str, scopes: tuple[str, ...], days: int | None) -> None:
    """Make a key for an account, and print it."""
    from jobs.accounts.accounts import make_key

    with database() as engine:
        owner = account(engine, user)
        if "admin" in scopes and not owner.administrator:
            raise UserMistake(f"{user} is no administrator, so no key of this account may be given the scope admin")
        record, secret = make_key(engine, owner.id, name, scopes, None if days is None else days * _DAY)
    click.echo(f"The key {record.id} of {user}; it is not shown again:", err=True)
    click.echo(secret)


@keys.command("revoke")
@click.argument("user")
@click.argument("key_id", metavar="KEY")
def revoke(user: str, key_id: str) -> None:
    """End a key of an account, and the sessions that it opened. KEY is its id."""
    from jobs.accounts.accounts import revoke_key

    with database() as engine:
        if not revoke_key(engine, account(engine, user).id, key_id):
            raise UserMistake(f"{user} has no key {key_id!r}; `photfit admin keys list {user}` names all")
    click.echo(f"{key_id} opens nothing any more")
