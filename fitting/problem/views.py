"""Which view each image of a request needs."""

from collections.abc import Iterator

import torch

from fitting.geometry.total import TotalFlux, total_of
from fitting.inputs.astrometry import local_map, sky_of
from fitting.inputs.images import ImageData
from fitting.problem.flux_step import FluxToAmplitude, MagnitudeToFlux
from fitting.problem.local_map import Sky
from fitting.problem.sky_step import Placed, SkyToPixels
from fitting.problem.view import RowsAsTheyAre, RowsInSteps, Step, View
from fitting.profiles import radial_profile
from fitting.spec import ComponentSpec, FitRequest, ParameterTable, seen_in


def native_index(request: FitRequest) -> dict[str, int]:
    """Place of each native value of all components, by ``component.parameter`` with the profile's own names."""
    names = (f"{component.name}.{name}" for component in request.components for name in component.description.names)
    return {name: place for place, name in enumerate(names)}


def view_of(request: FitRequest, table: ParameterTable, image: ImageData, device: torch.device) -> View:
    """The view of one image."""
    index = native_index(request)
    rows = _rows(request, table, image.name)
    steps = tuple(_steps(request, index, image, device))
    if not steps and rows == list(range(len(table))):
        return RowsAsTheyAre(index)
    return RowsInSteps(index, torch.tensor(rows, dtype=torch.long, device=device), steps)


def _rows(request: FitRequest, table: ParameterTable, image: str) -> list[int]:
    rows = []
    for component in request.components:
        seen = image in seen_in(component, request.images)
        for name in component.described(request.frame_in_use).names:
            rows.append(table.row_of(component.name, name, image) if seen else 0)
    return rows


def _steps(request: FitRequest, index: dict[str, int], image: ImageData, device: torch.device) -> Iterator[Step]:
    components = request.seen_in(image.name)
    if request.frame_in_use == "sky":
        placed = [_placed(component, index) for component in components]
        plane = sky_of(image)
        middle = local_map(image, plane)
        assert middle is not None, "fitting.inputs checks that an image of a request on the sky has a scale"
        yield SkyToPixels(placed, None if plane is None else Sky(plane, device), torch.tensor(middle, device=device))
    faint = [item for item in components if "magnitude" in item.parameters]
    if faint:
        assert image.zero_point is not None, "fitting.inputs checks that magnitudes have a zero point"
        yield MagnitudeToFlux(_amplitudes(faint, index, device), image.zero_point)
    totals: dict[TotalFlux, list[ComponentSpec]] = {}
    for item in components:
        known = radial_profile(item.profile, item.options)
        if known is not None and {"flux", "magnitude"} & item.parameters.keys():
            sum_of_light = total_of(known, item.geometry)
            assert sum_of_light is not None, "a request that gives an unknown total is refused"
            totals.setdefault(sum_of_light, []).append(item)
    for total, alike in totals.items():
        places = [[index[f"{component.name}.{name}"] for name in total.parameters] for component in alike]
        yield FluxToAmplitude(total, torch.tensor(places, device=device))


def _placed(component: ComponentSpec, index: dict[str, int]) -> Placed:
    places = {form.name: index[f"{component.name}.{own}"] for form, own in zip(
        component.described("sky").parameters, component.description.names, strict=True)}  # fmt: skip
    units: dict[str, list[int]] = {"arcsec": [], "data/arcsec2": []}
    for form in component.described("sky").parameters:
        if form.unit in units:
            units[form.unit].append(places[form.name])
    return Placed(
        position=(places["ra"], places["dec"]) if "ra" in places and "dec" in places else None,
        q=places.get("q"),
        pa=places.get("pa"),
        lengths=tuple(place for form, place in places.items() if place in units["arcsec"] and form not in ("x", "y")),
        intensities=tuple(units["data/arcsec2"]),
    )


def _amplitudes(components: list[ComponentSpec], index: dict[str, int], device: torch.device) -> torch.Tensor:
    places = []
    for component in components:
        forms = zip(component.described("pixel").names, component.description.names, strict=True)
        places += [index[f"{component.name}.{own}"] for form, own in forms if form == "magnitude"]
    return torch.tensor(places, dtype=torch.long, device=device)
