"""`photfit export`: a result in the words of another program."""

from __future__ import annotations

from pathlib import Path

import click

from fitting.spec.handling import EXPORT_FORMATS
from photfit.commands.options import open_client, require_result, url_option


@click.command("export")
@click.argument("place", metavar="FOLDER|ID")
@click.option("--format", "format_", required=True, type=click.Choice(EXPORT_FORMATS), help="What to write.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write; else its usual name."
)
@click.option("--image", metavar="NAME", help="Where the fit has several; else the first.")
@click.option("--overwrite", is_flag=True, help="Replace files that are there.")
@url_option
def command(place: str, format_: str, output: Path | None, image: str | None, overwrite: bool, url: str) -> None:
    """Write a result as other programs have it, and say of each part what it was written as, or why it was not.

    FOLDER is one that `photfit fit` filled, or a request with a value for each parameter; ID is a fit of a service.

    \b
    galfit    a feedme to restart from, with galfit.constraints and galfit.mask beside it
    imgblock  GALFIT's image block: data, model, residual, and values with errors in the model's header
    imfit     a best-fit file, which imfit takes as a configuration
    ds9, casa, regions    ellipses, points, masks and the window (a FITS table for astropy's regions)
    script    Python that repeats the fit
    latex     a table of all parameters
    """
    from photfit.imports import export_lines
    from photfit.local import export_here, write_export

    folder = Path() if output is None else output.parent
    if Path(place).exists():
        found = export_here(Path(place), format_, image, folder)
        rows = [row.document() for row in found.rows]
        written = write_export(found, Path(found.main) if output is None else output, overwrite=overwrite)
    else:
        from photfit.downloads import download_export

        with open_client(url) as client:
            failure = require_result(client.status(place))
            if failure is not None:
                failure.show()
            rows, written = download_export(client, place, format_, image, output, overwrite=overwrite)
    for line in export_lines(rows):
        click.echo(line, err=True)
    for path in written:
        click.echo(path)
