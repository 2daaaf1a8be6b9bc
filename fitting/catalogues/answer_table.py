"""Answer of a catalogue as one table: parts, each a Parquet file, put together with the input's columns, in any format.

JSON, CSV, ECSV and Parquet are written row group by row group, FITS and VOTable as a whole by astropy.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet
from astropy import units
from astropy.table import Column, MaskedColumn, Table

from fitting.catalogues.answer_columns import GOODNESS, ROW, AnswerColumn
from fitting.catalogues.object_table import ObjectRows
from fitting.spec.catalogues import encode_flags

NUMBER = "\0row"
"""Column of a row's number, where one is asked for: no table's own can have this name."""
TABLE_FORMATS = ("json", "csv", "ecsv", "fits", "votable", "parquet")
"""Formats of an answer's table."""


class AnswerRows(Protocol):
    """Rows of an answer: their schema, and tables of them one after the other."""

    @property
    def schema(self) -> pa.Schema:
        """Of all tables."""
        ...

    def tables(self) -> Iterator[pa.Table]:
        """The rows, some at a time."""
        ...


@dataclass(frozen=True)
class AnswerPart:
    """A part that is done: its first row, one past its last, and its file; None of a row that was given up."""

    start: int
    stop: int
    path: Path | None


@dataclass(frozen=True)
class AnswerParts:
    """The parts of an answer that there are, and the table whose rows they are of.

    Attributes:
        objects: the input.
        parts: where two have a row, the later one's counts.
        parameters: columns that are known before anything is fitted.
        columns: those that are wanted, in their order; none means all.
        numbered: whether a last column, `NUMBER`, has the rows' numbers in the input, from 0.
    """

    objects: ObjectRows
    parts: Sequence[AnswerPart]
    parameters: Sequence[AnswerColumn] = ()
    columns: Sequence[str] = ()
    numbered: bool = False

    @cached_property
    def schema(self) -> pa.Schema:
        """Of the whole: the input's columns, the parameters', what was derived, and how good the fits are."""
        wanted = self.columns or self.whole_schema.names
        number = [pa.field(NUMBER, pa.int64())] if self.numbered else []
        return pa.schema([*(self.whole_schema.field(name) for name in wanted), *number])

    @cached_property
    def whole_schema(self) -> pa.Schema:
        """The same with every column."""
        found: dict[str, pa.Field] = {column.name: column.field for column in self.parameters}
        for part in self.parts:
            for each in () if part.path is None else pa.parquet.read_schema(part.path):
                found.setdefault(each.name, each)
        tail = {column.name: column.field for column in GOODNESS}
        middle = [each for name, each in found.items() if name not in tail and name != ROW]
        return pa.schema([*self.objects.schema, *middle, *tail.values()])

    def tables(self) -> Iterator[pa.Table]:
        """The rows that are done, part by part, in the order of the input."""
        for group in self._groups():
            tables = [
                crashed_row(part.start) if part.path is None else pa.parquet.read_table(part.path) for part in group
            ]
            answer = (
                tables[0] if len(tables) == 1 else _last_of_each(pa.concat_tables(tables, promote_options="default"))
            )
            if not answer.num_rows:
                continue
            numbers = answer.column(ROW)
            first, last = numbers[0].as_py(), numbers[-1].as_py()
            given = self.objects.table(first, last + 1)
            if given.num_rows != answer.num_rows:  # parts between others are not done yet
                given = given.take(pa.compute.subtract(numbers, first))
            yield self._put_together(given, answer)

    def _groups(self) -> Iterator[list[AnswerPart]]:
        """Parts that share rows, together."""
        group: list[AnswerPart] = []
        stop = -1
        for _, part in sorted(enumerate(self.parts), key=lambda pair: (pair[1].start, pair[0])):
            if group and part.start >= stop:
                yield sorted(group, key=self.parts.index)
                group = []
            group.append(part)
            stop = max(stop, part.stop) if len(group) > 1 else part.stop
        if group:
            yield sorted(group, key=self.parts.index)

    def _put_together(self, given: pa.Table, answer: pa.Table) -> pa.Table:
        arrays = []
        for each in self.schema:
            table = given if each.name in given.column_names else answer
            if each.name == NUMBER:
                arrays.append(answer.column(ROW).cast(each.type))
            elif each.name in table.column_names:
                arrays.append(table.column(each.name).cast(each.type))
            else:
                arrays.append(pa.nulls(answer.num_rows, each.type))
        return pa.table(arrays, schema=self.schema)


def _read(part: AnswerPart) -> pa.Table:
    return crashed_row(part.start) if part.path is None else pa.parquet.read_table(part.path)


def _last_of_each(table: pa.Table) -> pa.Table:
    """Of rows with one number the last, by rising number."""
    places = {number: place for place, number in enumerate(table.column(ROW).to_pylist())}
    return table.take([places[number] for number in sorted(places)])


def crashed_row(number: int) -> pa.Table:
    """The part of one row that ended the process which fitted it, twice."""
    message = "the process that fitted this row ended, twice, and with this row alone"
    values = {ROW: number, "flags": encode_flags(["crashed"]), "message": message}
    fields = [pa.field(ROW, pa.int64()), *(column.field for column in GOODNESS)]
    return pa.table([pa.array([values.get(each.name)], each.type) for each in fields], schema=pa.schema(fields))


def write_answer(answer: AnswerRows, path: Path, form: str) -> None:
    """Write an answer's table in one of `TABLE_FORMATS`."""
    if form == "parquet":
        with pa.parquet.ParquetWriter(path, answer.schema) as writer:
            for table in answer.tables():
                writer.write_table(_with_all_texts(table))
    elif form == "csv":
        with path.open("wb") as file:
            _write_csv(answer, file, header=True)
    elif form == "ecsv":
        _write_ecsv(answer, path)
    elif form == "json":
        _write_json(answer, path)
    elif form in ("fits", "votable"):
        _write_by_astropy(answer, path, form)
    else:
        raise ValueError(f"no format {form!r}")


def _write_csv(answer: AnswerRows, file: Any, *, header: bool) -> None:
    schema = pa.schema([pa.field(each.name, _flat(each.type)) for each in answer.schema])
    options = pa.csv.WriteOptions(include_header=header)
    with pa.csv.CSVWriter(file, schema, write_options=options) as writer:
        for table in answer.tables():
            writer.write_table(_without_lists(table).cast(schema))


def _with_all_texts(table: pa.Table) -> pa.Table:
    """Texts that are not there as empty ones: astropy reads no column of texts in which one is null."""
    arrays = [
        pa.compute.fill_null(column, "") if pa.types.is_string(field.type) else column
        for field, column in zip(table.schema, table.columns, strict=True)
    ]
    return pa.table(arrays, schema=table.schema)


def _flat(kind: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_list(kind) else kind


def _without_lists(table: pa.Table) -> pa.Table:
    """Columns of lists as JSON."""
    arrays = []
    for each in table.schema:
        column = table.column(each.name)
        if pa.types.is_list(each.type):
            column = pa.array([None if item is None else json.dumps(item) for item in column.to_pylist()], pa.string())
        arrays.append(column)
    return pa.table(arrays, names=table.column_names)


def _write_ecsv(answer: AnswerRows, path: Path) -> None:
    """The header by astropy, the rows by pyarrow."""
    empty = _astropy_table(_without_lists(answer.schema.empty_table()), answer.schema)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        empty.write(path, format="ascii.ecsv", delimiter=",", overwrite=True)
    with path.open("ab") as file:
        _write_csv(answer, file, header=False)


def _write_json(answer: AnswerRows, path: Path) -> None:
    """``{"columns": [{"name", "unit", "description", "ucd"}], "rows": [{…}]}``, what is missing as null."""
    columns = [said_of(each) for each in answer.schema]
    with path.open("w", encoding="utf-8") as file:
        file.write('{"columns": ' + json.dumps(columns, ensure_ascii=False) + ',\n"rows": [')
        first = True
        for table in answer.tables():
            for row in table.to_pylist():
                file.write("\n" if first else ",\n")
                file.write(json.dumps(plain_row(row), ensure_ascii=False, allow_nan=False))
                first = False
        file.write("\n]}\n")


def plain_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON has it: numbers that are not finite become null."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in row.items()
    }


def said_of(each: pa.Field) -> dict[str, str]:
    """Name of a column, and what is said of it, as JSON."""
    metadata = each.metadata or {}
    said = {key: metadata[key.encode()].decode() for key in ("unit", "description", "ucd") if key.encode() in metadata}
    return {"name": each.name, **said}


def _write_by_astropy(answer: AnswerRows, path: Path, form: str) -> None:
    tables = list(answer.tables())
    whole = pa.concat_tables(tables) if tables else answer.schema.empty_table()
    table = _astropy_table(_without_lists(whole), answer.schema)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if form == "votable":
            _write_votable(table, path)
        else:
            table.write(path, format="fits", overwrite=True)


def _write_votable(table: Table, path: Path) -> None:
    from astropy.io.votable import from_table

    file = from_table(table)
    (written,) = file.resources[0].tables
    for each in written.fields:
        each.ucd = table[each.name].meta.get("ucd") or None
    written.format = "binary2"
    file.to_xml(str(path))


def _astropy_table(table: pa.Table, schema: pa.Schema) -> Table:
    found = Table()
    for each in schema:
        said = said_of(each)
        column = table.column(each.name)
        values, mask = _as_numpy(column)
        kind = Column if mask is None else MaskedColumn
        more = {} if mask is None else {"mask": mask}
        made = kind(values, name=each.name, description=said.get("description"), unit=_unit(said.get("unit")), **more)
        if said.get("ucd"):
            made.meta["ucd"] = said["ucd"]
        found.add_column(made)
    return found


def _unit(name: str | None) -> Any:
    if not name:
        return None
    try:
        return units.Unit(name)
    except ValueError:
        return units.Unit(name, parse_strict="silent")


def _as_numpy(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray | None]:
    """The values, and which are missing; floats have NaN in their place."""
    missing = pa.compute.is_null(column).to_numpy(zero_copy_only=False) if column.null_count else None
    if pa.types.is_string(column.type):
        texts = [text or "" for text in column.to_pylist()]
        return np.array(texts, dtype=str) if texts else np.zeros(0, "U1"), None
    if pa.types.is_floating(column.type):
        return np.asarray(column.to_numpy(), dtype=float), None
    if missing is None:
        return np.asarray(column.to_numpy()), None
    plain = pa.compute.fill_null(column, False if pa.types.is_boolean(column.type) else 0)
    return np.asarray(plain.to_numpy()), missing
