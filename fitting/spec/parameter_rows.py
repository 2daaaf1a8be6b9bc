"""Rows of the parameter table: one for a shared parameter, one an image for what varies; and the links between them.

A parameter varies between images where the request says so (`ByImage`, `Polynomial`), where it is an amplitude that a
request of several images leaves out, and where it is linked to one that varies.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from graphlib import TopologicalSorter

from pydantic_core import InitErrorDetails

from fitting.spec.components import ComponentSpec, coefficient
from fitting.spec.documents import detail, did_you_mean, excerpt, listed
from fitting.spec.expressions.expressions import Expression, ExpressionInvalid, weighted_sum
from fitting.spec.images.image_spec import ImageSpec
from fitting.spec.parameters.forms import AMPLITUDE_UNITS, Frame
from fitting.spec.parameters.parameter_spec import AnyParameter, ByImage, ParameterSpec, Polynomial, interval, is_within
from fitting.spec.profiles import ParameterDescription

Place = tuple[str | int, ...]
_LINK_LIKE_A_ROW = 20
"""Characters of a link that take about as long as a row without one."""
_LONGEST_CIRCLE = 12
"""Names of a circle of links that are shown, at most; chosen by hand."""


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
    if component.images is None:
        return tuple(image.name for image in images)
    shown = frozenset(component.images)
    return tuple(image.name for image in images if image.name in shown)


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
    readers: dict[str, list[str]] = {}
    for name, link in links.items():
        for read in link.names if found else ():
            readers.setdefault(read, []).append(name)
    pending = list(found)
    while pending:
        fresh = [name for name in readers.get(pending.pop(), ()) if name not in found]
        found.update(fresh)
        pending += fresh
    return frozenset(found)


def row_count(components: Sequence[ComponentSpec], frame: Frame, images: Sequence[ImageSpec]) -> int:
    """How many rows a table will have, before one is made; long links and polynomials count as several."""
    several = varying(components, frame, images)
    count = 0
    for component in components:
        seen = len(seen_in(component, images))
        for description in component.description_in(frame).parameters:
            spec = component.parameters.get(description.name)
            each = 1
            if isinstance(spec, Polynomial):
                each += len(spec.polynomial) // 4
            elif isinstance(spec, ParameterSpec) and spec.expression is not None:
                each += len(spec.expression) // _LINK_LIKE_A_ROW
            elif isinstance(spec, ByImage):
                count += sum(len(item.expression or "") // _LINK_LIKE_A_ROW for item in spec.by_image.values())
            count += each * (seen if f"{component.name}.{description.name}" in several else 1)
    return count


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


def link_faults(rows: Sequence[Row], broken: frozenset[str]) -> Iterator[InitErrorDetails]:
    """Faults of all links together: unknown targets, circles, and linked values that no profile can have.

    Args:
        rows: of the sound components (`fitting.spec.parameter_rows.component_rows`).
        broken: names of the others, so that a link to one of them is not called unknown as well.
    """
    known = KnownRows(rows, broken)
    expressions: dict[str, Expression] = {}
    sound = True
    for row in rows:
        if row.expression is None:
            continue
        unknown = [fault for target in row.expression.names if (fault := known.unknown(target, "links to"))]
        for message, expected in unknown:
            yield detail(row.place, message, expected)
        if unknown:
            sound = False
        else:
            expressions[row.name] = row.expression
    for circle in circles(expressions):
        sound = False
        shown = circle if len(circle) <= _LONGEST_CIRCLE else (*circle[: _LONGEST_CIRCLE - 1], "…", circle[-1])
        message = "links to itself" if len(circle) == 1 else f"links go in a circle: {' -> '.join((*shown, circle[0]))}"
        yield detail(known.rows[circle[0]].place, message, "links that end at parameters with values")
    if sound:
        yield from _value_faults(known.rows, expressions)


class KnownRows:
    """Rows by name and by component, so that what an expression names is looked up and never searched for.

    `broken` are components whose rows are not known, of which nothing is said.
    """

    def __init__(self, rows: Iterable[Row], broken: frozenset[str] = frozenset()) -> None:
        self.rows = {row.name: row for row in rows}
        self._broken = broken
        self._of_component: dict[str, list[str]] = {}
        for row in self.rows.values():
            self._of_component.setdefault(row.component, []).append(row.name)

    def unknown(self, target: str, verb: str) -> tuple[str, str] | None:
        """What is wrong with a name that no row has, and which there are; None where it is known or not to be known.

        The verb says what the expression does with it.
        """
        component = target.partition(".")[0]
        if target in self.rows or component in self._broken:
            return None
        names = self._of_component.get(component)
        if names is None:
            message = f"{verb} {excerpt(target)}, but there is no component {excerpt(component)}"
            message += did_you_mean(component, self._of_component)
            return message, listed(self._of_component)
        its_own = [name.removeprefix(f"{component}.") for name in names]
        near = did_you_mean(target.removeprefix(f"{component}."), its_own)
        return f"{verb} {excerpt(target)}, which {component} does not have{near}", listed(its_own)


def circles(expressions: Mapping[str, Expression]) -> list[tuple[str, ...]]:
    """Circles of links, one of each knot of them, as the names along it, each read by the one before it.

    A knot is a strongly connected component (Tarjan 1972, SIAM J. Comput. 1, 146), found in one pass; its circle is a
    shortest one through the name that the request gives first.
    """
    reads = {name: [read for read in link.names if read in expressions] for name, link in expressions.items()}
    place = {name: number for number, name in enumerate(expressions)}
    found = []
    for knot in _knots(reads):
        first = min(knot, key=place.__getitem__)
        if len(knot) > 1 or first in reads[first]:
            found.append(_shortest_circle(first, set(knot), reads))
    return sorted(found, key=lambda circle: place[circle[0]])


def _knots(reads: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """Strongly connected components, without recursion."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_names: list[str] = []
    is_open: set[str] = set()
    for start in reads:
        path: list[tuple[str, Iterator[str]]] = []
        fresh: str | None = None if start in number else start
        while fresh is not None or path:
            if fresh is not None:
                number[fresh] = lowest[fresh] = len(number)
                open_names.append(fresh)
                is_open.add(fresh)
                path.append((fresh, iter(reads[fresh])))
            name, left = path[-1]
            fresh = None
            for read in left:
                if read not in number:
                    fresh = read
                    break
                if read in is_open:
                    lowest[name] = min(lowest[name], number[read])
            if fresh is not None:
                continue
            path.pop()
            if path:
                above = path[-1][0]
                lowest[above] = min(lowest[above], lowest[name])
            if lowest[name] == number[name]:
                knot: list[str] = []
                while not knot or knot[-1] != name:
                    knot.append(open_names.pop())
                is_open.difference_update(knot)
                yield knot


def _shortest_circle(first: str, knot: Set[str], reads: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The names along a shortest circle from a name of a knot back to it."""
    reader: dict[str, str] = {}
    pending = deque([first])
    while first not in reader:
        name = pending.popleft()
        for read in reads[name]:
            if read in knot and read not in reader:
                reader[read] = name
                pending.append(read)
    circle = [first]
    while (name := reader[circle[-1]]) != first:
        circle.append(name)
    return (first, *reversed(circle[1:]))


def reaches(links: Mapping[str, Expression], starts: Iterable[str], name: str) -> bool:
    """Whether a name is among what some names read, through however many links, or is one of them."""
    seen = set(starts)
    pending = list(seen)
    while pending and name not in seen:
        link = links.get(pending.pop())
        fresh = [] if link is None else [read for read in link.names if read not in seen]
        seen.update(fresh)
        pending += fresh
    return name in seen


def evaluation_order(expressions: Mapping[str, Expression]) -> tuple[str, ...]:
    """The linked parameters, each after those that it reads; raises graphlib.CycleError on a circle."""
    order = TopologicalSorter({name: expression.names for name, expression in expressions.items()}).static_order()
    return tuple(name for name in order if name in expressions)


def _value_faults(known: Mapping[str, Row], expressions: Mapping[str, Expression]) -> Iterator[InitErrorDetails]:
    """Faults of linked values as far as they are known: not finite, or beyond what the profile can have."""
    values = {name: row.spec.value for name, row in known.items() if row.spec.value is not None}
    for name in evaluation_order(expressions):
        if not all(target in values for target in expressions[name].names):
            continue
        try:
            value = expressions[name].value(values)
        except ExpressionInvalid as error:
            yield detail(known[name].place, str(error), "an expression that is finite at the given values")
            continue
        values[name] = value
        description = known[name].description
        if not is_within(value, description.lowest, description.highest):
            bounds = interval(description.lowest, description.highest)
            yield detail(known[name].place, f"is {value:g} at the given values, beyond its limits", bounds)
