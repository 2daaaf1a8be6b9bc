"""From components to rows of the parameter table: one for a shared parameter, one an image for what varies.

A parameter varies between images where the request says so (`ByImage`, `Polynomial`), where it is an amplitude that a
request of several images leaves out, and where it is linked to one that varies.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fitting.spec.components import ComponentSpec, coefficient
from fitting.spec.images.image_spec import ImageSpec
from fitting.spec.parameters.expressions import Expression, weighted_sum
from fitting.spec.parameters.forms import AMPLITUDE_UNITS, Frame
from fitting.spec.parameters.parameter_spec import AnyParameter, ParameterSpec
from fitting.spec.parameters.varied import ByImage, Polynomial
from fitting.spec.profiles import ParameterDescription

Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Row:
    """One row of the table, as the request has it.

    Attributes:
        name: ``a.x``, ``a.flux[r]`` (in image r) or ``a.r_e.c0`` (coefficient of a polynomial).
        component: the component's name.
        place: location in the request.
        description: of the parameter or coefficient.
        spec: what the request says.
        expression: the link, or None.
    """

    name: str
    component: str
    place: Place
    description: ParameterDescription
    spec: ParameterSpec
    expression: Expression | None


def row_name(component: str, parameter: str, image: str) -> str:
    """The name of a varying parameter's row in one image."""
    return f"{component}.{parameter}[{image}]"


def seen_in(component: ComponentSpec, images: Sequence[ImageSpec]) -> tuple[str, ...]:
    """Names of the images in which a component is seen, in their order."""
    names = (image.name for image in images)
    return tuple(name for name in names if component.images is None or name in component.images)


def varying(components: Sequence[ComponentSpec | None], frame: Frame, images: Sequence[ImageSpec]) -> frozenset[str]:
    """The parameters, ``component.parameter``, that have a row for each image."""
    given = {f"{item.name}.{name}": spec for item in components if item for name, spec in item.parameters.items()}
    found = {name for name, spec in given.items() if not isinstance(spec, ParameterSpec)}
    for component in components:
        if component is not None and len(seen_in(component, images)) > 1:
            left_out = (item for item in component.described(frame).parameters if item.unit in AMPLITUDE_UNITS)
            found |= {f"{component.name}.{item.name}" for item in left_out if item.name not in component.parameters}
    links = {
        name: spec.link for name, spec in given.items() if isinstance(spec, ParameterSpec) and spec.link is not None
    }
    fresh = found
    while fresh:
        fresh = {name for name, link in links.items() if name not in found and fresh.intersection(link.names)}
        found |= fresh
    return frozenset(found)


def component_rows(
    components: Sequence[ComponentSpec | None], frame: Frame, images: Sequence[ImageSpec]
) -> Iterator[Row]:
    """All rows: components in the order of the request, parameters in the profile's, images in the request's."""
    several = varying(components, frame, images)
    orders = chebyshev_arguments(images)
    for index, component in enumerate(components):
        for description in component.described(frame).parameters if component is not None else ():
            assert component is not None
            name = f"{component.name}.{description.name}"
            spec = _held(component.parameters.get(description.name, ParameterSpec()), description)
            place = ("components", index, "parameters", description.name)
            if name not in several:
                assert isinstance(spec, ParameterSpec)
                yield Row(name, component.name, place, description, spec, spec.link)
            elif isinstance(spec, Polynomial):
                yield from _polynomial(component, place, description, spec, seen_in(component, images), orders)
            else:
                yield from _by_image(component, place, description, spec, seen_in(component, images), several)


def _held(spec: AnyParameter, description: ParameterDescription) -> AnyParameter:
    """What the request says, at its value where the profile holds it."""
    if not description.held or not isinstance(spec, ParameterSpec) or spec.expression is not None:
        return spec
    return spec.model_copy(update={"fixed": True, "value": description.default if spec.value is None else spec.value})


def _by_image(
    component: ComponentSpec,
    place: Place,
    description: ParameterDescription,
    spec: AnyParameter,
    images: Sequence[str],
    several: frozenset[str],
) -> Iterator[Row]:
    for image in images:
        name = row_name(component.name, description.name, image)
        if isinstance(spec, ByImage):
            own = spec.by_image.get(image, ParameterSpec())
            where = (*place, "by_image", image) if image in spec.by_image else place
        else:
            assert isinstance(spec, ParameterSpec)
            own, where = spec, place
        link = None if own.link is None else own.link.at_image(image, several)
        yield Row(name, component.name, where, description, own, link)


def _polynomial(
    component: ComponentSpec,
    place: Place,
    description: ParameterDescription,
    spec: Polynomial,
    images: Sequence[str],
    arguments: Mapping[str, float],
) -> Iterator[Row]:
    names = [f"{component.name}.{description.name}.c{order}" for order in range(len(spec.polynomial))]
    for order, own in enumerate(spec.polynomial):
        said = own if order == 0 or own.value is not None or own.link is not None else _zero(own)
        where = (*place, "polynomial", order)
        yield Row(names[order], component.name, where, coefficient(description, order), said, own.link)
    for image in images:
        # T_k(t) = cos(k arccos t)
        angle = math.acos(arguments.get(image, 0.0))
        terms = {name: math.cos(order * angle) for order, name in enumerate(names)}
        name = row_name(component.name, description.name, image)
        yield Row(name, component.name, place, description, ParameterSpec(), weighted_sum(terms))


def _zero(spec: ParameterSpec) -> ParameterSpec:
    """A coefficient that was left out starts at zero, or as near as its limits let it."""
    value = min(max(0.0, -math.inf if spec.min is None else spec.min), math.inf if spec.max is None else spec.max)
    return spec.model_copy(update={"value": value})


def chebyshev_arguments(images: Sequence[ImageSpec]) -> dict[str, float]:
    """Each image's wavelength, moved linearly so that the shortest of the request is −1 and the longest 1."""
    known = {image.name: image.wavelength for image in images if image.wavelength is not None}
    low, high = min(known.values(), default=0.0), max(known.values(), default=0.0)
    if high <= low:
        return dict.fromkeys(known, 0.0)
    return {name: min(1.0, max(-1.0, (2.0 * value - low - high) / (high - low))) for name, value in known.items()}
