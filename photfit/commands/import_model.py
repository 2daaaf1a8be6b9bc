"""`photfit import`: a request from a model file of GALFIT or imfit, or from regions."""

from __future__ import annotations

from pathlib import Path

import click

from photfit.commands.options import imfit_command_option, model_argument


@click.command("import")
@model_argument
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Request to write; else printed.")
@imfit_command_option
@click.option("--image", default="", metavar="FILE", help="The image that a region file belongs to.")
def command(model_file: Path, output: Path | None, imfit_command: str, image: str) -> None:
    """Make a request of a GALFIT feedme (also GALFITM's, and galfit.NN), an imfit model, or regions of DS9 or CASA, and
    say of each line what it was taken as, or why it was not.

    Files that it names are looked for from here, then beside it.
    """
    from photfit.imports import import_lines, write_request
    from photfit.local import import_here

    found = import_here(model_file, imfit_command, Path() if output is None else output.parent, image)
    write_request(found["request"], output)
    for line in import_lines(found):
        click.echo(line, err=True)
