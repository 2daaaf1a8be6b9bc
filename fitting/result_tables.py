"""Tables of a result: its documents as CSV, ECSV, FITS, VOTable, and LaTeX for a paper. numpy and astropy, no torch."""

import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units
from astropy.io import fits
from astropy.io.votable import from_table
from astropy.io.votable.tree import Info, Param
from astropy.table import Column, MaskedColumn, Row, Table

from fitting.rounding import round_reported

_NUMBERS = ("value", "uncertainty", "uncertainty_scaled", "uncertainty_bootstrap")
_INTERVALS = ("interval", "interval_scaled")
_QUANTILES = ("0.16", "0.5", "0.84")
_GOODNESS = ("converged", "chi2", "chi2_reduced", "degrees_of_freedom", "n_pixels", "bic")
_LATEX_MARKS = re.compile(r"[#$%&_{}]")


def parameters_table(document: Mapping[str, Any]) -> Table:
    """The ``/parameters`` document: a row for each parameter and derived value, goodness of fit as metadata.

    Columns: ``name, kind`` (parameter or derived), ``value, uncertainty, uncertainty_scaled, uncertainty_bootstrap,
    interval_lower, interval_upper, interval_scaled_lower, interval_scaled_upper, q16, q50, q84, unit, free, at_limit``;
    what there is none of is masked.
    """
    rows = [("parameter", row) for row in document["parameters"]] + [("derived", row) for row in document["derived"]]
    columns: list[Column] = [
        Column([row["name"] for _, row in rows], "name"),
        Column([kind for kind, _ in rows], "kind"),
    ]
    columns += [_numbers([row.get(name) for _, row in rows], name) for name in _NUMBERS]
    for name in _INTERVALS:
        for place, side in enumerate(("lower", "upper")):
            ends = [(row.get(name) or (None, None))[place] for _, row in rows]
            columns.append(_numbers(ends, f"{name}_{side}"))
    for level in _QUANTILES:
        values = [(row.get("quantiles") or {}).get(level) for _, row in rows]
        columns.append(_numbers(values, f"q{100 * float(level):.0f}"))
    columns.append(Column([row.get("unit") or "" for _, row in rows], "unit"))
    columns += [Column([bool(row.get(name, False)) for _, row in rows], name) for name in ("free", "at_limit")]
    table = Table(columns)
    table.meta.update({name: document[name] for name in _GOODNESS if document.get(name) is not None})
    return table


def covariance_table(document: Mapping[str, Any]) -> Table:
    """The ``/covariance`` document: ``name``, then a column for each parameter, in the order of the rows."""
    names = document["names"]
    matrix = np.array(document["matrix"], dtype=np.float64).reshape(len(names), len(names))
    columns = [Column(names or np.zeros(0, "U1"), "name")]
    return Table([*columns, *(Column(matrix[:, place], name) for place, name in enumerate(names))])


def write_table(table: Table, path: Path, format_: str) -> None:
    """Write a table as ``csv``, ``ecsv``, ``fits``, ``votable`` or ``latex``."""
    if format_ == "fits":
        with warnings.catch_warnings():
            # Keywords of more than eight letters become HIERARCH cards, which is meant.
            warnings.simplefilter("ignore")
            hdu = fits.table_to_hdu(_as_fits_takes_it(table))
            fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path, overwrite=True)
    elif format_ == "votable":
        write_votable(table, path)
    elif format_ == "latex":
        path.write_text(_latex(table), encoding="utf-8")
    else:
        table.write(path, format={"csv": "ascii.csv", "ecsv": "ascii.ecsv"}[format_], overwrite=True)


def unit_of(name: str) -> units.UnitBase | None:
    """A reported unit as astropy has it, or None where it has none, as for data units."""
    try:
        unit = units.Unit(name)
    except ValueError:
        return None
    return None if unit == units.dimensionless_unscaled else unit


def _numbers(values: Sequence[float | None], name: str) -> MaskedColumn:
    missing = [value is None for value in values]
    return MaskedColumn([np.nan if value is None else value for value in values], name, mask=missing, dtype=np.float64)


def _as_fits_takes_it(table: Table) -> Table:
    """The table as FITS takes it: text of ASCII alone, and nothing masked (NaN stands for what there is none of)."""
    plain = Table(meta=table.meta)
    for column in table.columns.values():
        values = column.filled(np.nan) if isinstance(column, MaskedColumn) else column
        if values.dtype.kind == "U":
            values = [str(value).encode("ascii", "replace") for value in values]
        plain.add_column(Column(values, column.name.encode("ascii", "replace").decode(), unit=column.unit))
    return plain


def _latex(table: Table) -> str:
    """The parameters as a paper prints them: value ± uncertainty, or the distances to the ends of its interval where it
    has both, rounded to what they say.
    """
    head = [r"\begin{tabular}{lrl}", r"\hline", r"Parameter & Value & Unit \\", r"\hline"]
    lines = [
        rf"{_latex_text(row['name'])} & ${_latex_value(row)}$ & {_latex_text(row['unit'])} \\"
        for row in table
        if row["value"] is not np.ma.masked
    ]
    return "\n".join([*head, *lines, r"\hline", r"\end{tabular}", ""])


def _latex_value(row: Row) -> str:
    keys = ("value", "uncertainty", "interval_lower", "interval_upper")
    value, sigma, *ends = (None if row[key] is np.ma.masked else float(row[key]) for key in keys)
    assert value is not None
    found = round_reported(value, sigma, ends)
    if found.below:
        return rf"{found.value}_{{-{found.below}}}^{{+{found.above}}}"
    return rf"{found.value} \pm {found.uncertainty}" if found.uncertainty else found.value


def _latex_text(text: str) -> str:
    marked = _LATEX_MARKS.sub(lambda found: "\\" + found[0], str(text))
    return marked.replace("^2", "$^2$").replace("²", "$^2$")


_UCDS = {
    "name": "meta.id;meta.main",
    "value": "stat.fit.param",
    "uncertainty": "stat.error",
    "unit": "meta.unit",
    "chi2": "stat.fit.chi2",
    "degrees_of_freedom": "stat.fit.dof",
}
"""What columns and metadata are, in the words of the IVOA's UCD1+."""
_TYPES = {bool: "boolean", int: "long", float: "double"}


def write_votable(table: Table, path: Path) -> None:
    """Write a table as the results of a service; its metadata become PARAMs, missing numbers stay empty."""
    file = from_table(Table(table, meta={}))
    (resource,) = file.resources
    resource.type = "results"
    resource.infos.append(Info(name="QUERY_STATUS", value="OK"))
    (written,) = resource.tables
    for field in written.fields:
        field.ucd = _UCDS.get(field.name)
    for name, value in table.meta.items():
        written.params.append(Param(file, name=name, value=value, datatype=_TYPES[type(value)], ucd=_UCDS.get(name)))
    file.to_xml(str(path))
