"""Links between parameters: what they may name, and the order in which they are worked out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from pydantic_core import InitErrorDetails

from fitting.spec.components import ComponentSpec, interval, within
from fitting.spec.documents import detail
from fitting.spec.expressions import Expression, ExpressionInvalid
from fitting.spec.faults import shown


def link_faults(components: Sequence[ComponentSpec | None], broken: frozenset[str]) -> list[InitErrorDetails]:
    """Faults of all links together: unknown targets, circles, and linked values that no profile can have.

    Args:
        components: in the order of the request; None stands for one that has faults of its own.
        broken: names of those, so that a link to one of them is not called unknown as well.
    """
    known = {component.name: component for component in components if component is not None}
    expressions: dict[str, Expression] = {}
    places: dict[str, tuple[str | int, ...]] = {}
    faults: list[InitErrorDetails] = []
    for place, name, expression in _links(components):
        places[name] = place
        unknown = [fault for target in expression.names if (fault := _unknown(target, known, broken))]
        faults += [detail(place, message, expected) for message, expected in unknown]
        if not unknown:
            expressions[name] = expression
    for circle in circles(expressions):
        first = circle[0]
        message = "links to itself" if len(circle) == 1 else f"links go in a circle: {' -> '.join((*circle, first))}"
        faults.append(detail(places[first], message, "links that end at parameters with values"))
    return faults or _value_faults(known, expressions, places)


def _links(
    components: Sequence[ComponentSpec | None],
) -> Iterator[tuple[tuple[str | int, ...], str, Expression]]:
    """Location, full name and expression of every linked parameter."""
    for index, component in enumerate(components):
        for name, spec in component.parameters.items() if component else ():
            if spec.link is not None and component is not None:
                yield ("components", index, "parameters", name), f"{component.name}.{name}", spec.link


def _unknown(target: str, known: Mapping[str, ComponentSpec], broken: frozenset[str]) -> tuple[str, str] | None:
    component, _, parameter = target.partition(".")
    if component in broken:
        return None
    if component not in known:
        names = ", ".join(list(known)[:20])
        return f"links to {shown(target)}, but there is no component {shown(component)}", f"one of: {names}"
    description = known[component].description
    if parameter not in description.names:
        owner = f"{component} ({description.name})"
        return f"links to {shown(target)}, which {owner} does not have", "one of: " + ", ".join(description.names)
    return None


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


def _value_faults(
    known: Mapping[str, ComponentSpec],
    expressions: Mapping[str, Expression],
    places: Mapping[str, tuple[str | int, ...]],
) -> list[InitErrorDetails]:
    """Faults of linked values as far as they are known: not finite, or beyond what the profile can have."""
    values = {
        f"{component.name}.{name}": spec.value
        for component in known.values()
        for name, spec in component.parameters.items()
        if spec.value is not None
    }
    faults = []
    for name in evaluation_order(expressions):
        if not all(target in values for target in expressions[name].names):
            continue
        try:
            value = expressions[name].value(values)
        except ExpressionInvalid as error:
            faults.append(detail(places[name], str(error), "an expression that is finite at the given values"))
            continue
        values[name] = value
        component, _, parameter = name.partition(".")
        description = known[component].description.parameter(parameter)
        if description is not None and not within(value, description.lowest, description.highest):
            bounds = interval(description.lowest, description.highest)
            faults.append(detail(places[name], f"is {value:g} at the given values, beyond its limits", bounds))
    return faults
