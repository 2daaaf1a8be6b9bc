"""Rows of an import: what each line of a file was taken as, or why it could not be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from fitting.faults import UserFault

MOST_LINES = 40_000
"""Lines of a file that are read. Chosen by hand: 2,000 objects of GALFIT with all that they can have are 30,000;
100,000 of constraints took an answer that held up others for 3 s."""


class ImportInvalid(UserFault):
    """A file that is no model of a program that photfit knows, with what was expected."""


@dataclass(frozen=True)
class ImportRow:
    """One line of a file.

    Attributes:
        file: its name; ``command line`` for options of a command.
        line: its number, from 1.
        text: what stands there, without the comment.
        taken: as what; None where it was not.
        why_not: why it was not; None where it was.
    """

    file: str
    line: int
    text: str
    taken: str | None = None
    why_not: str | None = None

    def document(self) -> dict[str, Any]:
        """The row as JSON."""
        return {
            "file": self.file,
            "line": self.line,
            "text": self.text,
            "taken": self.taken,
            "why_not": self.why_not,
        }


@dataclass(frozen=True)
class Line:
    """A line of a file as it is read: its number, and its text without the comment."""

    file: str
    number: int
    text: str


@dataclass
class RowBook:
    """Rows as they are written while a file is read."""

    rows: list[ImportRow] = field(default_factory=list)

    def take(self, line: Line, taken: str) -> None:
        """Note what a line was taken as."""
        self.rows.append(ImportRow(line.file, line.number, line.text, taken=taken))

    def leave(self, line: Line, why_not: str) -> None:
        """Note why a line was not taken."""
        self.rows.append(ImportRow(line.file, line.number, line.text, why_not=why_not))


@dataclass(frozen=True)
class ModelImport:
    """A model of another program as photfit has it.

    Attributes:
        format: ``galfit`` or ``imfit``.
        request: as JSON, ready to fit where the files that it names are there.
        rows: one a line that says something, in the order of the files.
    """

    format: str
    request: Mapping[str, Any]
    rows: tuple[ImportRow, ...]

    @property
    def left(self) -> tuple[ImportRow, ...]:
        """What was not taken."""
        return tuple(row for row in self.rows if row.why_not is not None)

    def document(self) -> dict[str, Any]:
        """The import as JSON."""
        return {"format": self.format, "request": dict(self.request), "rows": [row.document() for row in self.rows]}


def said_lines(file: str, text: str) -> Iterator[Line]:
    """Lines that say something: without comments, which begin with ``#``, and blank ones."""
    for number, whole in enumerate(text.splitlines(), start=1):
        body = whole.split("#", 1)[0].strip()
        if body:
            yield Line(file, number, body)


def lines_of(file: str, text: str) -> list[Line]:
    """The lines of a file of GALFIT's or imfit's that say something, each of which is told of. Raises ImportInvalid."""
    found = list(islice(said_lines(file, text), MOST_LINES + 1))
    if len(found) > MOST_LINES:
        raise ImportInvalid(f"{file} has more than {MOST_LINES} lines; no more are read")
    return found
