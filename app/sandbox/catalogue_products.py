"""Catalogues in the sandbox's children: object tables read, what is wrong with the whole found, answers put together.

As in `app.sandbox.upload_checks`, everything heavy is imported inside the functions, and what a file's sender did wrong
comes back as faults.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fitting.spec import Fault, FitRequest, RequestInvalid
from fitting.spec.catalogues import parse_catalogue

if TYPE_CHECKING:
    from fitting.catalogues import AnswerParts

_TRIED = 5
"""Rows whose images are read before anything is fitted; chosen by hand."""


@dataclass(frozen=True)
class CatalogueCheck:
    """The outcome of a check of a catalogue: faults, or else what is known of it.

    Attributes:
        rows: how many its table has.
        parameters: columns of the answer that are known, each as name, unit, description and UCD.
        completed: requests of a row with first values, by model; none where no row that was tried has any.
        n_pixels: used, of that row's images.
        shapes: sizes of the images of the rows that were tried, in words.
        row: which row that is.
    """

    faults: tuple[Fault, ...] = ()
    rows: int = 0
    parameters: tuple[dict[str, Any], ...] = ()
    completed: Mapping[str, FitRequest] = field(default_factory=dict)
    n_pixels: int = 0
    shapes: tuple[str, ...] = ()
    row: int = 0
    messages: tuple[str, ...] = ()


@dataclass(frozen=True)
class PartPlace:
    """A part of an answer: its rows, and its file; None of a row that was given up."""

    start: int
    stop: int
    path: Path | None


def check_catalogue(document: dict[str, Any], files: Mapping[str, Path], objects: Path) -> CatalogueCheck:
    """Every fault of a catalogue as a whole; its table is left at `objects` as Parquet."""
    from fitting.catalogues import plan_catalogue
    from fitting.first_values import complete_request
    from fitting.inputs import load_images

    try:
        request = parse_catalogue(document)
        plan = plan_catalogue(request, files.__getitem__, objects)
    except RequestInvalid as error:
        return CatalogueCheck(faults=error.faults)
    parameters = tuple(
        {"name": item.name, "unit": item.unit, "description": item.description, "ucd": item.ucd}
        for item in plan.parameters
    )
    completed: dict[str, FitRequest] = {}
    shapes: dict[str, None] = {}
    messages: list[str] = []
    pixels, number = 0, plan.sound_row
    for row in sorted({plan.sound_row, *(place * plan.rows // _TRIED for place in range(_TRIED))}):
        for item in plan.expansion.row(row):
            if item.request is None:
                messages.append(f"row {row}: {item.message}")
                continue
            try:
                images = load_images(item.request, files.__getitem__)
                shapes.setdefault(" and ".join(f"{image.data.shape[1]} × {image.data.shape[0]}" for image in images))
                if item.model not in completed:
                    completed[item.model] = complete_request(item.request, images)
                    pixels, number = sum(int((~image.mask).sum()) for image in images), row
            except RequestInvalid as error:
                messages.append(f"row {row}: {error.faults[0].message}")
    return CatalogueCheck((), plan.rows, parameters, completed, pixels, tuple(shapes), number, tuple(messages[:10]))


def _answer(
    objects: Path, parts: Sequence[PartPlace], parameters: Sequence[Mapping[str, Any]], columns: Sequence[str]
) -> AnswerParts:
    import pyarrow as pa

    from fitting.catalogues import AnswerColumn, AnswerPart, AnswerParts, ObjectRows

    known = [AnswerColumn(type=pa.float64(), **item) for item in parameters]
    places = [AnswerPart(part.start, part.stop, part.path) for part in parts]
    return AnswerParts(ObjectRows(objects), places, known, tuple(columns))


@dataclass(frozen=True)
class TableChoice:
    """What is asked of an answer's table: columns (all where none), flags, order, and of JSON which page."""

    format: str = "json"
    columns: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    sort: str = ""
    offset: int = 0
    limit: int = 1000


@dataclass(frozen=True)
class TablePage:
    """A page of a table as JSON, or faults of the choice."""

    faults: tuple[Fault, ...] = ()
    document: Mapping[str, Any] = field(default_factory=dict)


def table_of(
    objects: Path,
    parts: Sequence[PartPlace],
    files: Sequence[Path],
    parameters: Sequence[Mapping[str, Any]],
    choice: TableChoice,
    target: Path,
) -> TablePage:
    """A page of an answer as JSON, or the whole in a file's format, written to `target`.

    Args:
        files: those of the parts, so that they may be read here.
    """
    from fitting.catalogues import ChosenRows, RowChoice, answer_page, check_choice, write_answer

    del files
    answer = _answer(objects, parts, parameters, choice.columns)
    rows = RowChoice(choice.flags, choice.sort)
    try:
        check_choice(answer, rows, choice.columns)
    except RequestInvalid as error:
        return TablePage(faults=error.faults)
    chosen = ChosenRows(answer, rows)
    if choice.format == "json":
        numbered = ChosenRows(replace(answer, numbered=True), rows)
        return TablePage(document=answer_page(numbered, choice.offset, choice.limit))
    write_answer(chosen, target, choice.format)
    return TablePage()


def row_of(
    objects: Path,
    parts: Sequence[PartPlace],
    files: Sequence[Path],
    parameters: Sequence[Mapping[str, Any]],
    number: int,
) -> dict[str, Any] | None:
    """One row of an answer as JSON; None where it is not done yet."""
    from fitting.catalogues import plain_row

    del files
    near = [part for part in parts if part.start <= number < part.stop]
    answer = _answer(objects, near, parameters, ())
    first = min((part.start for part in near), default=0)
    for table in answer.tables():
        rows = table.slice(number - first, 1).to_pylist()
        return plain_row(rows[0]) if rows else None
    return None


@dataclass(frozen=True)
class RowRequests:
    """A row's own requests by model, or why it has none."""

    requests: Mapping[str, FitRequest] = field(default_factory=dict)
    message: str = ""
    faults: tuple[Fault, ...] = ()


def row_requests(document: dict[str, Any], files: Mapping[str, Path], objects: Path, number: int) -> RowRequests:
    """The requests of one row of a catalogue."""
    from fitting.catalogues import plan_catalogue

    try:
        plan = plan_catalogue(parse_catalogue(document), files.__getitem__, objects)
    except RequestInvalid as error:
        return RowRequests(faults=error.faults)
    rows = plan.expansion.row(number)
    found = {item.model: item.request for item in rows if item.request is not None}
    return RowRequests(found, "" if found else rows[0].message)


def rows_with_flags(parts: Mapping[str, PartPlace], files: Sequence[Path], mask: int) -> dict[str, tuple[int, ...]]:
    """Numbers of the rows with any of some flags, by the id of the part that has them."""
    import numpy as np
    import pyarrow.parquet

    del files
    found: dict[str, tuple[int, ...]] = {}
    for part_id, part in parts.items():
        if part.path is None:
            found[part_id] = tuple(range(part.start, part.stop))
            continue
        table = pyarrow.parquet.read_table(part.path, columns=["row", "flags"])
        flags = np.asarray(table.column("flags").to_numpy())
        numbers = np.asarray(table.column("row").to_numpy())[(flags & mask) != 0]
        if len(numbers):
            found[part_id] = tuple(int(number) for number in numbers)
    return found
