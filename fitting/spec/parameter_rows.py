"""Rows of the parameter table: one for a shared parameter, one an image for what varies; and the links between them.

A parameter varies between images where the request says so (`ByImage`, `Polynomial`), where it is an amplitude that a
request of several images leaves out, and where it is linked to one that varies.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from pydantic_core import InitErrorDetails

from fitting.spec.components import ComponentSpec, coefficient
from fitting.spec.documents import detail, excerpt
from fitting.spec.images.image_spec import ImageSpec
from fitting.spec.parameters.expressions import Expression, ExpressionInvalid, weighted_sum
from fitting.spec.parameters.forms import AMPLITUDE_UNITS, Frame
from fitting.spec.parameters.parameter_spec import AnyParameter, ByImage, ParameterSpec, Polynomial, interval, is_within
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
            left_out = (item for item in component.description_in(frame).parameters if item.unit in AMPLITUDE_UNITS)
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
        for description in component.description_in(frame).parameters if component is not None else ():
            assert component is not None
            name = f"{component.name}.{description.name}"
            spec = _spec_where_held(component.parameters.get(description.name, ParameterSpec()), description)
            place = ("components", index, "parameters", description.name)
            if name not in several:
                assert isinstance(spec, ParameterSpec)
                yield Row(name, component.name, place, description, spec, spec.link)
            elif isinstance(spec, Polynomial):
                yield from _polynomial(component, place, description, spec, seen_in(component, images), orders)
            else:
                yield from _by_image(component, place, description, spec, seen_in(component, images), several)


def _spec_where_held(spec: AnyParameter, description: ParameterDescription) -> AnyParameter:
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
            value = spec.by_image.get(image, ParameterSpec())
            where = (*place, "by_image", image) if image in spec.by_image else place
        else:
            assert isinstance(spec, ParameterSpec)
            value, where = spec, place
        link = None if value.link is None else value.link.at_image(image, several)
        yield Row(name, component.name, where, description, value, link)


def _polynomial(
    component: ComponentSpec,
    place: Place,
    description: ParameterDescription,
    spec: Polynomial,
    images: Sequence[str],
    arguments: Mapping[str, float],
) -> Iterator[Row]:
    names = [f"{component.name}.{description.name}.c{order}" for order in range(len(spec.polynomial))]
    for order, term in enumerate(spec.polynomial):
        spec_in_force = (
            term if order == 0 or term.value is not None or term.link is not None else _coefficient_at_zero(term)
        )
        where = (*place, "polynomial", order)
        yield Row(names[order], component.name, where, coefficient(description, order), spec_in_force, term.link)
    for image in images:
        # T_k(t) = cos(k arccos t)
        angle = math.acos(arguments.get(image, 0.0))
        terms = {name: math.cos(order * angle) for order, name in enumerate(names)}
        name = row_name(component.name, description.name, image)
        yield Row(name, component.name, place, description, ParameterSpec(), weighted_sum(terms))


def _coefficient_at_zero(spec: ParameterSpec) -> ParameterSpec:
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


def link_faults(rows: Sequence[Row], broken: frozenset[str]) -> list[InitErrorDetails]:
    """Faults of all links together: unknown targets, circles, and linked values that no profile can have.

    Args:
        rows: of the sound components (`fitting.spec.parameter_rows.component_rows`).
        broken: names of the others, so that a link to one of them is not called unknown as well.
    """
    known = {row.name: row for row in rows}
    expressions: dict[str, Expression] = {}
    faults: list[InitErrorDetails] = []
    for row in rows:
        if row.expression is None:
            continue
        unknown = [
            fault for target in row.expression.names if (fault := unknown_target(target, known, broken, "links to"))
        ]
        faults += [detail(row.place, message, expected) for message, expected in unknown]
        if not unknown:
            expressions[row.name] = row.expression
    for circle in circles(expressions):
        first = circle[0]
        message = "links to itself" if len(circle) == 1 else f"links go in a circle: {' -> '.join((*circle, first))}"
        faults.append(detail(known[first].place, message, "links that end at parameters with values"))
    return faults or _value_faults(known, expressions)


def unknown_target(target: str, known: Mapping[str, Row], broken: frozenset[str], verb: str) -> tuple[str, str] | None:
    """What is wrong with a name that no row has, and which there are; None where it is known or not to be known.

    The verb says what the expression does with it.
    """
    component = target.partition(".")[0]
    if target in known or component in broken:
        return None
    of_component = [row for row in known.values() if row.component == component]
    if not of_component:
        names = ", ".join(dict.fromkeys(row.component for row in known.values()))
        return f"{verb} {excerpt(target)}, but there is no component {excerpt(component)}", f"one of: {names[:400]}"
    names = ", ".join(row.name.removeprefix(f"{component}.") for row in of_component)
    return f"{verb} {excerpt(target)}, which {component} does not have", f"one of: {names[:400]}"


def circles(expressions: Mapping[str, Expression]) -> list[tuple[str, ...]]:
    """Circles of links, each as the names along it, beginning with the one that the request gives first."""
    found: list[tuple[str, ...]] = []
    left = dict(expressions)
    while True:
        try:
            evaluation_order(left)
        except CycleError as error:
            # graphlib lists who is read by whom and repeats the first name at the end.
            circle = list(reversed(error.args[1]))[:-1]
            first = min(range(len(circle)), key=lambda index: list(expressions).index(circle[index]))
            found.append((*circle[first:], *circle[:first]))
            left = {name: expression for name, expression in left.items() if name not in circle}
        else:
            return found


def evaluation_order(expressions: Mapping[str, Expression]) -> tuple[str, ...]:
    """The linked parameters, each after those that it reads; raises graphlib.CycleError on a circle."""
    order = TopologicalSorter({name: expression.names for name, expression in expressions.items()}).static_order()
    return tuple(name for name in order if name in expressions)


def _value_faults(known: Mapping[str, Row], expressions: Mapping[str, Expression]) -> list[InitErrorDetails]:
    """Faults of linked values as far as they are known: not finite, or beyond what the profile can have."""
    values = {name: row.spec.value for name, row in known.items() if row.spec.value is not None}
    faults = []
    for name in evaluation_order(expressions):
        if not all(target in values for target in expressions[name].names):
            continue
        try:
            value = expressions[name].value(values)
        except ExpressionInvalid as error:
            faults.append(detail(known[name].place, str(error), "an expression that is finite at the given values"))
            continue
        values[name] = value
        description = known[name].description
        if not is_within(value, description.lowest, description.highest):
            bounds = interval(description.lowest, description.highest)
            faults.append(detail(known[name].place, f"is {value:g} at the given values, beyond its limits", bounds))
    return faults
