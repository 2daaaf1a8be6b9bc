"""`photfit cancel`: end a fit."""

from __future__ import annotations

import click

from photfit.commands.options import open_client, url_option


@click.command("cancel")
@click.argument("fit_id", metavar="ID")
@url_option
def command(fit_id: str, url: str) -> None:
    """Ask the service to end a fit. A running one ends within an iteration."""
    with open_client(url) as client:
        fit = client.cancel(fit_id)
    click.echo(f"{fit.id} is {fit.state}" + ("" if fit.finished else " and will be cancelled"))
