"""`photfit compare`: two fits beside each other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from photfit.commands.options import open_client, url_option

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.table import Table

    from photfit.comparison import Comparison

NOT_COMPARABLE = 3
"""Exit code where no verdict can be given, since the data are not the same."""


@click.command("compare")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@url_option
@click.pass_context
def command(context: click.Context, first: str, second: str, as_json: bool, url: str) -> None:
    """Show two fits beside each other, and which of them describes the data better.

    A and B are folders of results, or ids of a service's fits. Which is better is said only where data, window, mask,
    variance and noise are the same, files by their contents; else it is said which differ (exit code 3).
    """
    from photfit.comparison import compare_fits
    from photfit.result_places import result_place
    from photfit.terminal import terminal

    with open_client(url) as client:
        places = (result_place(first, client), result_place(second, client))
        parameters = (places[0].document("parameters"), places[1].document("parameters"))
        provenances = (places[0].document("provenance"), places[1].document("provenance"))
    found = compare_fits((first, second), parameters, provenances)
    if as_json:
        click.echo(json.dumps(found.document(), indent=2))
    else:
        terminal().print(_table(found, first, second))
        click.echo(
            found.verdict or f"These two cannot be compared by χ² or BIC: they differ in {_listed(found.differ)}."
        )
    context.exit(NOT_COMPARABLE if found.differ else 0)


def _table(found: Comparison, first: str, second: str) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table("")
    table.add_column(Text(first))
    table.add_column(Text(second))
    table.add_column("apart", justify="right")
    for each in found.values:
        apart = "" if each.sigmas is None else f"{each.sigmas:+.1f} σ"
        table.add_row(Text(each.name), Text(_cell(each.first)), Text(_cell(each.second)), apart)
    table.add_section()
    for name, pair in found.measures.items():
        table.add_row(name, *("" if value is None else f"{value:.8g}" for value in pair), "")
    return table


def _cell(row: Mapping[str, Any] | None) -> str:
    from fitting.rounding import round_reported

    if row is None or row.get("value") is None:
        return ""
    rounded = round_reported(row["value"], row.get("uncertainty"), row.get("interval"))
    return f"{rounded.value} ± {rounded.uncertainty}" if rounded.uncertainty else rounded.value


def _listed(words: tuple[str, ...]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
