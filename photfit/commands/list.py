"""`photfit list`: the fits of a service."""

from __future__ import annotations

import itertools

import click

from photfit.commands.options import open_client, url_option


@click.command("list")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice(["queued", "running", "succeeded", "failed", "cancelled"]),
    help="Only fits in this state; repeat it for several.",
)
@click.option("--name", help="Only fits of exactly this name.")
@click.option("--label", "labels", multiple=True, help="Only fits with this label; repeat it for several.")
@click.option("--search", help="Only fits with this text in name, labels or id.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="How many at most.")
@click.option("--ids", is_flag=True, help="Print ids alone, one a line, for other programs.")
@url_option
def command(
    states: tuple[str, ...],
    name: str | None,
    labels: tuple[str, ...],
    search: str | None,
    limit: int,
    ids: bool,
    url: str,
) -> None:
    """List fits, newest first."""

    from photfit.tables import fits_table
    from photfit.terminal import terminal

    with open_client(url) as client:
        found = list(itertools.islice(client.statuses(states=states, name=name, labels=labels, search=search), limit))
    if ids:
        for fit in found:
            click.echo(fit.id)
    else:
        terminal().print(fits_table(found))
