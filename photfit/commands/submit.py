"""`photfit submit`: a fit by the service."""

from __future__ import annotations

from pathlib import Path

import click

from photfit.commands.options import connected, request_argument, require_success, url_option


@click.command("submit")
@request_argument
@click.option("--wait", is_flag=True, help="Wait for the result and print it.")
@click.option("--label", "labels", multiple=True, help="A word to find the fit by; repeat it.")
@click.option("--key", help="Idempotency key: the same key and request again give the first fit.")
@url_option
def command(request_file: Path, wait: bool, labels: tuple[str, ...], key: str | None, url: str) -> None:
    """Upload a request's images and ask the service for the fit. Prints the fit's id."""
    from rich.console import Console

    from photfit.submission import submit_file
    from photfit.tables import parameters_report

    with connected(url) as client:
        fit = submit_file(client, request_file, key, labels)
        if not wait:
            click.echo(fit.id)
            return
        click.echo(fit.id, err=True)
        fit = client.wait(fit.id)
        require_success(fit)
        Console().print(parameters_report(client.parameters(fit.id), title=fit.name or fit.id))
