"""`photfit run`: a model file of GALFIT or imfit, imported, fitted, and written as those programs write."""

from __future__ import annotations

from pathlib import Path

import click

from photfit.commands.options import imfit_command_option, model_argument, overwrite_option


@click.command("run")
@model_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the results; else photfit.NN, with the number of galfit.NN.",
)
@overwrite_option
@imfit_command_option
@click.pass_context
def command(context: click.Context, model_file: Path, output: Path | None, overwrite: bool, imfit_command: str) -> None:
    """Import a GALFIT feedme or an imfit model, fit it here, and write what those programs write.

    Of a feedme that is the image block, where line B has it, and galfit.NN to restart from, NN the next number; of an
    imfit model bestfit_parameters_imfit.dat; all where the command runs, as those programs do. The request is written
    beside the results' folder, as FOLDER.json.
    """
    from photfit.commands.fit import command as fit
    from photfit.imports import import_lines, write_request
    from photfit.local import import_here, next_restart_file, write_as_program

    restart = next_restart_file(Path())
    folder = restart.with_stem("photfit") if output is None else output
    request_file = folder.parent / f"{folder.resolve().name}.json"
    found = import_here(model_file, imfit_command, folder.parent)
    for line in import_lines(found):
        click.echo(line, err=True)
    write_request(found["request"], request_file)
    context.invoke(fit, request_file=request_file, output=folder, overwrite=overwrite)
    written, unsaid = write_as_program(found["format"], model_file, folder, restart)
    click.echo("\n".join([*unsaid, *map(str, written)]), err=True)
