"""`photfit run`: a model file of GALFIT or imfit, imported and fitted."""

from __future__ import annotations

from pathlib import Path

import click

from photfit.commands.options import imfit_command_option, model_argument, output_option, overwrite_option


@click.command("run")
@model_argument
@output_option
@overwrite_option
@imfit_command_option
@click.pass_context
def command(context: click.Context, model_file: Path, output: Path, overwrite: bool, imfit_command: str) -> None:
    """Import a GALFIT feedme or an imfit model and fit it here, as `photfit import` and `photfit fit` do.

    The request is written beside the results' folder, as FOLDER.json.
    """
    from photfit.commands.fit import command as fit
    from photfit.imports import import_lines, write_request
    from photfit.local import import_here

    request_file = output.parent / f"{output.resolve().name}.json"
    found = import_here(model_file, imfit_command, output.parent)
    for line in import_lines(found):
        click.echo(line, err=True)
    write_request(found["request"], request_file)
    context.invoke(fit, request_file=request_file, output=output, overwrite=overwrite)
