"""First values of what a request on the sky, or of several images, left out: found in each image's own pixels.

Each image is asked alone, with what the request gives put into its pixels, and the answer is put back. What the images
share is taken from the first that shows the component. First values need no more than the pixel scale and the rotation
in the middle of an image, so shear and distortion are left aside.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fitting.files import sky_coordinates
from fitting.first_values.first_shapes import unit_total
from fitting.inputs import ImageData, TangentPlane, local_map, sky_of
from fitting.spec import (
    ComponentSpec,
    Fault,
    FitRequest,
    ParameterSpec,
    ParameterTable,
    RequestInvalid,
    json_path,
)
from fitting.spec.parameters.forms import amplitude

Complete = Callable[[FitRequest, Sequence[ImageData]], FitRequest]


def complete_through_pixels(request: FitRequest, images: Sequence[ImageData], complete: Complete) -> FitRequest:
    """The request with a value for every parameter; `complete` does it for one image in its pixels.

    Raises:
        RequestInvalid: something is still missing afterwards.
    """
    table = ParameterTable.of(request)
    known = table.with_links({row.name: row.value for row in table if row.value is not None})
    found: dict[str, float] = {}
    for place, image in enumerate(images):
        eye = _Eye.of(request, image)
        components = tuple(eye.pixel(item, table, known) for item in request.seen_in(image.name))
        alone = FitRequest(frame="pixel", images=(request.images[place],), components=components)
        values = ParameterTable.of(complete(alone, [image])).values()
        for item in request.seen_in(image.name):
            found = eye.back(item, table, values) | found
    missing = [name for name in table.missing if name not in found]
    if missing:
        raise RequestInvalid(Fault(json_path(table[name].place), f"{name} is missing", "a value") for name in missing)
    return request.with_values({name: _clip_to_limits(found[name], table, name) for name in table.missing})


def _clip_to_limits(value: float, table: ParameterTable, name: str) -> float:
    row = table[name]
    value = value if row.min is None else max(value, row.min)
    return value if row.max is None else min(value, row.max)


@dataclass(frozen=True)
class _Eye:
    """How one image sees the request's frame.

    Attributes:
        linear: pixels per arcsec towards west and north, (2, 2); the unit matrix in frame pixel.
    """

    request: FitRequest
    image: ImageData
    plane: TangentPlane | None
    linear: np.ndarray

    @classmethod
    def of(cls, request: FitRequest, image: ImageData) -> _Eye:
        if request.frame_in_use == "pixel":
            return cls(request, image, None, np.eye(2))
        plane = sky_of(image)
        linear = local_map(image, plane)
        assert linear is not None
        return cls(request, image, plane, linear)

    @property
    def scale(self) -> float:
        """Pixels per arcsec."""
        return math.sqrt(abs(float(np.linalg.det(self.linear))))

    def pixel(self, item: ComponentSpec, table: ParameterTable, known: Mapping[str, float]) -> ComponentSpec:
        """The component in this image's pixels, with what is known of it."""
        forms = item.description_in(self.request.frame_in_use).parameters
        given = {}
        for form in forms:
            name = table.names[table.row_of(item.name, form.name, self.image.name)]
            if name in known:
                given[form.name] = known[name]
        in_pixels = {}
        for form, native in zip(forms, item.description.parameters, strict=True):
            value = self._native(form.name, form.unit, given)
            if value is not None:
                low, high = native.lowest, native.highest
                value = value if low is None else max(value, low)
                in_pixels[native.name] = ParameterSpec(value=value if high is None else min(value, high))
        in_pixels |= _amplitude_of_total(item, given, in_pixels, self.image.zero_point)
        return item.model_copy(update={"parameters": in_pixels, "images": None})

    def _native(self, form: str, unit: str, given: Mapping[str, float]) -> float | None:
        if form in ("ra", "dec"):
            if self.plane is None or not {"ra", "dec"} <= given.keys():
                return None
            return float(self.plane.pixel(np.array(given["ra"]), np.array(given["dec"]))[form == "dec"])
        if form not in given or form in ("flux", "magnitude"):
            return None
        return _mapped_angle(given[form], self.linear) if form == "pa" else given[form] * self._factor(unit)

    def _factor(self, unit: str) -> float:
        powers = {"arcsec": 1, "1/arcsec": -1, "data/arcsec2": -2, "data/arcsec3": -3}
        return float(self.scale ** powers.get(unit, 0))

    def back(self, item: ComponentSpec, table: ParameterTable, values: Mapping[str, float]) -> dict[str, float]:
        """Values of the request's rows, from those of this image's pixels."""
        in_pixels = {name: values[f"{item.name}.{name}"] for name in item.description.names}
        found = {}
        for form, native in zip(
            item.description_in(self.request.frame_in_use).parameters, item.description.names, strict=True
        ):
            name = table.names[table.row_of(item.name, form.name, self.image.name)]
            found[name] = self._form(form.name, form.unit, item, in_pixels, in_pixels[native])
            found.setdefault(f"{item.name}.{form.name}.c0", found[name])
        return found

    def _form(self, form: str, unit: str, item: ComponentSpec, in_pixels: Mapping[str, float], value: float) -> float:
        if form in ("ra", "dec"):
            grid = sky_coordinates(self.image.header)
            assert grid is not None
            return float(grid.sky([[in_pixels["x"], in_pixels["y"]]])[0, int(form == "dec")])
        if form == "flux":
            return value * unit_total(item, in_pixels)
        if form == "magnitude":
            assert self.image.zero_point is not None
            return self.image.zero_point - 2.5 * math.log10(max(value * unit_total(item, in_pixels), 1e-300))
        return _mapped_angle(value, np.linalg.inv(self.linear)) if form == "pa" else value / self._factor(unit)


def _mapped_angle(pa: float, linear: np.ndarray) -> float:
    """The position angle after a linear map, degrees, 0 to 180."""
    x, y = linear @ np.array([-math.sin(math.radians(pa)), math.cos(math.radians(pa))])
    return math.degrees(math.atan2(-x, y)) % 180.0


def _amplitude_of_total(
    item: ComponentSpec, given: Mapping[str, float], in_pixels: Mapping[str, ParameterSpec], zero_point: float | None
) -> dict[str, ParameterSpec]:
    """The amplitude of a component whose total flux is given, once its shape is known."""
    shape = {name: float(spec.value or 0.0) for name, spec in in_pixels.items()}
    of_total = amplitude(item.description)
    whole = len(shape) + 1 == len(item.description.names)
    if of_total is None or not whole or not {"flux", "magnitude"} & given.keys():
        return {}
    if "flux" not in given and zero_point is None:
        return {}
    flux = given["flux"] if "flux" in given else 10.0 ** (0.4 * ((zero_point or 0.0) - given["magnitude"]))
    return {of_total.name: ParameterSpec(value=flux / unit_total(item, shape))}
