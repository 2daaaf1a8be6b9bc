"""`photfit demo`: see photfit work, from image to parameters, on this machine."""

from __future__ import annotations

import time
from pathlib import Path

import click

from photfit.failures import CommandFailure


@click.command("demo")
@click.option(
    "-o",
    "--output",
    default="demo-output",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the results.",
)
@click.option("--examples", type=click.Path(path_type=Path, file_okay=False), help="Folder of the examples.")
def command(output: Path, examples: Path | None) -> None:
    """Start a service of its own, fit the examples through it, and show them beside their truth."""

    from photfit.commands.options import report_failures
    from photfit.demo import ExampleResult, find_examples, run_examples, service
    from photfit.extras import require_extras
    from photfit.tables import parameters_report
    from photfit.terminal import terminal

    console = terminal()

    def show(shown: ExampleResult) -> None:
        if shown.parameters is None:
            reason = shown.fit.error.detail if shown.fit.error else shown.fit.state
            console.print(f"{shown.example}: {reason}", style="red")
            return
        console.print(parameters_report(shown.parameters, shown.truth, title=shown.fit.name or shown.example))
        console.print(f"saved in {shown.folder}/ (plots/ shows it: fit.png, profile.png, corner.png)\n")

    require_extras("server", "worker")
    folder = find_examples(examples)
    begin = time.monotonic()
    with report_failures(), service(output) as url:
        console.print(f"the service is up at {url} after {time.monotonic() - begin:.1f} s\n")
        results = run_examples(folder, output, url, show)
    console.print(f"{len(results)} fits in {time.monotonic() - begin:.1f} s, the service's start and stop included")
    failed = [shown.example for shown in results if not shown.converged]
    if failed:
        raise CommandFailure(f"no convergence: {', '.join(failed)}")
