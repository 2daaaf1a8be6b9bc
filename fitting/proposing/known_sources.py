"""Known sources: catalogues from files, and positions, catalogue rows or footprints as seeds."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import Table
from numpy.typing import NDArray

from fitting.files import FileInvalid, SkyCoordinates, sky_coordinates
from fitting.first_values import Galaxy, unit_flux
from fitting.inputs import ImageData
from fitting.proposing.sources import Seed
from fitting.spec import CatalogueRow, Fault, RequestInvalid

Row = dict[str, float]
Labels = NDArray[np.int32]
_N, _Q = 2.0, 0.8
"""Sérsic index and axis ratio of a catalogued galaxy that gives none; chosen by hand, and moved by the fit."""
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
    rows = [_row(record, columns) for record in table]
    rows = [row for row in rows if row.keys() >= {"x", "y"} or row.keys() >= {"ra", "dec"}]
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
    row = {}
    for key, names in _COLUMNS.items():
        value = _first(record, columns, names)
        if value is not None and _SANE.get(key, math.isfinite)(value):
            row[key] = value
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


def from_positions(image: ImageData, positions: Iterable[tuple[float, float]]) -> list[Seed]:
    """A seed at each position of the full frame that lies in the window."""
    x, y = image.origin
    return _inside(image, [Seed(at[0] - x, at[1] - y) for at in positions])


def from_catalogue(image: ImageData, rows: Sequence[CatalogueRow]) -> list[Seed]:
    """A seed for each row that lies in the window; one with a size and a brightness is taken as it stands.

    Raises:
        RequestInvalid: rows give sky positions or magnitudes, and the image has no WCS or zero point.
    """
    faults = _faults(image, rows)
    if faults:
        raise RequestInvalid(faults)
    wcs = sky_coordinates(image.header) if any(row.x is None or row.y is None for row in rows) else None
    return _inside(image, [_seed(image, row, wcs) for row in rows])


def from_segmentation(image: ImageData, labels: Labels) -> list[Seed]:
    """A seed at the light's centre in each footprint."""
    used = ~image.mask & (labels > 0)
    numbers, place = np.unique(labels[used], return_inverse=True)
    rows, columns = np.nonzero(used)
    light = image.data[used]
    floor = np.full(len(numbers), np.inf)
    np.minimum.at(floor, place, light)
    weight = light - floor[place] + 1e-12
    total = np.bincount(place, weight)
    x, y = np.bincount(place, weight * columns) / total, np.bincount(place, weight * rows) / total
    area = np.bincount(place)
    return [Seed(float(x[item]), float(y[item]), int(area[item]), int(number)) for item, number in enumerate(numbers)]


def _faults(image: ImageData, rows: Sequence[CatalogueRow]) -> list[Fault]:
    faults: list[Fault] = []
    for number, row in enumerate(rows):
        if (row.x is None or row.y is None) and sky_coordinates(image.header) is None:
            message = "gives ra and dec, and the image has no celestial WCS"
            return [Fault(f"$.catalogue[{number}]", message, "x and y, or an image with a WCS")]
        if row.magnitude is not None and image.zero_point is None:
            message = "gives a magnitude, and no zero point is known"
            return [Fault(f"$.catalogue[{number}].magnitude", message, "zero_point, or a flux")]
    return faults


def _seed(image: ImageData, row: CatalogueRow, wcs: SkyCoordinates | None) -> Seed:
    if row.x is not None and row.y is not None:
        x, y = row.x, row.y
    else:
        assert wcs is not None
        assert row.ra is not None
        assert row.dec is not None
        x, y = wcs.pixel(row.ra, row.dec)
    x, y = x - image.origin[0], y - image.origin[1]
    flux = row.flux
    if row.magnitude is not None and image.zero_point is not None:
        flux = 10.0 ** (-0.4 * (row.magnitude - image.zero_point))
    if row.r_e is None or flux is None:
        return Seed(x, y, 0 if row.r_e is None else math.ceil(math.pi * row.r_e**2))
    q, n = row.q or _Q, row.n or _N
    return Seed(x, y, galaxy=Galaxy(x, y, q, (row.pa or 0.0) % 180.0, n, row.r_e, flux / unit_flux(q, n, row.r_e)))


def _inside(image: ImageData, seeds: Iterable[Seed]) -> list[Seed]:
    height, width = image.data.shape
    return [seed for seed in seeds if -0.5 <= seed.x < width - 0.5 and -0.5 <= seed.y < height - 0.5]
