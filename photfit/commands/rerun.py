"""`photfit rerun`: a fit once more, with changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from photfit.commands.options import open_client, url_option
from photfit.failures import UserMistake


@click.command("rerun")
@click.argument("fit_id", metavar="ID")
@click.option(
    "--set", "changes", metavar="JSON", help='What changes, such as {"seed": 7}: a merge patch of the request.'
)
@click.option("--set-file", type=click.Path(path_type=Path, dir_okay=False), help="The same, in a file.")
@click.option("--from-best", is_flag=True, help="Begin where the fit ended, not where it began.")
@url_option
def command(fit_id: str, changes: str | None, set_file: Path | None, from_best: bool, url: str) -> None:
    """Ask the service for a fit again, on the same files. Prints the new fit's id.

    In a change null removes a member, and a list replaces a list whole (RFC 7396).
    """
    if changes is not None and set_file is not None:
        raise UserMistake("give --set or --set-file, not both")
    text = "{}" if changes is None else changes
    place = "--set"
    if set_file is not None:
        place = str(set_file)
        try:
            text = set_file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UserMistake(f"{set_file} cannot be read: {error}") from error
    with open_client(url) as client:
        click.echo(client.rerun(fit_id, _object(text, place), from_best=from_best).id)


def _object(text: str, place: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise UserMistake(f"{place} is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from error
    if not isinstance(document, dict):
        raise UserMistake(f'{place} is not an object, such as {{"seed": 7}}')
    return document
