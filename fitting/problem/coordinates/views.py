"""Views: from the rows of the parameter table to what the profiles take, native values in the pixel frame of one image.

A profile is rendered from x, y, lengths and intensities in pixels of the image at hand. The user's rows may be
something else: positions on the sky, fluxes, one value an image. A view is the map from the one to the other for one
image. It gives values and derivatives together, batch first, so that χ² and its derivatives are summed over native
values, image by image, and turned into derivatives by θ once an image.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from fitting.geometry import TotalFlux, in_pixels, total_of
from fitting.inputs import Array, ImageData, local_map, sky_of
from fitting.problem.coordinates.local_map import SkyFrame
from fitting.problem.coordinates.parameters import Values
from fitting.problem.coordinates.view_steps import ComponentPlaces, FluxToAmplitude, MagnitudeToFlux, SkyToPixels
from fitting.profiles import radial_profile
from fitting.spec import ComponentSpec, FitRequest, ParameterTable, seen_in
from fitting.spec.modifiers import mirrored_direction, turns_with_the_mirror


class View(Protocol):
    """The components as one image has them."""

    @property
    def index(self) -> Mapping[str, int]:
        """Place of each native value, by ``component.parameter``; the same for all images of a problem."""
        ...

    def native(self, values: Values) -> Values:
        """Native values (batch, natives) and their derivatives (batch, natives, free), from those of the rows.

        What is outside of a profile's domain among the rows is so among the native values.
        """
        ...


class Step(Protocol):
    """Part of the way from rows to native values: changes some of the values, and their derivatives, in place."""

    def apply(self, physical: Tensor, jacobian: Tensor) -> None:
        """Change values (batch, natives) and derivatives (batch, natives, free)."""
        ...


class RowsAsTheyAre:
    """The view of an image whose components are given in its own pixels: the rows are the native values."""

    def __init__(self, index: Mapping[str, int]) -> None:
        self.index = index

    def native(self, values: Values) -> Values:
        """The same values."""
        return values


@dataclass(frozen=True)
class RowsInSteps:
    """The view of an image for which rows are picked and then changed.

    Attributes:
        rows: the row that stands for each native value, (natives,); any row for what the image does not show.
        steps: what is done with the picked values, in order.
    """

    index: Mapping[str, int]
    rows: Tensor
    steps: tuple[Step, ...]

    def native(self, values: Values) -> Values:
        """The picked values after all steps; where one is no number, the model is outside of its domain."""
        physical, jacobian = values.physical[:, self.rows], values.jacobian[:, self.rows]
        for step in self.steps:
            step.apply(physical, jacobian)
        sound = physical.isfinite()
        outside = values.outside + torch.where(sound.all(1), 0.0, torch.inf)
        return Values(torch.where(sound, physical, 1.0), outside, lambda: jacobian.nan_to_num())


def native_index(request: FitRequest) -> dict[str, int]:
    """Place of each native value of all components, by ``component.parameter`` with the profile's own names."""
    names = (f"{component.name}.{name}" for component in request.components for name in component.description.names)
    return {name: place for place, name in enumerate(names)}


def view_of(request: FitRequest, table: ParameterTable, image: ImageData) -> View:
    """The view of one image."""
    index = native_index(request)
    rows: list[int] = []
    for component in request.components:
        seen = image.name in seen_in(component, request.images)
        names = component.description_in(request.frame_in_use).names
        rows.extend(table.row_of(component.name, name, image.name) if seen else 0 for name in names)
    steps = tuple(_steps(request, index, image))
    if not steps and rows == list(range(len(table))):
        return RowsAsTheyAre(index)
    return RowsInSteps(index, torch.tensor(rows, dtype=torch.long), steps)


def length_scale(request: FitRequest, image: ImageData) -> float:
    """Pixels, in the middle of an image, to the request's unit of length; one in frame pixel."""
    middle = local_map(image, sky_of(image)) if request.frame_in_use == "sky" else None
    return 1.0 if middle is None else _length_scale(middle)


def _length_scale(middle: Array) -> float:
    return math.sqrt(abs(float(np.linalg.det(middle))))


def _steps(request: FitRequest, index: dict[str, int], image: ImageData) -> Iterator[Step]:
    components = request.seen_in(image.name)
    scale = 1.0
    if request.frame_in_use == "sky":
        placed = [_component_places(component, index) for component in components]
        plane = sky_of(image)
        middle = local_map(image, plane)
        assert middle is not None, "fitting.inputs checks that an image of a request on the sky has a scale"
        scale = _length_scale(middle)
        yield SkyToPixels(placed, None if plane is None else SkyFrame(plane), torch.tensor(middle))
    faint = [item for item in components if "magnitude" in item.parameters]
    if faint:
        assert image.zero_point is not None, "fitting.inputs checks that magnitudes have a zero point"
        magnitudes = [
            index[f"{item.name}.{name}"]
            for item in faint
            for form, name in zip(item.description_in("pixel").names, item.description.names, strict=True)
            if form == "magnitude"
        ]
        yield MagnitudeToFlux(torch.tensor(magnitudes, dtype=torch.long), image.zero_point)
    totals: dict[TotalFlux, list[ComponentSpec]] = {}
    for item in components:
        known = radial_profile(item.profile, item.options)
        if known is not None and {"flux", "magnitude"} & item.parameters.keys():
            sum_of_light = total_of(known, in_pixels(item.geometry, scale))  # type: ignore[arg-type]  # profiles can be hashed
            assert sum_of_light is not None, "a request that gives an unknown total is refused"
            totals.setdefault(sum_of_light, []).append(item)
    for total, alike in totals.items():
        places = [[index[f"{component.name}.{name}"] for name in total.parameters] for component in alike]
        yield FluxToAmplitude(total, torch.tensor(places))


def _component_places(component: ComponentSpec, index: dict[str, int]) -> ComponentPlaces:
    native = {item.name: index[f"{component.name}.{item.name}"] for item in component.description.parameters}
    forms = component.description_in("sky").parameters
    places = {form.name: place for form, place in zip(forms, native.values(), strict=True)}
    units: dict[str, list[int]] = {}
    for form in forms:
        units.setdefault(form.unit, []).append(places[form.name])
    angles = ["rotation_pa"] if "q" in places else ["pa", "rotation_pa"]
    handed = filter(turns_with_the_mirror, component.description.parameters)
    partners = {item.name: mirrored_direction(item, component.geometry) for item in component.description.parameters}
    return ComponentPlaces(
        position=(places["ra"], places["dec"]) if "ra" in places and "dec" in places else None,
        ellipse=(places["q"], places["pa"]) if "q" in places and "pa" in places else None,
        angles=tuple(places[name] for name in angles if name in places),
        lengths=tuple(
            place for form, place in places.items() if place in units.get("arcsec", ()) and form not in ("x", "y")
        ),
        inverse_lengths=tuple(units.get("1/arcsec", ())),
        intensities=tuple(units.get("data/arcsec2", ())),
        gradient=(places["di_dx"], places["di_dy"]) if "data/arcsec3" in units else None,
        handed=tuple(native[item.name] for item in handed),
        directions=tuple((native[name], native[other]) for name, other in partners.items() if other is not None),
    )
