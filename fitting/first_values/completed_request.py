"""First values of parameters that a request left out, found in the image by a few fixed rules.

The sky is the clipped median. Each galaxy in turn is put, where it has no position, on the brightest peak that no other
component accounts for; its size and flux come from the growth of its light, q and pa from adaptive moments, and n is 2.
A crude model of it is then taken off the image before the next is looked for, and two more passes measure each galaxy
with the others taken off.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from fitting.first_values.edge_on_rings import measure_ring
from fitting.first_values.first_shapes import first_shape, first_values
from fitting.first_values.quick_galaxies import Galaxy, brightness, stamp_sigma, unit_flux
from fitting.first_values.source_shapes import Shape, brightest_pixel, gaussian_mean, measure_shape, summits
from fitting.first_values.through_pixels import complete_through_pixels
from fitting.inputs import Array, ImageData, Mask, background
from fitting.spec import (
    ComponentSpec,
    ExpressionInvalid,
    Fault,
    FitRequest,
    ParameterSpec,
    ParameterTable,
    RequestInvalid,
    TableParameter,
    json_path,
)
from fitting.spec.profiles.formula import FormulaOptions
from fitting.spec.profiles.formula_shape import is_endless, radius_without_value

_N = 2.0
"""Sérsic index of a galaxy that gives none: between an exponential (1) and de Vaucouleurs' law (4); chosen by hand."""
_SIGNIFICANT = 5.0
"""Standard deviations by which a peak of the smoothed image stands out, for a galaxy to be put on it; chosen by
hand."""
_SMOOTHING = 1.5
"""Least sigma of the smoothing, pixels, so that no single hot pixel is a peak; chosen by hand."""
_MODEL_ERROR = 0.3
"""A crude model is no better than this part of itself, so fainter peaks on it mean nothing; chosen by hand."""
_PASSES = 3
"""Times that every galaxy is measured, from the second on with all others taken off; chosen by hand."""
_SAME_PLACE = 1.5
"""Pixels within which centres count as one place, as those of a bulge and a disc; chosen by hand."""
_INSIDE = 1e-3
"""Share of the range between two limits by which a first value keeps off them; chosen by hand: small, but a fit can
move."""


def complete_request(request: FitRequest, images: Sequence[ImageData]) -> FitRequest:
    """The request with a value for every parameter that it left out; unchanged where nothing is missing.

    Values lie inside the limits in force. The first image decides.

    Example:
        >>> from fitting.spec import parse_request
        >>> sky = {"name": "sky", "profile": "flat_sky"}
        >>> request = parse_request({"images": [{"data": "sky.fits"}], "components": [sky]})
        >>> flat = np.full((20, 20), 3.5)
        >>> image = ImageData("image", flat, np.ones((20, 20)), np.zeros((20, 20), dtype=bool))
        >>> complete_request(request, [image]).components[0].parameters["i"].value
        3.5

    Raises:
        RequestInvalid: a link has no finite value, or one that its profile cannot have, at the completed values.
    """
    table = ParameterTable.of(request)
    defaults = {name: value for name in table.missing if (value := table[name].description.default) is not None}
    if defaults:
        request = request.with_values(defaults)
        table = ParameterTable.of(request)
    if table.missing and not _needs_no_map(request):
        request = complete_through_pixels(request, images, complete_request)
        table = ParameterTable.of(request)
    if table.missing:
        found = _measured_values(request, table, images)
        request = request.with_values(
            {row.name: _inside_limits(found[row.name], row) for row in table if row.name in found}
        )
    _check_links(request)
    _check_formulas(request)
    return request


def _measured_values(request: FitRequest, table: ParameterTable, images: Sequence[ImageData]) -> dict[str, float]:
    """Values of what is missing. Galaxies of other profiles are measured as Sérsic ones, which they then look like, and
    a sky with nodes as a flat one.
    """
    others = [item for item in request.components if first_shape(item) is not None]
    skies = [item for item in request.components if _has_nodes(item)]
    if not others and not skies:
        return _Scene(request, table, images[0]).solve()
    known = table.with_links({row.name: row.value for row in table if row.value is not None})
    stand_ins = tuple(_stand_in(item, known) for item in request.components)
    scene = request.model_copy(update={"components": stand_ins, "constraints": ()})
    galaxies = ParameterTable.of(scene)
    seen = _Scene(scene, galaxies, images[0])
    found = seen.solve()
    values = galaxies.with_links({row.name: row.value for row in galaxies if row.value is not None} | found)
    for item in others:
        galaxy = Galaxy(**{name: values[f"{item.name}.{name}"] for name in ("x", "y", "q", "pa", "n", "r_e", "i_e")})
        own = {name: known[full] for name in item.description.names if (full := f"{item.name}.{name}") in known}
        profile_values = first_values(item, galaxy, own)
        if item.profile == "edge_on_ring":
            profile_values |= seen.ring(item.name, known) or {}
        found |= {f"{item.name}.{name}": value for name, value in profile_values.items()}
    for item in skies:
        found |= {f"{item.name}.{node}": values[f"{item.name}.i"] for node in item.description.names}
    return {name: value for name, value in found.items() if name in table.missing}


def _stand_in(item: ComponentSpec, known: Mapping[str, float]) -> ComponentSpec:
    """The component with what is known of it as values: a Sérsic galaxy if it is of another profile that has light, a
    flat sky if it is a sky with nodes.
    """
    profile_values = {
        name: known[f"{item.name}.{name}"] for name in item.description.names if f"{item.name}.{name}" in known
    }
    shape = first_shape(item)
    if shape is not None:
        radius = shape.half_light_radius(profile_values)
        profile_values = {name: value for name, value in profile_values.items() if name in ("x", "y", "q", "pa")}
        profile_values |= {"n": shape.n} | ({} if radius is None else {"r_e": radius})
        item = item.model_copy(update={"profile": "sersic", "options": None, "geometry": ()})
    if _has_nodes(item):
        profile_values = {"i": sum(profile_values.values()) / len(profile_values)} if profile_values else {}
        item = item.model_copy(update={"profile": "flat_sky", "options": None})
    links = {
        name: spec
        for name, spec in item.parameters.items()
        if isinstance(spec, ParameterSpec) and spec.link is not None and name in ("x", "y", "q", "pa")
    }
    given = {name: ParameterSpec(value=value) for name, value in profile_values.items()}
    return item.model_copy(update={"parameters": links | given})


def _has_nodes(item: ComponentSpec) -> bool:
    """Whether it is a sky that has levels at places in the place of one level."""
    return item.description.sky and item.description.parameter("i") is None


def _needs_no_map(request: FitRequest) -> bool:
    """Whether every row is a profile's own parameter in the one image's pixels."""
    names = [f"{item.name}.{name}" for item in request.components for name in item.description.names]
    return request.frame_in_use == "pixel" and list(ParameterTable.of(request).names) == names


def _inside_limits(value: float, row: TableParameter) -> float:
    """The value moved inside the limits, off their edges, where a fit would be stuck."""
    low, high = row.min, row.max
    if low is not None and high is not None:
        edge = _INSIDE * (high - low) if row.description.scale != "log" else 0.0
        return min(max(value, low + edge), high - edge)
    if low is not None:
        return max(value, low)
    return value if high is None else min(value, high)


def _check_links(request: FitRequest) -> None:
    table = ParameterTable.of(request)
    try:
        values = table.values()
    except ExpressionInvalid as error:
        raise RequestInvalid([Fault("$.components", str(error), "links that are finite at the first values")]) from None
    faults = []
    for row in table.linked_rows:
        low, high = row.description.lowest, row.description.highest
        if not (low is None or values[row.name] >= low) or not (high is None or values[row.name] <= high):
            profile = request.components[int(row.place[1])].profile
            message = f"is {values[row.name]:g} at the first values, beyond what {profile} can have"
            faults.append(Fault(json_path(row.place), message, f"{low} to {high}"))
    if faults:
        raise RequestInvalid(faults)


def _check_formulas(request: FitRequest) -> None:
    """Refuse formulas without a value somewhere, and totals of light without end, at the first values."""
    values = ParameterTable.of(request).values()
    faults = []
    for place, item in enumerate(request.components):
        if not isinstance(item.options, FormulaOptions):
            continue
        own = {name: values.get(f"{item.name}.{name}", 1.0) for name in item.options.units}
        radius = radius_without_value(item.options, own)
        path = json_path(("components", place, "options", "brightness"))
        if radius is not None:
            expected = "a formula that has a value at every radius: max(…, 0) around what turns negative, and a bend"
            faults.append(Fault(path, f"has no value at r = {radius:.4g} at the first values", expected))
        elif is_endless(item.options, own) and {"flux", "magnitude"} & item.parameters.keys():
            expected = f"{item.options.amplitude} in the place of the total"
            faults.append(Fault(path, "has an infinite total flux at the first values", expected))
    if faults:
        raise RequestInvalid(faults)


class _Scene:
    """The image with what is known of its components so far."""

    def __init__(self, request: FitRequest, table: ParameterTable, image: ImageData) -> None:
        self.table = table
        self.image = image
        self.used: Mask = ~image.mask
        self.skies = [item for item in request.components if item.description.sky]
        self.galaxies = [item for item in request.components if item.profile == "sersic"]
        self.known = {row.name: row.value for row in table if row.value is not None}
        self.given = frozenset(self.known) | {row.name for row in table.linked_rows}
        self.models: dict[str, Array] = {}
        self.blur = 0.0 if image.psf is None else stamp_sigma(image.psf) / image.psf_oversampling

    def solve(self) -> dict[str, float]:
        """Values of all parameters that were left out."""
        level, self.rms = background(self.image.data, self.used)
        for row in (self.table[f"{sky.name}.i"] for sky in self.skies):
            if row.name not in self.given:
                self.known[row.name] = level - sum(self._values().get(f"{sky.name}.i", 0.0) for sky in self.skies)
        values = self._values()
        sky = sum(values.get(f"{item.name}.i", 0.0) for item in self.skies) if self.skies else 0.0
        self.light: Array = np.where(self.used, self.image.data - sky, 0.0)
        for number in range(_PASSES):
            values = self._values()
            # Those whose position is known come first, so that the others do not take their peaks.
            placed_first = sorted(
                self.galaxies, key=lambda item: not {f"{item.name}.x", f"{item.name}.y"} <= values.keys()
            )
            for galaxy in placed_first:
                self._improve(galaxy, first=number == 0)
        self._share()
        return {name: value for name, value in self.known.items() if name not in self.given}

    def ring(self, name: str, known: Mapping[str, float]) -> dict[str, float] | None:
        """What is left of the light without all other components, measured as a ring seen edge on.

        Args:
            known: what the request tells of components.
        """
        x, y = self.image.origin
        rest = self.light - sum(model for other, model in self.models.items() if other != name)
        given = {f"{name}.x", f"{name}.y"} <= known.keys()
        centre = (known[f"{name}.x"] - x, known[f"{name}.y"] - y) if given else None
        found = measure_ring(rest, self.used, self.rms, self.blur, centre)
        return None if found is None else found | {"x": found["x"] + x, "y": found["y"] + y}

    def _values(self) -> dict[str, float]:
        """What is known, with every link that can be worked out from it."""
        return self.table.with_links(self.known)

    def _improve(self, galaxy: ComponentSpec, first: bool) -> None:
        """Measure one galaxy with the others taken off, and renew its crude model."""
        values = self._values()
        names = [f"{galaxy.name}.{name}" for name in ("x", "y", "q", "pa", "n", "r_e", "i_e")]
        others = [model for name, model in self.models.items() if name != galaxy.name]
        rest = self.light - sum(others) if others else self.light
        if not set(names) <= self.given:
            x, y, free = self._position(galaxy, values, rest, first)
            shape = measure_shape(rest, self.used, (x, y), self.rms, self.blur, recentre=free)
            self._take(galaxy, shape, values)
        values = self._values()
        if set(names) <= values.keys():
            profile_values = {
                name: values[f"{galaxy.name}.{name}"] for name in ("x", "y", "q", "pa", "n", "r_e", "i_e")
            }
            x, y = self.image.origin
            in_array = profile_values | {"x": profile_values["x"] - x, "y": profile_values["y"] - y}
            self.models[galaxy.name] = _crude_model(in_array, self.light.shape, self.blur)

    def _position(
        self, galaxy: ComponentSpec, values: Mapping[str, float], rest: Array, first: bool
    ) -> tuple[float, float, bool]:
        """Where to measure, in pixels of the array, and whether the centre may move."""
        x, y = values.get(f"{galaxy.name}.x"), values.get(f"{galaxy.name}.y")
        origin_x, origin_y = self.image.origin
        if x is not None and y is not None:
            free = not {f"{galaxy.name}.x", f"{galaxy.name}.y"} & self.given
            return x - origin_x, y - origin_y, free and not first
        peak = self._peak(rest)
        if peak is None:
            # No peak is left: the component shares the place of the brightest, as a disc shares its bulge's.
            peak = self._shared_place()
        return (peak[0] if x is None else x - origin_x, peak[1] if y is None else y - origin_y, x is None and y is None)

    def _peak(self, rest: Array) -> tuple[float, float] | None:
        """The brightest peak that stands out of the noise, away from the components that are placed already."""
        usable = self.used.copy()
        rows, columns = np.ogrid[: rest.shape[0], : rest.shape[1]]
        values = self._values()
        for name in self.models:
            x, y = values[f"{name}.x"] - self.image.origin[0], values[f"{name}.y"] - self.image.origin[1]
            reach = max(3.0, 3.0 * self.blur, 0.6 * values[f"{name}.r_e"])
            usable &= np.hypot(columns - x, rows - y) > reach
        light = gaussian_mean(rest, self.used, max(_SMOOTHING, self.blur))
        for model in self.models.values():
            usable &= light > _MODEL_ERROR * model
        found = brightest_pixel(light, usable & summits(light))
        noise = self.rms / (2.0 * math.sqrt(math.pi) * max(_SMOOTHING, self.blur))
        return (found[0], found[1]) if found is not None and found[2] > _SIGNIFICANT * noise else None

    def _shared_place(self) -> tuple[float, float]:
        values = self._values()
        placed = [item.name for item in self.galaxies if item.name in self.models]
        if not placed:
            height, width = self.light.shape
            return (width - 1) / 2, (height - 1) / 2
        name = max(placed, key=lambda item: float(self.models[item].sum()))
        return values[f"{name}.x"] - self.image.origin[0], values[f"{name}.y"] - self.image.origin[1]

    def _take(self, galaxy: ComponentSpec, shape: Shape, values: Mapping[str, float]) -> None:
        """Take over what was measured for the parameters that the request left out."""
        x, y = self.image.origin
        n = values.get(f"{galaxy.name}.n", _N)
        q, radius = values.get(f"{galaxy.name}.q", shape.q), values.get(f"{galaxy.name}.r_e", shape.radius)
        floor = self.rms * radius * radius if self.rms > 0.0 else 1e-6
        intensity = max(shape.flux, floor) / unit_flux(q, n, radius)
        measured = {"x": shape.x + x, "y": shape.y + y, "q": q, "pa": shape.pa, "n": n, "r_e": radius, "i_e": intensity}
        for name, value in measured.items():
            full = f"{galaxy.name}.{name}"
            if full not in self.given:
                self.known[full] = _inside_limits(value, self.table[full])

    def _share(self) -> None:
        """Components at one place share its light, the first the most compact: identical starts would never part."""
        values = self._values()
        centre = {item.name: (values[f"{item.name}.x"], values[f"{item.name}.y"]) for item in self.galaxies}
        left = list(self.galaxies)
        while left:
            here = [item for item in left if math.dist(centre[item.name], centre[left[0].name]) < _SAME_PLACE]
            left = [item for item in left if item not in here]
            for number, item in enumerate(here if len(here) > 1 else []):
                spread = 2.5 ** (number - (len(here) - 1) / 2)
                self._scale(item, "r_e", spread)
                self._scale(item, "i_e", 1.0 / (len(here) * spread * spread))

    def _scale(self, galaxy: ComponentSpec, parameter: str, factor: float) -> None:
        name = f"{galaxy.name}.{parameter}"
        if name not in self.given:
            self.known[name] = _inside_limits(self.known[name] * factor, self.table[name])


def _crude_model(profile_values: Mapping[str, float], shape: tuple[int, ...], blur: float) -> Array:
    """A Sersic profile at pixel centres, its radius softened by the blur and the pixel."""
    rows, columns = np.arange(shape[0], dtype=np.float64), np.arange(shape[1], dtype=np.float64)
    return brightness(Galaxy(**profile_values), columns[None, :], rows[:, None], math.hypot(blur, 0.3))
