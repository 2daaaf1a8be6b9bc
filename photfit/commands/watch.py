"""`photfit watch`: follow a fit to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from photfit.commands.options import open_client, require_success, url_option

if TYPE_CHECKING:
    from photfit.answers import Fit


@click.command("watch")
@click.argument("fit_id", metavar="ID")
@url_option
def command(fit_id: str, url: str) -> None:
    """Show a fit's progress until it is finished, then its parameters."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from photfit.tables import parameters_report

    console = Console()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TimeElapsedColumn(),
    )
    with open_client(url) as client:
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("queued", total=1.0)

            def show(fit: Fit) -> None:
                fraction = 1.0 if fit.state == "succeeded" else fit.progress.fraction if fit.progress else 0.0
                progress.update(task, description=_headline(fit), completed=fraction)

            fit = client.wait(fit_id, report=show)
        require_success(fit)
        console.print(parameters_report(client.parameters(fit.id), title=fit.name or fit.id))


def _headline(fit: Fit) -> str:
    if fit.progress is None or fit.state != "running":
        return fit.state
    at = fit.progress
    quality = "" if at.chi2_reduced is None else f", reduced chi-squared {at.chi2_reduced:.6g}"
    return f"{at.method} ({at.stage + 1} of {at.stages}), iteration {at.iteration}{quality}"
