"""`photfit results`: everything that a fit made, as files."""

from __future__ import annotations

from pathlib import Path

import click

from photfit.commands.options import open_client, output_option, require_success, url_option


@click.command("results")
@click.argument("fit_id", metavar="ID")
@output_option
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(["csv", "ecsv", "fits", "latex", "npz", "parquet", "votable"]),
    help="Parameters, covariance and chains as tables too; repeat it for several.",
)
@click.option("--bundle", is_flag=True, help="One archive instead, with the input files: OUTPUT/ID.zip.")
@url_option
def command(fit_id: str, output: Path, formats: tuple[str, ...], bundle: bool, url: str) -> None:
    """Download a fit's parameters, covariance, images and plots into a folder, laid out as `photfit fit` does."""
    from photfit.downloads import download_bundle, download_results, download_tables

    with open_client(url) as client:
        fit = client.fit(fit_id)
        require_success(fit)
        if bundle:
            click.echo(download_bundle(client, fit, output))
            return
        for path in download_results(client, fit, output):
            click.echo(path)
        for format_ in formats:
            for path in download_tables(client, fit, output, format_):
                click.echo(path)
