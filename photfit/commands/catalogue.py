"""`photfit catalogue`: every row of a table fitted in this machine's processes."""

from __future__ import annotations

from pathlib import Path

import click

from fitting.spec.counts import counted
from photfit.commands.options import request_argument


@click.command("catalogue")
@request_argument
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The table: .parquet, .csv, .ecsv, .fits, .vot, .xml or .json.",
)
@click.option("--processes", type=click.IntRange(1, 1024), help="How many; one for each core where left out.")
@click.option("--overwrite", is_flag=True, help="Replace a table that is there, and parts of another request.")
@click.pass_context
def command(context: click.Context, request_file: Path, output: Path, processes: int | None, overwrite: bool) -> None:
    """Fit every row of a table here, with no server, and write one table.

    Files that the request names count from its own folder. Ctrl-C keeps the parts that are done: the same command goes
    on from there. Rows that cannot be fitted have their reason in the table, and cost the others nothing.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from fitting.spec import NOTICES
    from photfit.local_catalogue import CatalogueProgress, Stopped, fit_catalogue_here
    from photfit.stopping import STOPPED_EXIT_CODE, GentleStop
    from photfit.terminal import terminal

    notes = terminal(errors=True)
    stop = GentleStop(lambda words: notes.print(words, style="yellow"), "stopping: parts in hand are being finished")
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=notes, transient=True) as bar, stop.watching():
        task = bar.add_task("rows", total=None)

        def report(at: CatalogueProgress) -> None:
            words = f"rows, {at.rate:.3g} a second, {at.flagged} flagged, {at.failed} failed"
            bar.update(task, total=at.total, completed=at.done, description=words)

        try:
            found = fit_catalogue_here(
                request_file, output, report, stop=stop.look, processes=processes or 0, overwrite=overwrite
            )
        except Stopped as stopped:
            stopped.show()
            context.exit(STOPPED_EXIT_CODE)
    for code, count in sorted(found.notices.items()):
        notes.print(f"warning: {counted(count, 'row')}: {NOTICES[code].meaning} ({code})", style="yellow")
    told = ", ".join(f"{count} {name}" for name, count in found.flags.most_common())
    done = counted(found.done, "row")
    click.echo(f"{done}, {found.failed} without a fit, {found.flagged} flagged{': ' if told else ''}{told}")
    click.echo(f"The table is {output}", err=True)
