"""Imports and exports as the command line has them: what became of each line or part, and the request as a file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from fitting.spec.counts import counted, was
from photfit.failures import UserMistake


def import_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """What became of each line, and at the end how many were not taken."""
    left = 0
    for row in found["rows"]:
        place = f"{row['file']}:{row['line']}" if row["line"] else row["file"]
        text = " ".join(row["text"].split())
        if row["why_not"] is None:
            yield f"{place}: {text} -> {row['taken']}"
        else:
            left += 1
            yield f"{place}: {text} -> NOT TAKEN: {row['why_not']}"
    yield "every line was taken" if left == 0 else f"{counted(left, 'line')} {was(left)} not taken"


def export_lines(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """What each part of a request was written as, and at the end how many could not be."""
    left = 0
    for row in rows:
        if row["why_not"] is None:
            yield f"{row['what']} -> {row['written']}"
        else:
            left += 1
            yield f"{row['what']} -> NOT WRITTEN: {row['why_not']}"
    yield "everything was written" if left == 0 else f"{left} parts were not written"


def write_request(request: Mapping[str, Any], output: Path | None) -> None:
    """Write a request as JSON, or print it. Raises UserMistake where the file cannot be written."""
    text = json.dumps(request, indent=2) + "\n"
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserMistake(f"{output} cannot be written: {error.strerror or error}") from error
