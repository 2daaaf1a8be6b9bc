"""`photfit profiles`: what a component can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from photfit.failures import UserMistake

if TYPE_CHECKING:
    from rich.table import Table

    from fitting.spec.profiles import ProfileDescription


def _completed(context: click.Context, parameter: click.Parameter, begun: str) -> list[str]:  # noqa: ARG001
    from fitting.spec.profiles import PROFILES

    return [name for name in PROFILES if name.startswith(begun)]


@click.command("profiles")
@click.argument("name", required=False, shell_complete=_completed)
def command(name: str | None) -> None:
    """List the light profiles, or describe one: its formula and parameters."""
    from rich.table import Table

    from fitting.spec import did_you_mean
    from fitting.spec.profiles import PROFILES
    from photfit.terminal import terminal

    console = terminal()
    if name is None:
        table = Table("profile", "what it is", "parameters")
        for profile in PROFILES.values():
            table.add_row(profile.name, profile.description, ", ".join(profile.names))
        console.print(table)
    elif name in PROFILES:
        console.print(_description(PROFILES[name]))
    else:
        near = did_you_mean(name, PROFILES)
        raise UserMistake(f"there is no profile {name!r}{near}; there are {', '.join(sorted(PROFILES))}")


def _description(profile: ProfileDescription) -> Table:
    from rich.table import Table
    from rich.text import Text

    caption = Text(f"{profile.formula}\n{profile.source}")
    table = Table(
        "parameter", "unit", "from", "to", "what it is", title=f"{profile.name}: {profile.description}",
        title_justify="left", caption=caption, caption_justify="left",
    )  # fmt: skip
    for parameter in profile.parameters:
        limits = ["" if limit is None else f"{limit:g}" for limit in (parameter.min, parameter.max)]
        table.add_row(parameter.name, parameter.unit, *limits, parameter.description)
    return table
