"""Constraints between parameters: bounds or a prior of an expression, such as the offset between two centres.

As JSON ``{"expression": "a.x - b.x", "min": -0.5, "max": 0.5}``, or with a prior in the place of the limits or beside
them: ``{"expression": "a.r_e / b.r_e", "log_normal": [0, 0.1]}``. A line of GALFIT's constraint file is one of these:
``3-7 mag -0.5 3`` bounds a difference, ``3/5 re 1 3`` a ratio. Ranges of single parameters are limits, and fixed
offsets and ratios are links.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from pydantic import GetJsonSchemaHandler, field_validator, model_serializer, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails

from fitting.spec.documents import MAX_FAULTS, Document, detail, excerpt, refusal, refuse
from fitting.spec.expressions.expressions import (
    GRAMMAR,
    Expression,
    ExpressionInvalid,
    parse_expression,
    solvable_names,
    solved_for,
)
from fitting.spec.parameter_rows import KnownRows, Row, reaches
from fitting.spec.parameters.parameter_spec import ParameterSpec
from fitting.spec.parameters.priors import PRIORS, Prior, prior_schema, read_prior

EXPECTED = (
    'an object such as {"expression": "a.x - b.x", "min": -0.5, "max": 0.5} or {"expression": …, "normal": [0, 0.1]}'
)


class ConstraintSpec(Document):
    """What is asked of the value of one expression.

    Attributes:
        expression: of parameters, ``component.parameter``, without the ``=`` of links; it names the constraint.
        min, max: limits of its value.
        prior: density of its value; also written as the prior's name beside the expression.
    """

    expression: str
    min: float | None = None
    max: float | None = None
    prior: Prior | None = None

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            if isinstance(value, ConstraintSpec):
                return value
            raise refusal(f"{excerpt(value)} is not a constraint", EXPECTED)
        named = [key for key in value if key in PRIORS]
        if len(named) + ("prior" in value) > 1:
            raise refusal("has more than one prior", "one prior")
        if named:
            rest = {key: item for key, item in value.items() if key not in named}
            return rest | {"prior": read_prior({named[0]: value[named[0]]})}
        return value

    @field_validator("expression")
    @classmethod
    def _parses(cls, value: str) -> str:
        try:
            expression = parse_expression("= " + value.strip().removeprefix("="))
        except ExpressionInvalid as error:
            raise refusal(str(error), GRAMMAR.removeprefix('"=" and then ')) from None
        if not expression.names:
            raise refusal("names no parameter", "an expression of parameters")
        text = expression.text.removeprefix("=").strip()
        if text in expression.names:
            raise refusal("is one parameter", "its own min, max or prior, where the parameter stands")
        return text

    @field_validator("prior", mode="before")
    @classmethod
    def _read_prior(cls, value: Any) -> Prior | None:
        return None if value is None else read_prior(value)

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        low, high = self.limits
        if low is None and high is None and self.prior is None:
            raise refusal("asks nothing", "min, max or a prior")
        if low is not None and high is not None and low >= high:
            raise refuse("ConstraintSpec", [detail(("min",), f"min {low:g} is not below max {high:g}", "min < max")])
        return self

    @model_serializer(mode="plain")
    def _without_nulls(self) -> dict[str, Any]:  # type: ignore[override]
        written = {key: item for key in ("expression", "min", "max") if (item := getattr(self, key)) is not None}
        return written if self.prior is None else written | {"prior": self.prior.document()}

    @property
    def limits(self) -> tuple[float | None, float | None]:
        """Limits of the value, the prior's bounds among them; those that a prior's density keeps by itself are none."""
        prior = (None, None) if self.prior is None or self.prior.keeps_its_bounds else self.prior.bounds
        lows = [low for low in (self.min, prior[0]) if low is not None]
        highs = [high for high in (self.max, prior[1]) if high is not None]
        return max(lows, default=None), min(highs, default=None)

    @property
    def bounded(self) -> bool:
        """Whether the value has a limit."""
        return self.limits != (None, None)

    @property
    def parsed_expression(self) -> Expression:
        """The expression."""
        return parse_expression("= " + self.expression)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        number = {"type": "number"}
        variants = {key: item for variant in prior_schema()["oneOf"] for key, item in variant["properties"].items()}
        properties = {
            "expression": {"type": "string"},
            "min": number,
            "max": number,
            "prior": prior_schema(),
            **variants,
        }
        return {
            "title": "ConstraintSpec",
            "description": EXPECTED,
            "type": "object",
            "properties": properties,
            "required": ["expression"],
            "additionalProperties": False,
        }


def constraint_faults(constraints: Sequence[ConstraintSpec], rows: Sequence[Row]) -> list[InitErrorDetails]:
    """Faults of constraints against the rows: unknown parameters, repetitions, limits that nothing can keep."""
    known = KnownRows(rows)
    faults: list[InitErrorDetails] = []
    seen: set[str] = set()
    for index, constraint in enumerate(constraints):
        place = ("constraints", index, "expression")
        unknown = [fault for name in constraint.parsed_expression.names if (fault := known.unknown(name, "names"))]
        faults += [detail(place, message, expected) for message, expected in unknown]
        if constraint.expression in seen:
            faults.append(detail(place, "is constrained twice", "one constraint that says both"))
        seen.add(constraint.expression)
        if len(faults) >= MAX_FAULTS:
            break
    if faults:
        return faults[:MAX_FAULTS]
    kept = {number for number, _, _ in solved_parameters(constraints, rows)}
    return [
        detail(
            ("constraints", index, "expression"),
            "has limits, but no free parameter in it can keep them",
            "a parameter that is free, not linked, and that stands in it once and in + - * / or exp, log, sqrt only",
        )
        for index, constraint in enumerate(constraints)
        if constraint.bounded and index not in kept
    ]


def solved_parameters(
    constraints: Sequence[ConstraintSpec], rows: Sequence[Row]
) -> tuple[tuple[int, str, Expression], ...]:
    """For each bounded constraint that can be kept: its number, the parameter that keeps it, and how that follows.

    The constrained value becomes a parameter of its own, with its limits, and one parameter of the expression a link to
    it: ``a.x = b.x + (a.x - b.x)``. Of the free parameters that stand once in the expression one without limits or
    prior of its own is taken before others. Constraints of other rows than these are passed over.
    """
    links = {row.name: row.expression for row in rows if row.expression is not None}
    specs = {row.name: row.spec for row in rows}
    found = []
    for index, constraint in enumerate(constraints):
        if not constraint.bounded or not specs.keys() >= set(constraint.parsed_expression.names):
            continue
        expression = constraint.parsed_expression
        free = [name for name in solvable_names(expression) if name not in links and not specs[name].fixed]
        for name in sorted(free, key=lambda name: is_limited(specs[name])):
            # A link goes in a circle where something that it reads follows from the parameter itself.
            if reaches(links, (read for read in expression.names if read != name), name):
                continue
            link = solved_for(expression, name, constraint.expression)
            if link is not None:
                links[name] = link
                found.append((index, name, link))
                break
    return tuple(found)


def is_limited(spec: ParameterSpec) -> bool:
    """Whether the request gives a parameter limits or a prior of its own."""
    return (spec.min, spec.max, spec.prior) != (None, None, None)
