"""`photfit propose`: a request ready to fit, from an image."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from photfit.commands.options import open_client, url_option
from photfit.failures import UserMistake

_PLANE = "FILE[HDU], or [HDU] of the image's own file."


@click.command("propose")
@click.argument("image", metavar="IMAGE[HDU]")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Request to write; else printed.")
@click.option("--variance", help=f'{_PLANE} Or {{"constant": v}}, {{"gain": g, "read_noise": r}} or {{"auto": true}}.')
@click.option("--weight", help=f"Inverse variance: {_PLANE}")
@click.option("--sigma", help=f"Standard deviation: {_PLANE}")
@click.option("--mask", help=f"Non-zero where a pixel is not used: {_PLANE}")
@click.option("--psf", help=f'{_PLANE} Or {{"gaussian": {{"fwhm": 4.7}}}}.')
@click.option("--zero-point", type=float, help="Magnitude of one data unit.")
@click.option("--pixel-scale", type=float, help="Arcsec per pixel.")
@click.option("--window", metavar="X0:X1,Y0:Y1", help="Part of the frame, half open.")
@click.option(
    "--target",
    metavar="PLACE",
    help='What the fit is for: "centre", X,Y in pixels, or ra=DEGREES,dec=DEGREES; a window is put around it.',
)
@click.option(
    "--model",
    type=click.Choice(["auto", "sersic", "bulge_disc", "point", "point_host"]),
    help="Of the target, or of each bright galaxy; auto is what BIC prefers.  [default: auto]",
)
@click.option(
    "--neighbours",
    type=click.Choice(["auto", "fit", "mask", "ignore"]),
    help="What becomes of the target's, and of sources beyond a limit.  [default: auto]",
)
@click.option(
    "--limit",
    "limits",
    multiple=True,
    metavar="LIMIT",
    help="Of the sources: how many, such as 20; snr=10; or magnitude=23. Repeat it for several.",
)
@click.option(
    "--mask-defects/--no-mask-defects",
    default=None,
    help="Mask saturated stars and bad columns and rows.  [default: mask-defects]",
)
@click.option("--segmentation", help=f"Map of sources, instead of detection: {_PLANE}")
@click.option(
    "--catalogue",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Table of sources, instead of detection: CSV, FITS, ECSV or SExtractor, with x, y or ra, dec.",
)
@click.option(
    "--position", "positions", multiple=True, metavar="X,Y", help="A source, instead of detection; repeat it."
)
@click.option("--threshold", type=float, help="Least significance of a source, in sigma.  [default: 6]")
@click.option("--max-components", type=int, help="How many sources at most.  [default: 50]")
@click.option("--stars/--no-stars", default=None, help="Propose what looks like the PSF as a star.  [default: stars]")
@click.option("--sky", type=click.Choice(["auto", "flat_sky", "plane_sky"]), help="The sky's profile.  [default: auto]")
@click.option("--name", "title", help="What to call the request.")
@click.option("--server", is_flag=True, help="Let the service look for the sources, and keep the images there.")
@url_option
def command(image: str, output: Path | None, server: bool, url: str, catalogue: Path | None, **given: Any) -> None:
    """Find the sources of an image and write a request whose first values `photfit fit` can start from.

    Planes that the image's own file holds (variance, mask, PSF) are recognised by what its header says.
    """
    from photfit.proposals import options_document, proposal_lines

    options = options_document(given)
    if catalogue is not None:
        from photfit.local import catalogue_here

        options["catalogue"] = catalogue_here(catalogue)
    if server:
        from photfit.proposals import propose_by_service

        with open_client(url) as client:
            proposal = propose_by_service(client, image, options)
    else:
        from photfit.local import propose_here

        proposal = propose_here(image, options, Path() if output is None else output.parent)
    text = json.dumps(proposal["request"], indent=2) + "\n"
    if output is None:
        click.echo(text, nl=False)
    else:
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise UserMistake(f"{output} cannot be written: {error.strerror or error}") from error
    for line in proposal_lines(proposal):
        click.echo(line, err=True)
