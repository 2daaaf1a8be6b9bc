"""Object tables: CSV, ECSV, FITS, Parquet and VOTable files, read once into Parquet, and rows of that by their number.

Whatever the file, what follows reads Parquet: its row groups can be had one by one, so that a million rows never lie in
memory. CSV and Parquet are read in chunks by pyarrow, the rest by astropy.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet
from astropy.table import Table

from fitting.files import FileInvalid
from fitting.spec.catalogues import Value

TABLES = "a CSV, ECSV, FITS, Parquet or VOTable table with a row for each object"
"""What is read as an object table."""
MOST_ROWS = 100_000_000
"""Rows of a table, at most; chosen by hand: what a survey has, at some 100 bytes a row."""
MOST_COLUMNS = 2000
"""Columns of a table, at most; chosen by hand."""
_GROUP = 10_000
"""Rows of a group, which is read at once: a few megabytes."""
_HELD_GROUPS = 3
"""Groups of rows that are kept for `ObjectRows.row`; chosen by hand: neighbours of a row are near it in most tables."""
_LONGEST = 4096
"""Bytes of a text in a table, at most: those of a file's name."""
_UNIT, _DESCRIPTION, _UCD = b"unit", b"description", b"ucd"
"""What is said of a column, in the metadata of its field."""
Kind = Literal["number", "text", "truth"]


@dataclass(frozen=True)
class ObjectColumn:
    """A column of an object table: what it holds, and what its file says of it."""

    name: str
    kind: Kind
    unit: str = ""
    description: str = ""
    ucd: str = ""


@dataclass(frozen=True)
class ObjectRows:
    """The rows of an object table, in a Parquet file that `read_objects` wrote.

    Attributes:
        path: of the file.
    """

    path: Path

    @cached_property
    def _file(self) -> Any:
        return pa.parquet.ParquetFile(self.path)

    @property
    def count(self) -> int:
        """How many rows there are."""
        return int(self._file.metadata.num_rows)

    @property
    def schema(self) -> pa.Schema:
        """Of pyarrow, with what the file said of its columns in the metadata of fields."""
        return self._file.schema_arrow

    @property
    def columns(self) -> dict[str, ObjectColumn]:
        """The columns by name, in order."""
        return {field.name: _column(field) for field in self.schema}

    def table(self, start: int, stop: int, columns: Sequence[str] | None = None) -> pa.Table:
        """Rows start to stop (not included) as a table of pyarrow; only the groups that hold them are read."""
        meta, first, parts = self._file.metadata, 0, []
        for group in range(meta.num_row_groups):
            length = meta.row_group(group).num_rows
            if first < stop and first + length > start:
                held = self._file.read_row_group(group, columns=None if columns is None else list(columns))
                parts.append(held.slice(max(start - first, 0), min(stop, first + length) - max(start, first)))
            first += length
        if not parts:
            return self.schema.empty_table() if columns is None else self.schema.empty_table().select(list(columns))
        return pa.concat_tables(parts)

    def rows(self, start: int, stop: int, columns: Sequence[str] | None = None) -> list[dict[str, Value]]:
        """The same, each row an object by column; what is missing is None."""
        found: list[dict[str, Value]] = self.table(start, stop, columns).to_pylist()
        return found

    def row(self, number: int) -> dict[str, Value]:
        """One row, by its number from 0; the group that holds it is kept for the next question."""
        meta, first = self._file.metadata, 0
        for group in range(meta.num_row_groups):
            length = meta.row_group(group).num_rows
            if number < first + length:
                return self._group(group)[number - first]
            first += length
        raise IndexError(f"there is no row {number}")

    def _group(self, number: int) -> list[dict[str, Value]]:
        if number not in self._groups:
            while len(self._groups) >= _HELD_GROUPS:
                self._groups.pop(next(iter(self._groups)))
            self._groups[number] = self._file.read_row_group(number).to_pylist()
        return self._groups[number]

    @cached_property
    def _groups(self) -> dict[int, list[dict[str, Value]]]:
        return {}

    def numbers(self, columns: Sequence[str]) -> dict[str, np.ndarray]:
        """Whole columns of numbers, (rows,), NaN where one is missing."""
        kept: dict[str, list[np.ndarray]] = {name: [] for name in columns}
        for batch in self._file.iter_batches(_GROUP, columns=list(columns)):
            for name in columns:
                values = batch.column(batch.schema.get_field_index(name)).cast(pa.float64())
                kept[name].append(values.to_numpy(zero_copy_only=False))
        return {name: np.concatenate(parts) if parts else np.zeros(0) for name, parts in kept.items()}


def read_objects(path: Path, destination: Path, hdu: int | str | None = None) -> ObjectRows:
    """Read an object table of any format, and leave it as Parquet.

    Args:
        path: the file.
        destination: of the Parquet file.
        hdu: of a FITS file, the table's; None means the first table.

    Raises:
        FileInvalid: of none of the formats, damaged, without a row, or with columns of anything else than numbers and
            text.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            _write(_batches(path, hdu), destination)
        except FileInvalid:
            raise
        except OSError as error:
            raise FileInvalid(f"cannot be read: {error.strerror or _line(error)}", expected=TABLES) from error
        except Exception as error:
            # The readers raise nearly anything on damaged files; all of it is the file's fault.
            raise FileInvalid(f"cannot be read as a table: {_line(error)}", expected=TABLES) from error
    return ObjectRows(destination)


def write_rows(rows: Sequence[Mapping[str, Any]], destination: Path) -> ObjectRows:
    """Leave the rows of a request as Parquet; a column has the type that all of its values share.

    Raises:
        FileInvalid: a column mixes numbers and text.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {}
    for name in names:
        try:
            columns[name] = pa.array([row.get(name) for row in rows])
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            values = [row.get(name) for row in rows]
            if any(isinstance(value, str | bool) for value in values):
                raise FileInvalid(f"has a column {name!r} of numbers and text", expected="one of the two") from None
            columns[name] = pa.array([None if value is None else float(value) for value in values])
    _write(iter([pa.table(columns)]), destination)
    return ObjectRows(destination)


def _line(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0][:200] if text else type(error).__name__


def _write(tables: Iterable[pa.Table], destination: Path) -> None:
    writer = None
    count = 0
    try:
        for table in tables:
            plain = _plain(table)
            writer = writer or pa.parquet.ParquetWriter(destination, plain.schema)
            count += plain.num_rows
            if count > MOST_ROWS:
                raise FileInvalid(f"has more than {MOST_ROWS} rows", expected="several catalogues")
            writer.write_table(plain.cast(writer.schema), row_group_size=_GROUP)
    finally:
        if writer is not None:
            writer.close()
    if not count:
        raise FileInvalid("has no row", expected="at least one")


def _plain(table: pa.Table) -> pa.Table:
    """The table with columns of numbers, text and truth values alone."""
    names = table.column_names
    if len(names) > MOST_COLUMNS:
        raise FileInvalid(f"has {len(names)} columns", expected=f"at most {MOST_COLUMNS}")
    for name in names:
        if names.count(name) > 1:
            raise FileInvalid(f"has two columns {name[:100]!r}", expected="names that differ")
        if not name or not name.isprintable() or len(name) > 200:
            raise FileInvalid(f"has a column called {name[:100]!r}", expected="1 to 200 printable characters")
    fields, columns = [], []
    for field in table.schema:
        column = table.column(field.name)
        if pa.types.is_dictionary(field.type):
            column = column.cast(field.type.value_type)
        kind = column.type
        if pa.types.is_decimal(kind) or pa.types.is_null(kind):
            column = column.cast(pa.float64())
        elif pa.types.is_large_string(kind) or pa.types.is_string_view(kind) or pa.types.is_temporal(kind):
            column = column.cast(pa.string())
        elif pa.types.is_float16(kind):
            column = column.cast(pa.float32())
        elif not (_is_number(kind) or pa.types.is_string(kind) or pa.types.is_boolean(kind)):
            message = f"has a column {field.name!r} of {str(kind)[:60]}"
            raise FileInvalid(message, expected="columns of one number or one text a row")
        if pa.types.is_string(column.type):
            longest = pa.compute.max(pa.compute.binary_length(column)).as_py() or 0
            if longest > _LONGEST:
                message = f"has a text of {longest} bytes in its column {field.name!r}"
                raise FileInvalid(message, expected=f"texts of at most {_LONGEST} bytes")
        columns.append(column)
        fields.append(pa.field(field.name, column.type, metadata=field.metadata))
    return pa.table(columns, schema=pa.schema(fields))


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _column(field: pa.Field) -> ObjectColumn:
    said = {key.decode(): value.decode() for key, value in (field.metadata or {}).items() if key in _SAID}
    kind: Kind = "text"
    if pa.types.is_boolean(field.type):
        kind = "truth"
    elif _is_number(field.type):
        kind = "number"
    return ObjectColumn(field.name, kind, **said)


_SAID = (_UNIT, _DESCRIPTION, _UCD)


def said_of_column(unit: str = "", description: str = "", ucd: str = "") -> dict[bytes, bytes] | None:
    """Metadata of a field of pyarrow that say a column's unit, description and UCD."""
    pairs = {_UNIT: unit, _DESCRIPTION: description, _UCD: ucd}
    return {key: value.encode() for key, value in pairs.items() if value} or None


def _batches(path: Path, hdu: int | str | None) -> Iterator[pa.Table]:
    with path.open("rb") as file:
        start = file.read(2000)
    if start.startswith(b"PAR1"):
        yield from _of_parquet(path)
    elif start.startswith(b"SIMPLE  ="):
        yield from _of_fits(path, hdu)
    elif start.startswith(b"# %ECSV"):
        yield from _of_ecsv(path)
    elif b"<VOTABLE" in start or start.lstrip().startswith(b"<?xml"):
        yield _of_astropy(Table.read(path, format="votable"))
    elif not start.strip():
        raise FileInvalid("is empty", expected=TABLES)
    elif b"\0" in start:
        raise FileInvalid("is no table", expected=TABLES)
    else:
        yield from _of_csv(path)


def _of_parquet(path: Path) -> Iterator[pa.Table]:
    for batch in pa.parquet.ParquetFile(path).iter_batches(_GROUP):
        yield pa.Table.from_batches([batch])


def _of_csv(path: Path) -> Iterator[pa.Table]:
    """In chunks; a column has the type that its first megabytes have, or floats where those are whole numbers."""
    options = pa.csv.ConvertOptions(strings_can_be_null=True, null_values=["", "NA", "N/A", "null", "NULL", "--"])
    blocks = pa.csv.ReadOptions(block_size=2**24)
    parse = pa.csv.ParseOptions(invalid_row_handler=None)
    with pa.csv.open_csv(path, read_options=blocks, parse_options=parse, convert_options=options) as reader:
        names = reader.schema.names
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise FileInvalid(f"has two columns {twice[:100]!r}", expected="names that differ")
    if all(_looks_numeric(name) for name in names):
        raise FileInvalid("has numbers in its first line", expected="the names of the columns there")
    types = {
        field.name: pa.float64() if field.type in (pa.null(),) else field.type
        for field in reader.schema
        if not pa.types.is_temporal(field.type)
    }
    options.column_types = types | {
        field.name: pa.string() for field in reader.schema if pa.types.is_temporal(field.type)
    }
    with pa.csv.open_csv(path, read_options=blocks, parse_options=parse, convert_options=options) as reader:
        for batch in reader:
            yield pa.Table.from_batches([batch])


def _looks_numeric(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True


def _of_fits(path: Path, hdu: int | str | None) -> Iterator[pa.Table]:
    from astropy.io import fits

    with path.open("rb") as file, fits.open(file, memmap=False, lazy_load_hdus=True) as opened:
        if hdu is None:
            hdu = next((place for place, item in enumerate(opened) if isinstance(item, fits.BinTableHDU)), None)
            hdu = (
                hdu
                if hdu is not None
                else next((place for place, item in enumerate(opened) if isinstance(item, fits.TableHDU)), None)
            )
        if hdu is None:
            raise FileInvalid("holds no table", expected=TABLES)
        try:
            chosen = opened[hdu]
        except (KeyError, IndexError):
            raise FileInvalid(f"there is no HDU {hdu!r}", expected="a table of the file") from None
        if not isinstance(chosen, fits.BinTableHDU | fits.TableHDU):
            raise FileInvalid("is no table", f"HDU {hdu}", TABLES)
        if int(chosen.header.get("NAXIS2", 0)) > MOST_ROWS:
            raise FileInvalid(f"has more than {MOST_ROWS} rows", expected="several catalogues")
    yield _of_astropy(Table.read(path, format="fits", hdu=hdu, memmap=True))


def _of_ecsv(path: Path) -> Iterator[pa.Table]:
    """The header by astropy, with units and descriptions; the rows in chunks by pyarrow."""
    with path.open("r", encoding="utf-8") as file:
        head = []
        for line in file:
            head.append(line)
            if not line.startswith("#"):
                break
    names_only = Table.read([line.rstrip("\n") for line in head], format="ascii.ecsv")
    first = head[-1]
    delimiter = "," if any("delimiter: ','" in line for line in head) else " "
    if not set(first.strip().split(delimiter)) >= set(names_only.colnames):
        yield _of_astropy(Table.read(path, format="ascii.ecsv"))  # names in quotes
        return
    options = pa.csv.ConvertOptions(
        strings_can_be_null=True,
        null_values=[""],
        column_types={name: _arrow_type(names_only[name].dtype) for name in names_only.colnames},
    )
    read = pa.csv.ReadOptions(block_size=2**24, skip_rows=len(head) - 1)
    fields = {name: _said(names_only[name]) for name in names_only.colnames}
    with pa.csv.open_csv(
        path, read_options=read, parse_options=pa.csv.ParseOptions(delimiter=delimiter), convert_options=options
    ) as reader:
        for batch in reader:
            table = pa.Table.from_batches([batch])
            schema = pa.schema([field.with_metadata(fields.get(field.name)) for field in table.schema])
            yield table.cast(schema)


def _arrow_type(dtype: np.dtype) -> pa.DataType:
    if dtype.kind in "US" or dtype.kind == "O":
        return pa.string()
    return pa.from_numpy_dtype(dtype)


def _said(column: Any) -> dict[bytes, bytes] | None:
    ucd = getattr(column, "meta", {}).get("ucd", "") if getattr(column, "meta", None) else ""
    return said_of_column(str(column.unit or ""), str(column.description or ""), str(ucd or ""))


def _of_astropy(table: Table) -> pa.Table:
    """A table of astropy as one of pyarrow, with units and descriptions."""
    columns, fields = [], []
    for name in table.colnames:
        column = table[name]
        if len(getattr(column, "shape", (0,))) != 1:
            message = f"has a column {name!r} of arrays, of shape {getattr(column, 'shape', ())[1:]}"
            raise FileInvalid(message, expected="columns of one number or one text a row")
        mask = np.array(getattr(column, "mask", np.zeros(len(column), bool)), dtype=bool)
        plain = np.asarray(column.filled() if mask.any() else column)
        if plain.dtype.kind == "S":
            plain = np.char.decode(plain, "utf-8", "replace")
        if plain.dtype.kind in "UO":
            values = pa.array([None if gone else str(item) for item, gone in zip(plain, mask, strict=True)])
            values = values.cast(pa.string())
        else:
            native = plain.astype(plain.dtype.newbyteorder("="))
            values = pa.array(native, mask=mask if mask.any() else None)
        columns.append(values)
        fields.append(pa.field(name, values.type, metadata=_said(column)))
    return pa.table(columns, schema=pa.schema(fields))
