"""`photfit fit`: fits in this process."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from photfit.commands.options import output_option, overwrite_option, request_argument

if TYPE_CHECKING:
    from rich.table import Table

    from fitting.methods.progress import Progress
    from photfit.fit_series import SeriesRow
    from photfit.local import LocalFit
    from photfit.request_changes import RequestChanges
    from photfit.stopping import GentleStop


@click.command("fit")
@request_argument
@click.argument("images", metavar="[IMAGE]...", nargs=-1)
@output_option
@overwrite_option
@click.option("--set", "values", metavar="NAME=VALUE", multiple=True, help="Another value: g.n=4; repeat it.")
@click.option("--fix", "fixed", metavar="NAME", multiple=True, help="A parameter that is not to vary: g.pa; repeat it.")
@click.option(
    "--stage",
    "stages",
    metavar="METHOD",
    multiple=True,
    help="Instead of the request's stages: lm, or nuts:samples=500,warmup=200; repeat it for several.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the parameters, of several images a list, as JSON.")
@click.pass_context
def command(
    context: click.Context,
    request_file: Path,
    images: tuple[str, ...],
    output: Path,
    overwrite: bool,
    values: tuple[str, ...],
    fixed: tuple[str, ...],
    stages: tuple[str, ...],
    as_json: bool,
) -> None:
    """Fit here, with no server, and write parameters, covariance, images and plots.

    Files that the request names count from its own folder, as "galaxy.fits" or "galaxy.fits[1]". Ctrl-C ends the fit
    with what it has found. best-fit.json, beside the results, is the request to go on with from there.

    IMAGEs, or patterns such as "cutouts/*.fits", are each fitted in the place of the request's one image, into a folder
    of its own below OUTPUT; fits.ecsv there has a row for each. What cannot be fitted is a row, too, and exit code 1.

    A VALUE is JSON, as in a request, or a link: g.n=4, g.x="= h.x", g.n={"max": 6}, seed=7.
    """
    from photfit.local import fit_here
    from photfit.request_changes import RequestChanges
    from photfit.stopping import GentleStop
    from photfit.terminal import terminal

    changes = RequestChanges(values, fixed, stages)
    notes = terminal(errors=True)
    stop = GentleStop(lambda words: notes.print(words, style="yellow"))
    with notes.status("reading") as status, stop.watching():
        report = _reporter(lambda words: status.update(words))

        def fit_one(folder: Path, changes: RequestChanges) -> LocalFit:
            return fit_here(request_file, folder, report, stop=stop.look, overwrite=overwrite, changes=changes)

        run = _Run(context, output, as_json, stop)
        if images:
            run.series(images, request_file, changes, fit_one)
        else:
            run.single(fit_one(output, changes))


@dataclass(frozen=True)
class _Run:
    """One run of the command: what it prints, and what it ends with."""

    context: click.Context
    output: Path
    as_json: bool
    stop: GentleStop

    def single(self, outcome: LocalFit) -> None:
        from photfit.stopping import STOPPED_EXIT_CODE
        from photfit.tables import parameters_report
        from photfit.terminal import terminal

        for notice in outcome.notices:
            terminal(errors=True).print(f"warning: {notice.sentence} ({notice.code})", style="yellow", markup=False)
        if outcome.notices:
            click.echo("`photfit explain CODE` says what a warning means, and what to do about it", err=True)
        if self.as_json:
            click.echo(json.dumps(outcome.parameters, indent=2))
        else:
            terminal().print(parameters_report(outcome.parameters, title=outcome.name))
        click.echo(f"Results are in {outcome.output}", err=True)
        if outcome.failure is not None:
            outcome.failure.show()
            self.context.exit(STOPPED_EXIT_CODE if self.stop.wanted else outcome.failure.exit_code)

    def series(
        self,
        images: Sequence[str],
        request_file: Path,
        changes: RequestChanges,
        fit_one: Callable[[Path, RequestChanges], LocalFit],
    ) -> None:
        from photfit.fit_series import expanded, fit_series, write_table
        from photfit.stopping import STOPPED_EXIT_CODE
        from photfit.terminal import terminal

        def fit_image(image: str, folder: Path) -> LocalFit:
            seen = image if Path(image).is_absolute() else os.path.relpath(image, request_file.parent)
            return fit_one(folder, replace(changes, image=seen))

        rows = []
        for row in fit_series(expanded(images), self.output, fit_image, lambda: self.stop.wanted):
            rows.append(row)
            if row.error is not None:
                click.echo(f"{row.item}: {row.error.message}", err=True)
        path = write_table(rows, self.output)
        if self.as_json:
            click.echo(json.dumps([_row_document(row) for row in rows], indent=2))
        else:
            terminal().print(_series_table(rows))
        click.echo(f"The table is {path}", err=True)
        failed = any(row.error is not None for row in rows)
        self.context.exit(STOPPED_EXIT_CODE if self.stop.wanted else int(failed))


def _reporter(show: Callable[[Any], None]) -> Callable[[Progress], None]:
    from rich.text import Text

    def report(at: Progress) -> None:
        where = f"{at.method} ({at.stage + 1} of {at.stages}), iteration {at.iteration}: chi2r {at.chi2_reduced:.6g}"
        show(Text(where))

    return report


def _row_document(row: SeriesRow) -> Mapping[str, Any]:
    failure = None if row.error is None else row.error.message
    return {
        "image": row.item,
        "failure": failure,
        "parameters": None if row.fit is None else row.fit.document("parameters"),
    }


def _series_table(rows: Sequence[SeriesRow]) -> Table:
    """A line for each image: how its fit ended."""
    from rich.table import Table
    from rich.text import Text

    table = Table("image", "reduced chi-squared", "ended", box=None)
    for row in rows:
        if row.fit is None:
            ended, quality = "not fitted", ""
        else:
            ended, quality = "converged" if row.fit.converged else "NOT converged", f"{row.fit.chi2_reduced:.6f}"
        table.add_row(Text(row.item), quality, ended)
    return table
