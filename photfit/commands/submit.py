"""`photfit submit`: a fit by the service."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from photfit.commands.options import open_client, print_parameters, request_argument, url_option


@click.command("submit")
@request_argument
@click.option("--wait", is_flag=True, help="Wait for the result and print it.")
@click.option("--label", "labels", multiple=True, help="A word to find the fit by; repeat it.")
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="What the fit may take at most.")
@click.option("--memory-mib", type=click.IntRange(min=64), help="Memory that the fit may take at most.")
@click.option("--reuse", is_flag=True, help="Take the earlier result of the same request on the same files.")
@click.option("--webhook", metavar="URL", help="Who is told when the fit is final.")
@click.option("--dry-run", is_flag=True, help="Print what the request would do, as JSON; no fit is asked for.")
@click.option("--key", help="Idempotency key: the same key and request again give the first fit.")
@url_option
def command(
    request_file: Path, wait: bool, labels: tuple[str, ...], dry_run: bool, key: str | None, url: str, **given: Any
) -> None:
    """Upload a request's images and ask the service for the fit, or the catalogue. Prints its id."""
    from photfit.submission import is_catalogue, submit_catalogue_file, uploaded_request

    if is_catalogue(request_file):
        with open_client(url) as client:
            submit_catalogue_file(client, request_file, labels, key, dry_run=dry_run, wait=wait)
        return
    limits = {name: given[name] for name in ("seconds", "memory_mib") if given[name] is not None}
    members = {"limits": limits, "reuse": given["reuse"], "webhook": given["webhook"]}
    members = {name: value for name, value in members.items() if value}  # of others, what the request has stays
    with open_client(url) as client:
        request = uploaded_request(client, request_file, labels, members)
        if dry_run:
            click.echo(json.dumps(client.plan(request), indent=2))
            return
        fit = client.submit(request, key)
        if not wait:
            click.echo(fit.id)
            return
        click.echo(fit.id, err=True)
        print_parameters(client, client.wait(fit.id))
