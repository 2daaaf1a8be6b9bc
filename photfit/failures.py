"""Failures of a command: one readable message and an exit code of `EXIT_CODES`, never a traceback."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, Any, Protocol

import click

EXIT_CODES: dict[int, str] = {
    0: "Done.",
    1: "Not done, and not for what was asked: no service answers, a fit failed, a disk is full. Of `photfit doctor`, "
    "something is missing; of several fits, some failed.",
    2: "What was asked cannot be done, and has to change: a fault in the request, a file that is not there, a word "
    "that the command does not know, a library that is not installed.",
    3: "Of `photfit compare`: the results cannot be compared, since they are of other data.",
    130: "Ended by Ctrl-C, or SIGTERM; of `photfit fit`, with what had been found.",
}
"""What a command ends with, and what it means."""


class FaultLike(Protocol):
    """One fault of a request, whoever found it: this process or a service."""

    @property
    def path(self) -> str:
        """Where: a JSON path."""
        ...

    @property
    def message(self) -> str:
        """What is wrong."""
        ...

    @property
    def expected(self) -> str | None:
        """What would be right, where there is more to say."""
        ...


class CommandFailure(click.ClickException):
    """Something went wrong that is not the user's doing: exit code 1."""

    exit_code = 1

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the message to standard error, after the program's name."""
        click.echo(f"photfit: {self.format_message()}", err=file is None, file=file)


class UserMistake(CommandFailure):
    """Something that the user can put right, as a wrong request or a missing file: exit code 2."""

    exit_code = 2


def describe_faults(faults: Iterable[FaultLike]) -> str:
    """One line per fault: JSON path, what is wrong, what would be right."""
    return "\n".join(
        f"{fault.path}: {fault.message}" + (f" (expected {fault.expected})" if fault.expected else "")
        for fault in faults
    )
