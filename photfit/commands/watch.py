"""`photfit watch`: follow a fit to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from photfit.commands.options import open_client, print_parameters, url_option

if TYPE_CHECKING:
    from photfit.answers import FitAnswer


@click.command("watch")
@click.argument("fit_id", metavar="ID")
@url_option
def command(fit_id: str, url: str) -> None:
    """Show a fit's progress until it is finished, then its parameters."""
    from photfit.terminal import progress_bar, terminal

    with open_client(url) as client:
        with progress_bar(terminal()) as progress:
            task = progress.add_task("queued", total=1.0)

            def show(fit: FitAnswer) -> None:
                fraction = 1.0 if fit.state == "succeeded" else fit.progress.fraction if fit.progress else 0.0
                progress.update(task, description=_headline(fit), completed=fraction)

            fit = client.wait(fit_id, report=show)
        print_parameters(client, fit)


def _headline(fit: FitAnswer) -> str:
    if fit.progress is None or fit.state != "running":
        return fit.state
    at = fit.progress
    quality = "" if at.chi2_reduced is None else f", reduced chi-squared {at.chi2_reduced:.6g}"
    return f"{at.method} ({at.stage + 1} of {at.stages}), iteration {at.iteration}{quality}"
