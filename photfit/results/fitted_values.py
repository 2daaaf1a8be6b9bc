"""Values that a fit found, as a reader asks for them: one by name, or all as tables with units."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from photfit.results.libraries import library

if TYPE_CHECKING:
    from astropy.table import QTable
    from astropy.units import Quantity


@dataclass(frozen=True)
class FittedValue:
    """One parameter, or derived value, of a fit.

    Attributes:
        name: such as ``g.r_e``, of a parameter with a value for each image ``g.i_e[r]``.
        value: the best fit's; None where a derived value is not known.
        uncertainty: standard deviation from the covariance; None where there is none to give: of what is fixed, at a
            limit, or not determined.
        unit: ``pixel``, ``degree``, ``data/pixel``, …; empty of a pure number.
        free: whether the fit varied it.
        at_limit: whether it ended at a limit.
        interval: ends of where χ², minimized over all others, is within 1 of its least, where a stage was asked for it.
        quantiles: of the posterior, by "0.16", "0.5" and "0.84", where a stage sampled.
    """

    name: str
    value: float | None
    uncertainty: float | None
    unit: str
    free: bool = False
    at_limit: bool = False
    interval: tuple[float | None, float | None] | None = None
    quantiles: Mapping[str, float] | None = None

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> FittedValue:
        """From a row of the `/parameters` document."""
        interval = row.get("interval")
        return cls(
            name=row["name"],
            value=row["value"],
            uncertainty=row.get("uncertainty"),
            unit=row.get("unit") or "",
            free=bool(row.get("free", False)),
            at_limit=bool(row.get("at_limit", False)),
            interval=None if interval is None else (interval[0], interval[1]),
            quantiles=row.get("quantiles"),
        )

    def __float__(self) -> float:
        return math.nan if self.value is None else float(self.value)

    @property
    def quantity(self) -> Quantity:
        """The value with its unit, an astropy Quantity. Raises LibraryMissing without astropy."""
        return library("astropy.units", "quantity").Quantity(float(self), _unit(self.unit))

    def __str__(self) -> str:
        from fitting.rounding import round_reported

        if self.value is None:
            return f"{self.name} = unknown"
        found = round_reported(self.value, self.uncertainty, self.interval)
        spread = f" +{found.above} -{found.below}" if found.below else ""
        spread = f" ± {found.uncertainty}" if found.uncertainty and not found.below else spread
        return f"{self.name} = {found.value}{spread} {self.unit}".rstrip()


def value_named(document: Mapping[str, Any], name: str) -> FittedValue:
    """One value of the `/parameters` document, a parameter's or a derived one. Raises KeyError with what comes near."""
    rows = {row["name"]: row for row in (*document["parameters"], *document.get("derived", []))}
    if name in rows:
        return FittedValue.of_row(rows[name])
    near = difflib.get_close_matches(name, rows, 3)
    meant = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(list(rows)[:40])}"
    raise KeyError(f"this fit has no value {name!r}; {meant}")


def values_table(document: Mapping[str, Any], kind: str, what: str) -> QTable:
    """Rows of one kind, ``parameter`` or ``derived``, as `Fit.parameters` describes them."""
    table = library("astropy.table", what)
    from fitting.result_tables import parameters_table

    whole = parameters_table(document)
    rows = whole[whole["kind"] == kind]
    rows.remove_column("kind")
    return table.QTable(rows)


def values_row(document: Mapping[str, Any], identity: Mapping[str, str]) -> QTable:
    """One row, as `Fit.row` describes it."""
    table = library("astropy.table", "fit.row")
    units = library("astropy.units", "fit.row")
    columns: dict[str, Any] = {key: [text] for key, text in identity.items()}
    columns |= {
        key: [document[key]] for key in ("converged", "chi2_reduced", "n_pixels") if document.get(key) is not None
    }
    for row in (*document["parameters"], *document.get("derived", [])):
        unit = _unit(row.get("unit") or "")
        for name, number in ((row["name"], row["value"]), (f"{row['name']}_err", row.get("uncertainty"))):
            columns[name] = units.Quantity([math.nan if number is None else number], unit)
    return table.QTable(columns)


def _unit(name: str) -> Any:
    """A reported unit as astropy has it; of the data's own, which it does not know, made of a unit ``data``.

    That is enabled for the whole process, so that astropy reads back the tables that it is written to.
    """
    units = library("astropy.units", "a value with its unit")
    try:
        return units.Unit(name)
    except ValueError:
        units.add_enabled_units([_data_unit()])
        return units.Unit(name)


@cache
def _data_unit() -> Any:
    """One for the whole process, so that tables of several fits go together."""
    return library("astropy.units", "a value with its unit").def_unit(
        "data", doc="What one unit of an image's data is."
    )
