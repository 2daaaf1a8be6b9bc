"""`photfit fit`: a fit in this process."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from photfit.commands.options import output_option, request_argument

if TYPE_CHECKING:
    from fitting.methods.progress import Progress


@click.command("fit")
@request_argument
@output_option
def command(request_file: Path, output: Path) -> None:
    """Fit here, with no server, and write parameters, covariance, images and plots.

    Files that the request names count from its own folder, as "galaxy.fits" or "galaxy.fits[1]".
    """
    from rich.console import Console

    from photfit.local import fit_here
    from photfit.tables import parameters_report

    notes = Console(stderr=True)
    with notes.status("reading") as status:

        def report(at: Progress) -> None:
            status.update(
                f"{at.method} ({at.stage + 1} of {at.stages}), iteration {at.iteration}: chi2r {at.chi2_reduced:.6g}"
            )

        outcome = fit_here(request_file, output, report)
    for warning in outcome.warnings:
        notes.print(f"warning: {warning}", style="yellow", highlight=False, markup=False)
    Console().print(parameters_report(outcome.parameters, title=outcome.name))
    click.echo(f"Results are in {output}", err=True)
