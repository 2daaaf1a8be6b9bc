"""The `photfit` command: a click group that imports a command only when it is needed."""

from __future__ import annotations

import errno
import importlib
from typing import Any

import click

from fitting import __version__

COMMANDS: tuple[str, ...] = (
    "serve",
    "demo",
    "describe",
    "propose",
    "import",
    "fit",
    "catalogue",
    "run",
    "render",
    "submit",
    "rerun",
    "list",
    "status",
    "watch",
    "results",
    "export",
    "compare",
    "plot",
    "cancel",
    "profiles",
    "explain",
    "worker",
    "admin",
    "doctor",
    "mcp",
    "completion",
)
"""Every command, in the order of the help page; `photfit.commands.NAME` holds a click command called `command`."""


class CommandsByName(click.Group):
    """A group whose commands are modules, imported by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The names of all commands, without importing any."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command called `cmd_name`, or None where there is none."""
        if cmd_name not in COMMANDS:
            return None
        module = "import_model" if cmd_name == "import" else cmd_name  # `import` is a word of Python's
        command: click.Command = importlib.import_module(f"photfit.commands.{module}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is asked for; of one that is not there, those that come near."""
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            from difflib import get_close_matches

            near = get_close_matches(name.lower(), COMMANDS, 3)
            meant = f" Did you mean {' or '.join(near)}?" if near else ""
            ctx.fail(f"No such command {name!r}.{meant}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run what is asked for; what a machine has not, or does not allow, becomes a sentence."""
        from photfit.failures import CommandFailure, UserMistake

        try:
            return super().invoke(ctx)
        except ImportError as error:
            from photfit.extras import missing_library

            sentence = missing_library(error)
            if sentence is None:
                raise
            raise UserMistake(sentence) from error
        except OSError as error:
            if error.errno in (None, errno.EPIPE):  # click ends quietly where a pipe was closed
                raise
            raise CommandFailure(f"{error.filename}: {error.strerror}" if error.filename else str(error)) from error


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(f"photfit {__version__}")
        ctx.exit()


@click.group(cls=CommandsByName, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Show version."
)
def main() -> None:
    """Fit photometric models to astronomical images, here or through a photfit service."""
