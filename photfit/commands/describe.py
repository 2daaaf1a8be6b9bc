"""`photfit describe`: what a file holds, and which of its planes is taken for what."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("describe")
@click.argument("image", metavar="IMAGE[HDU]")
def command(image: str) -> None:
    """Say what is in a file: each HDU, what its header says that it holds and why, its scales, and what is odd.

    With an HDU, the planes that go with that one are told.
    """
    from photfit.local import describe_here
    from photfit.proposals import split_image

    file, place = split_image(image)
    for line in describe_here(Path(file).expanduser(), place.get("hdu")):
        click.echo(line)
