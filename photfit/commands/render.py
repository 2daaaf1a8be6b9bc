"""`photfit render`: the model image at the request's parameters."""

from __future__ import annotations

from pathlib import Path

import click

from photfit.commands.options import output_option, request_argument


@click.command("render")
@request_argument
@output_option
def command(request_file: Path, output: Path) -> None:
    """Write the model image at the given parameters, without fitting: model.fits."""
    from photfit.local import render_here

    for path in render_here(request_file, output):
        click.echo(path)
