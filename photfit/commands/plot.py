"""`photfit plot`: a plot of a fit, as a file."""

from __future__ import annotations

from pathlib import Path

import click

from fitting.spec.plots import PLOT_FORMATS, PLOTS
from photfit.commands.options import NearChoice, open_client, url_option
from photfit.failures import UserMistake


@click.command("plot")
@click.argument("place", metavar="FOLDER|ID")
@click.argument("kind", type=NearChoice(list(PLOTS)), default="fit")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write; else KIND.png, here."
)
@click.option("--image", metavar="NAME", help="Where the fit has several; else the first.")
@click.option("--parameters", metavar="NAMES", help='Which, with commas between: "g.n,g.r_e", "g", "*.n".')
@click.option("--truth", metavar="VALUES", help='True values to draw: "g.n=2,g.r_e=8".')
@url_option
def command(place: str, kind: str, output: Path | None, url: str, **choices: str | None) -> None:
    """Draw a plot of a fit: fit, profile, corner, convergence, trace or rank.

    FOLDER holds the results of a fit; ID is a fit of a service. The file's suffix says its format: png, svg or pdf.
    """
    from photfit.result_places import result_place

    path = Path(f"{kind}.png") if output is None else output
    format_ = path.suffix.lower().removeprefix(".")
    if format_ not in PLOT_FORMATS:
        raise UserMistake(f"{path}: a plot is a file that ends with {', '.join(f'.{each}' for each in PLOT_FORMATS)}")
    with open_client(url) as client:
        content = result_place(place, client).plot(kind, format_, {k: v for k, v in choices.items() if v is not None})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise UserMistake(f"{path} cannot be written: {error.strerror or error}") from error
    click.echo(path)
