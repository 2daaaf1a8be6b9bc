"""Links between parameters: what they may name, and the order in which they are worked out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from pydantic_core import InitErrorDetails

from fitting.spec.documents import detail
from fitting.spec.faults import shown
from fitting.spec.parameters.expressions import Expression, ExpressionInvalid
from fitting.spec.parameters.parameter_spec import interval, within
from fitting.spec.parameters.rows import Row


def link_faults(rows: Sequence[Row], broken: frozenset[str]) -> list[InitErrorDetails]:
    """Faults of all links together: unknown targets, circles, and linked values that no profile can have.

    Args:
        rows: of the sound components (`fitting.spec.parameters.rows.component_rows`).
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
    own = [row for row in known.values() if row.component == component]
    if not own:
        names = ", ".join(dict.fromkeys(row.component for row in known.values()))
        return f"{verb} {shown(target)}, but there is no component {shown(component)}", f"one of: {names[:400]}"
    names = ", ".join(row.name.removeprefix(f"{component}.") for row in own)
    return f"{verb} {shown(target)}, which {component} does not have", f"one of: {names[:400]}"


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
        if not within(value, description.lowest, description.highest):
            bounds = interval(description.lowest, description.highest)
            faults.append(detail(known[name].place, f"is {value:g} at the given values, beyond its limits", bounds))
    return faults
