"""`photfit results`: everything that a fit made, as files."""

from __future__ import annotations

from pathlib import Path

import click

from photfit.commands.options import open_client, output_option, overwrite_option, require_result, url_option


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
@overwrite_option
@url_option
def command(fit_id: str, output: Path, formats: tuple[str, ...], bundle: bool, overwrite: bool, url: str) -> None:
    """Download a fit's parameters, covariance, images and plots into a folder, laid out as `photfit fit` does."""
    from photfit.downloads import download_bundle, download_results, download_tables
    from photfit.output_folder import OutputFolder

    with open_client(url) as client:
        fit = client.status(fit_id)
        failure = require_result(fit)
        if failure is not None:
            failure.show()
        if bundle:
            click.echo(download_bundle(client, fit, output))
            return
        folder = OutputFolder.tried(output, overwrite=overwrite)
        with folder.filling() as place:
            written = list(download_results(client, fit, place))
            for format_ in formats:
                written += download_tables(client, fit, place, format_)
            written = [output / path.relative_to(place) for path in written]
        for path in written:
            click.echo(path)
