"""Table of many fits: a row each, whatever became of them."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from photfit.results.fit import Fit
from photfit.results.libraries import library

if TYPE_CHECKING:
    from astropy.table import QTable

_TEXTS = ("item", "id", "name", "state", "failure")


def fits_table(fits: Iterable[Any]) -> QTable:
    """One table of many fits, a row each.

    >>> fits_table(client.map(paths, [Sersic("g"), FlatSky("sky")])).write("galaxies.ecsv")

    Args:
        fits: `Fit` handles that are finished, or outcomes of `Client.map`, which are taken as they come, and put in the
            order of their items.

    Returns:
        Columns ``item`` (path or number of what was fitted), ``id``, ``name``, ``state`` (``refused`` where nothing was
        fitted), ``failure`` (why there is no result), ``converged``, ``chi2_reduced``, ``n_pixels``, then those of
        `Fit.row`: each parameter and derived value, and that with ``_err``, as quantities. NaN where there is none.

    Raises:
        LibraryMissing: astropy is not there.
    """
    table = library("astropy.table", "fits_table")
    units = library("astropy.units", "fits_table")
    rows = [_row(number, fit) for number, fit in enumerate(fits)]
    rows.sort(key=lambda row: row["index"])
    names = dict.fromkeys(name for row in rows for name in row if name != "index")
    columns: dict[str, Any] = {}
    for name in names:
        cells: list[Any] = [row.get(name) for row in rows]
        unit: Any = next((cell.unit for cell in cells if hasattr(cell, "unit")), None)
        if name in _TEXTS:
            columns[name] = ["" if cell is None else cell for cell in cells]
        elif name == "converged":
            columns[name] = [bool(cell) for cell in cells]
        elif unit is None:
            columns[name] = [math.nan if cell is None else float(cell) for cell in cells]
        else:
            values = [math.nan if cell is None else cell.to_value(unit) for cell in cells]
            columns[name] = units.Quantity(values, unit)
    return table.QTable(columns)


def _row(number: int, given: Any) -> dict[str, Any]:
    """Cells by column; quantities of one number each."""
    fit: Fit | None = given if isinstance(given, Fit) else given.fit
    index = getattr(given, "index", number)
    item = getattr(given, "item", index)
    row: dict[str, Any] = {"index": index}
    row["item"] = os.fspath(item) if isinstance(item, str | os.PathLike) else str(index)
    row |= {"id": "", "name": "", "state": "refused", "failure": ""}
    if fit is None:
        return row | {"failure": str(given.error)}
    answer = fit.answer
    why = "" if answer.state == "succeeded" else fit.error or f"the fit is {answer.state}"
    row |= {"id": fit.id, "name": fit.name, "state": answer.state, "failure": why}
    if answer.has_result:
        found = fit.row
        row |= {name: found[name][0] for name in found.colnames}
    return row
