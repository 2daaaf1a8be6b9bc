"""Neighbourhood of rows: which other rows lie near one, by their half-light radii and magnitudes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from fitting.catalogues.frames import CatalogueFrame
from fitting.catalogues.object_table import ObjectRows
from fitting.spec import PROFILES, ExpressionInvalid, Fault, RequestInvalid, parse_expression
from fitting.spec.catalogues import CatalogueRequest

Array = NDArray[np.float64]
POGSON = 2.5
"""Magnitudes to a factor of ten in flux (Pogson 1856, MNRAS 17, 12)."""


@dataclass(frozen=True)
class Neighbour:
    """Another row near one.

    Attributes:
        number: of the row, from 0.
        x, y: pixels of the first image.
        size: half-light radius, pixels.
        distance: pixels.
    """

    number: int
    x: float
    y: float
    size: float
    distance: float


@dataclass(frozen=True)
class RowNeighbourhood:
    """Where all rows lie on the first image, how large and how bright they are: (rows,) each, NaN where unknown."""

    x: Array
    y: Array
    size: Array
    magnitude: Array
    within: float
    fainter_by: float
    most: int

    @cached_property
    def _tree(self) -> tuple[cKDTree, NDArray[np.int64], float]:
        known = np.flatnonzero(np.isfinite(self.x) & np.isfinite(self.y) & np.isfinite(self.size))
        largest = float(self.size[known].max()) if len(known) else 0.0
        return cKDTree(np.stack((self.x[known], self.y[known]), axis=-1)), known, largest

    def of(self, number: int) -> list[Neighbour]:
        """The neighbours of a row, the nearest first as the sum of both radii counts."""
        x, y, size = (float(each[number]) for each in (self.x, self.y, self.size))
        if not all(map(math.isfinite, (x, y, size))):
            return []
        tree, known, largest = self._tree
        found = []
        for place in tree.query_ball_point([x, y], self.within * (size + largest)):
            other = int(known[place])
            distance = math.hypot(float(self.x[other]) - x, float(self.y[other]) - y)
            reach = size + float(self.size[other])
            fainter = float(self.magnitude[other]) - float(self.magnitude[number])
            if other != number and distance <= self.within * reach and not fainter > self.fainter_by:
                near = Neighbour(other, float(self.x[other]), float(self.y[other]), float(self.size[other]), distance)
                found.append((distance / max(reach, 1e-9), near))
        return [near for _, near in sorted(found, key=lambda pair: (pair[0], pair[1].number))[: self.most]]


def read_neighbourhood(
    catalogue: CatalogueRequest, objects: ObjectRows, frames: Mapping[int, CatalogueFrame]
) -> RowNeighbourhood | None:
    """Where all rows lie; None where rows are on images of their own, or nothing tells their sizes.

    Raises:
        RequestInvalid: neighbours are to be masked or fitted, and it is not known which rows are any.
    """
    asked = catalogue.neighbours.treatment != "ignore"
    frame = frames.get(0)
    image = catalogue.template["images"][0]
    around = (image.get("window") or {}).get("around") if isinstance(image.get("window"), dict) else None
    if frame is None or not isinstance(around, dict):
        if asked:
            message = "asks for a window around a position in a frame that all rows share"
            raise RequestInvalid([Fault("$.neighbours", message, '"treatment": "ignore"')])
        return None
    parameters = _main_component(catalogue)
    size = _length(parameters)
    if size is None:
        if asked:
            message = "counts in half-light radii, and no component of the template has a length of the row"
            raise RequestInvalid([Fault("$.neighbours", message, 'such as "r_e": {"column": "r50"}')])
        return None
    positions = {key: _over_rows(value, objects) for key, value in around.items()}
    if {"ra", "dec"} <= positions.keys():
        if frame.sky is None:
            return None
        x, y = frame.sky.pixels(positions["ra"], positions["dec"]).T
    else:
        x, y = positions["x"], positions["y"]
    sizes = _over_rows(size, objects)
    if _on_sky(catalogue):
        scale = image.get("pixel_scale") or frame.pixel_scale
        sizes = sizes / scale if isinstance(scale, int | float) else np.full(len(x), np.nan)
    asked_for = catalogue.neighbours
    magnitude = _magnitudes(parameters, objects)
    return RowNeighbourhood(x, y, sizes, magnitude, asked_for.within, asked_for.fainter_by, asked_for.most)


def _on_sky(catalogue: CatalogueRequest) -> bool:
    frame = catalogue.template.get("frame")
    return frame == "sky" or (frame is None and len(catalogue.template["images"]) > 1)


def _main_component(catalogue: CatalogueRequest) -> Mapping[str, Any]:
    """Parameters of the first component that is neither sky nor PSF, of the template or its first model."""
    components = catalogue.template_of(catalogue.model_names[0]).document.get("components") or ()
    for component in components:
        profile = PROFILES.get(component.get("profile", "")) if isinstance(component, dict) else None
        if profile is not None and not profile.sky and component.get("role", "light") == "light":
            return {"profile": profile, **(component.get("parameters") or {})}
    return {}


def _length(parameters: Mapping[str, Any]) -> Any:
    profile = parameters.get("profile")
    lengths = [] if profile is None else [item.name for item in profile.parameters if item.unit == "pixel"]
    return next((parameters[name] for name in lengths if name not in ("x", "y") and name in parameters), None)


def _magnitudes(parameters: Mapping[str, Any], objects: ObjectRows) -> Array:
    if "magnitude" in parameters:
        return _over_rows(parameters["magnitude"], objects)
    if "flux" in parameters:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(-POGSON * np.log10(_over_rows(parameters["flux"], objects)))
    return np.full(objects.count, np.nan)


def _over_rows(written: Any, objects: ObjectRows) -> Array:
    """A value of the template in every row, (rows,), NaN where there is none."""
    if isinstance(written, dict) and "value" in written:
        return _over_rows(written["value"], objects)
    columns = objects.columns
    if isinstance(written, dict) and columns.get(written.get("column", "")) is not None:
        name = written["column"]
        return objects.numbers([name])[name] if columns[name].kind == "number" else np.full(objects.count, np.nan)
    if isinstance(written, str):
        return _expression_over_rows(written, objects)
    number = float(written) if isinstance(written, int | float) else math.nan
    return np.full(objects.count, number)


def _expression_over_rows(text: str, objects: ObjectRows) -> Array:
    expression = parse_expression(text)
    names = {name: name.removeprefix("row.") for name in expression.names}
    found = np.full(objects.count, np.nan)
    if not all(name.startswith("row.") for name in expression.names):
        return found
    values = objects.numbers(list(names.values()))
    for place in range(objects.count):
        try:
            found[place] = expression.value({written: float(values[name][place]) for written, name in names.items()})
        except ExpressionInvalid:
            continue
    return found
