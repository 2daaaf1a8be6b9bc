"""Choice of rows of an answer: by flags, sorted by a column, and a page of them as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from fitting.catalogues.answer_table import NUMBER, AnswerParts, AnswerRows, plain_row, said_of
from fitting.spec import Fault, RequestInvalid
from fitting.spec.catalogues import FLAGS, encode_flags

_NONE = "none"
"""What stands for rows without a flag."""


@dataclass(frozen=True)
class RowChoice:
    """Which rows are wanted, and in which order.

    Attributes:
        flags: names; rows with any of them, or ``none`` for those without one. Empty means all.
        sort: a column, with ``-`` before it where the largest come first; empty means the order of the input.
    """

    flags: tuple[str, ...] = ()
    sort: str = ""


def check_choice(answer: AnswerParts, choice: RowChoice, columns: Sequence[str]) -> None:
    """Raise RequestInvalid where there is no such flag or column."""
    names = answer.whole_schema.names
    faults = [
        Fault("query.flags", f"there is no flag {flag[:80]!r}", f"none, or some of: {', '.join(FLAGS)}")
        for flag in choice.flags
        if flag not in FLAGS and flag != _NONE
    ]
    known = ", ".join(names)[:400]
    wanted = [("query.columns", name) for name in columns]
    wanted += [("query.sort", choice.sort.removeprefix("-"))] if choice.sort else []
    faults += [
        Fault(place, f"there is no column {name[:80]!r}", f"of: {known}") for place, name in wanted if name not in names
    ]
    if faults:
        raise RequestInvalid(faults)


@dataclass(frozen=True)
class ChosenRows:
    """Some rows of an answer, in an order."""

    answer: AnswerParts
    choice: RowChoice

    @property
    def schema(self) -> pa.Schema:
        """Of the columns that are wanted."""
        return self.answer.schema

    def tables(self) -> Iterator[pa.Table]:
        """The rows; sorted ones in one table."""
        if not self.choice.sort:
            yield from (self._filtered(table).select(self.schema.names) for table in self._whole().tables())
            return
        whole = self._whole()
        tables = [self._filtered(table) for table in whole.tables()]
        table = pa.concat_tables(tables) if tables else whole.schema.empty_table()
        descending = self.choice.sort.startswith("-")
        keys = [(self.choice.sort.removeprefix("-"), "descending" if descending else "ascending")]
        order = pa.compute.sort_indices(table, sort_keys=keys, null_placement="at_end")
        yield table.take(order).select(self.schema.names)

    def _whole(self) -> AnswerParts:
        """With the columns that are needed to choose, too."""
        if not self.answer.columns:
            return self.answer
        more = [name for name in ("flags", self.choice.sort.removeprefix("-")) if name not in self.answer.columns]
        columns = (*self.answer.columns, *filter(None, more))
        return replace(self.answer, columns=columns)

    def _filtered(self, table: pa.Table) -> pa.Table:
        if not self.choice.flags:
            return table
        masks = np.asarray(pa.compute.fill_null(table.column("flags"), 0).to_numpy())
        wanted = (masks & encode_flags(flag for flag in self.choice.flags if flag != _NONE)) != 0
        if _NONE in self.choice.flags:
            wanted |= masks == 0
        return table.filter(pa.array(wanted))


def answer_page(rows: AnswerRows, offset: int, limit: int) -> dict[str, Any]:
    """A page of rows as JSON: ``columns``, ``rows``, ``next``, the offset of what follows, None at the end, and,
    where the rows are numbered, ``numbers``: theirs in the input, from 0.
    """
    found: list[dict[str, Any]] = []
    skipped = 0
    for table in rows.tables():
        skip = min(max(offset - skipped, 0), table.num_rows)
        skipped += skip
        found += table.slice(skip, limit + 1 - len(found)).to_pylist()
        if len(found) > limit:
            break
    more = len(found) > limit
    numbers = [row.pop(NUMBER) for row in found[:limit] if NUMBER in row]
    return {
        "columns": [said_of(each) for each in rows.schema if each.name != NUMBER],
        "rows": [plain_row(row) for row in found[:limit]],
        "numbers": numbers,
        "next": offset + limit if more else None,
    }
