"""Catalogues of sources from files: CSV, FITS tables, ECSV, SExtractor's own format; columns told by their names."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from astropy.table import Table

from fitting.files.file_invalid import FileInvalid

Row = dict[str, float]
_EXPECTED = "a CSV, FITS, ECSV or SExtractor table with columns x and y, or ra and dec"
_COLUMNS: dict[str, tuple[str, ...]] = {
    "x": ("x", "xcentroid", "x_centroid", "xcenter", "x_center", "x_pix"),
    "y": ("y", "ycentroid", "y_centroid", "ycenter", "y_center", "y_pix"),
    "ra": ("ra", "alphawin_j2000", "alpha_j2000", "raj2000", "ra_deg"),
    "dec": ("dec", "deltawin_j2000", "delta_j2000", "dej2000", "dec_deg"),
    "magnitude": ("magnitude", "mag", "mag_auto", "mag_best"),
    "flux": ("flux", "flux_auto"),
    "r_e": ("r_e", "re", "flux_radius", "half_light_radius", "r50"),
    "q": ("q", "axis_ratio"),
    "pa": ("pa", "position_angle"),
    "n": ("n", "sersic_n", "sersic"),
}
_FROM_ONE = {"x": ("xwin_image", "x_image", "xpeak_image"), "y": ("ywin_image", "y_image", "ypeak_image")}
"""SExtractor counts pixels from 1."""
_SANE: Mapping[str, Callable[[float], bool]] = {
    "magnitude": lambda value: abs(value) < 90.0,  # 99 means none
    "flux": lambda value: value > 0.0,
    "r_e": lambda value: 0.0 < value <= 1e5,
    "q": lambda value: 0.01 <= value <= 1.0,
    "n": lambda value: 0.1 <= value <= 12.0,
}


def read_catalogue(path: Path) -> list[Row]:
    """The rows of a catalogue file, with the keys of `fitting.spec.CatalogueRow`; rows without a place are left out.

    Raises:
        FileInvalid: no such table, no columns of places, or no row with one.
    """
    table = _table(path)
    columns = {str(name).strip().lower(): name for name in table.colnames}
    rows = [row for row in (_row(record, columns) for record in table) if _placed(row)]
    if not rows:
        known = ", ".join(list(columns)[:12])
        raise FileInvalid(f"has no row with a place; its columns are {known}", expected=_EXPECTED)
    return rows


def _table(path: Path) -> Table:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with path.open("rb") as file:
                start = file.read(80)
            if start.startswith(b"SIMPLE  ="):
                return Table.read(path, format="fits")
            if start.startswith(b"# %ECSV"):
                return Table.read(path, format="ascii.ecsv")
            sextractor = start.startswith(b"#") and start[1:].split()[:1] == [b"1"]
            return Table.read(path, format="ascii.sextractor" if sextractor else "ascii")
        except OSError as error:
            raise FileInvalid(f"cannot be read: {error.strerror or error}", expected=_EXPECTED) from error
        except Exception as error:
            # astropy's readers raise nearly anything; all of it is the file's fault.
            reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
            raise FileInvalid(f"cannot be read as a table: {reason}", expected=_EXPECTED) from error


def _row(record: Any, columns: Mapping[str, str]) -> Row:
    row = dict(_plain(record, columns))
    for key, names in _FROM_ONE.items():
        if key not in row and (value := _first(record, columns, names)) is not None:
            row[key] = value - 1.0
    major, minor = _first(record, columns, ("a_image",)), _first(record, columns, ("b_image",))
    if "q" not in row and major and minor and 0.01 <= minor / major <= 1.0:
        row["q"] = minor / major
    theta = _first(record, columns, ("theta_image",))
    if "pa" not in row and theta is not None:
        row["pa"] = theta - 90.0
    return row


def _plain(record: Any, columns: Mapping[str, str]) -> Iterator[tuple[str, float]]:
    for key, names in _COLUMNS.items():
        value = _first(record, columns, names)
        if value is not None and _SANE.get(key, math.isfinite)(value):
            yield key, value


def _first(record: Any, columns: Mapping[str, str], names: tuple[str, ...]) -> float | None:
    for name in names:
        if name in columns:
            try:
                value = float(record[columns[name]])
            except (TypeError, ValueError):
                continue
            if math.isfinite(value):
                return value
    return None


def _placed(row: Row) -> bool:
    return row.keys() >= {"x", "y"} or row.keys() >= {"ra", "dec"}
