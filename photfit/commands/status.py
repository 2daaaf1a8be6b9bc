"""`photfit status`: where a fit is."""

from __future__ import annotations

import click

from photfit.commands.options import open_client, url_option


@click.command("status")
@click.argument("fit_id", metavar="ID")
@url_option
def command(fit_id: str, url: str) -> None:
    """Print where a fit is, in one table."""

    from photfit.tables import status_table
    from photfit.terminal import terminal

    with open_client(url) as client:
        terminal().print(status_table(client.status(fit_id)))
