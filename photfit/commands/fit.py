"""`photfit fit`: a fit in this process."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from photfit.commands.options import output_option, overwrite_option, request_argument

if TYPE_CHECKING:
    from fitting.methods.progress import Progress


@click.command("fit")
@request_argument
@output_option
@overwrite_option
@click.pass_context
def command(context: click.Context, request_file: Path, output: Path, overwrite: bool) -> None:
    """Fit here, with no server, and write parameters, covariance, images and plots.

    Files that the request names count from its own folder, as "galaxy.fits" or "galaxy.fits[1]". Ctrl-C ends the fit
    with what it has found. best-fit.json, beside the results, is the request to go on with from there.
    """
    from rich.text import Text

    from photfit.local import fit_here
    from photfit.stopping import STOPPED_EXIT_CODE, GentleStop
    from photfit.tables import parameters_report
    from photfit.terminal import terminal

    notes = terminal(errors=True)
    stop = GentleStop(lambda words: notes.print(words, style="yellow"))
    with notes.status("reading") as status, stop.watching():

        def report(at: Progress) -> None:
            where = (
                f"{at.method} ({at.stage + 1} of {at.stages}), iteration {at.iteration}: chi2r {at.chi2_reduced:.6g}"
            )
            status.update(Text(where))

        outcome = fit_here(request_file, output, report, stop=stop.look, overwrite=overwrite)
    for warning in outcome.warnings:
        notes.print(f"warning: {warning}", style="yellow")
    terminal().print(parameters_report(outcome.parameters, title=outcome.name))
    click.echo(f"Results are in {outcome.output}", err=True)
    if outcome.failure is not None:
        outcome.failure.show()
        context.exit(STOPPED_EXIT_CODE if stop.wanted else outcome.failure.exit_code)
