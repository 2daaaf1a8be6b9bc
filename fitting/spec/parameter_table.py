"""Parameter table: all parameters of a request in its order, ``sky.i, a.x, a.y, …``.

What varies between images has a row for each: ``a.flux[r], a.flux[g]`` (`fitting.spec.parameter_rows`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property

from fitting.spec.constraints import ConstraintSpec, solved_parameters
from fitting.spec.expressions.expressions import Expression, ExpressionInvalid, is_sum
from fitting.spec.parameter_rows import Place, Row, component_rows, evaluation_order, row_name
from fitting.spec.parameters.parameter_spec import overlap, turned_into
from fitting.spec.parameters.priors import Prior
from fitting.spec.profiles import ParameterDescription
from fitting.spec.request import FitRequest


@dataclass(frozen=True)
class TableParameter:
    """One parameter of one component.

    Attributes:
        name: ``component.parameter``, and ``[image]`` behind it where it differs between images.
        component: the component's name.
        description: unit, scale, period and hard bounds, from the profile.
        value: given value; None where it is linked or was left out.
        min, max: limits in force, None being none. Those of a linked parameter bound nothing by themselves.
        fixed: held at its value.
        prior: density of the value, or None where it is flat.
        constraint: whether it is the value of a constraint and no parameter of a profile.
        expression: the link, or None.
        place: location in the request.
        turn: least value that results give an angle that turns.
    """

    name: str
    component: str
    description: ParameterDescription
    value: float | None
    min: float | None
    max: float | None
    fixed: bool
    expression: Expression | None
    prior: Prior | None = None
    constraint: bool = False
    place: Place = ()
    turn: float = 0.0

    @property
    def free(self) -> bool:
        """Whether fitting varies it."""
        return not self.fixed and self.expression is None

    @property
    def turns(self) -> bool:
        """Whether it is an angle that is reported within one turn."""
        return self.description.period is not None and self.min is None and self.max is None and not self.constraint

    def as_reported(self, value: float) -> float:
        """The value as results give it: an angle that turns in 0 ≤ value < period, or from its minimum on."""
        period = self.description.period
        return self.turn + (value - self.turn) % period if self.turns and period is not None else value


@dataclass(frozen=True)
class ParameterTable:
    """Every parameter of a request: components in its order, parameters in the profile's."""

    parameters: tuple[TableParameter, ...]

    @classmethod
    def of(cls, request: FitRequest) -> ParameterTable:
        """The table of a request, with parameters that it left out included."""
        return cls(tuple(map(_parameter, component_rows(request.components, request.frame_in_use, request.images))))

    @classmethod
    def with_constraints(cls, request: FitRequest) -> ParameterTable:
        """The table of a request without missing values, and a row for each constraint whose parameters it has.

        A bounded constraint is a free row with limits, and the parameter that keeps it becomes a link to that row.
        """
        rows = {row.name: row for row in cls.of(request)}
        values = cls(tuple(rows.values())).values() if request.constraints else {}
        solved = {number: (name, link) for number, name, link in solved_parameters(request.constraints, request.rows())}
        for number, constraint in enumerate(request.constraints):
            if not all(name in rows for name in constraint.parsed_expression.names):
                continue
            row = _constraint_row(constraint, rows)
            if number in solved:
                name, link = solved[number]
                row = replace(row, value=constraint.parsed_expression.value(values), expression=None)
                rows[name] = _link_row(rows[name], link)
            rows[row.name] = row
        return cls(tuple(rows.values()))

    def __iter__(self) -> Iterator[TableParameter]:
        return iter(self.parameters)

    def __len__(self) -> int:
        return len(self.parameters)

    def __getitem__(self, name: str) -> TableParameter:
        return self.parameters[self.index[name]]

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Position of each name."""
        return {parameter.name: position for position, parameter in enumerate(self.parameters)}

    def row_of(self, component: str, parameter: str, image: str) -> int:
        """Position of the row that holds a component's parameter in an image."""
        name = row_name(component, parameter, image)
        return self.index[name if name in self.index else f"{component}.{parameter}"]

    @property
    def names(self) -> tuple[str, ...]:
        """Full names in order."""
        return tuple(parameter.name for parameter in self.parameters)

    @property
    def free(self) -> tuple[TableParameter, ...]:
        """Those that a fit varies, in order: the components of theta."""
        return tuple(parameter for parameter in self.parameters if parameter.free)

    @cached_property
    def linked_rows(self) -> tuple[TableParameter, ...]:
        """Those with an expression, each after all that it reads."""
        expressions = {row.name: row.expression for row in self.parameters if row.expression is not None}
        return tuple(self[name] for name in evaluation_order(expressions))

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of those that have neither value nor expression."""
        return tuple(row.name for row in self.parameters if row.value is None and row.expression is None)

    def with_links(self, known: Mapping[str, float]) -> dict[str, float]:
        """What is known, with every link that can be worked out from it."""
        values = dict(known)
        for row in self.linked_rows:
            if row.expression is not None and all(name in values for name in row.expression.names):
                with suppress(ExpressionInvalid):
                    values[row.name] = row.expression.value(values)
        return values

    def values(self, changed: Mapping[str, float] | None = None) -> dict[str, float]:
        """Values of all, links worked out, with `changed` in place of those given.

        Raises:
            KeyError: a parameter has no value yet (see `missing`).
            ExpressionInvalid: a link has no finite value.
        """
        known = {row.name: row.value for row in self.parameters if row.value is not None} | dict(changed or {})
        for row in self.linked_rows:
            if row.expression is not None:
                known[row.name] = row.expression.value(known)
        return {row.name: known[row.name] for row in self.parameters}


def _parameter(row: Row) -> TableParameter:
    low, high = row.spec.limits(row.description)
    spec, period, turn = row.spec, row.description.period, 0.0
    value = None if spec.value is None else turned_into(spec.value, period, low, high)
    if period is not None and (low is None or high is None or high - low >= period):
        turn = 0.0 if low is None or high is None else low
        low = high = None  # an angle can turn round: these limits leave nothing out
    return TableParameter(
        row.name,
        row.component,
        row.description,
        value,
        low,
        high,
        spec.fixed,
        row.expression,
        spec.prior,
        place=row.place,
        turn=turn,
    )


def _constraint_row(constraint: ConstraintSpec, rows: Mapping[str, TableParameter]) -> TableParameter:
    """The value of a constraint as a row that follows its parameters; of their unit if they are only added."""
    expression = constraint.parsed_expression
    read = [rows[name] for name in expression.names]
    units = {(row.description.unit, row.description.period) for row in read}
    unit, period = units.pop() if len(units) == 1 and is_sum(expression) else ("", None)
    low, high = constraint.limits
    description = ParameterDescription(
        name=constraint.expression, unit=unit, description="The value of a constraint.", period=period
    )
    return TableParameter(
        constraint.expression,
        read[0].component,
        description,
        None,
        low,
        high,
        fixed=False,
        expression=expression,
        prior=constraint.prior,
        constraint=True,
    )


def _link_row(row: TableParameter, link: Expression) -> TableParameter:
    """A row that keeps a constraint: its limits are from now on those of the values that its profile may have."""
    low, high = overlap((row.min, row.max), (row.description.lowest, row.description.highest))
    description = row.description.model_copy(update={"lowest": low, "highest": high})
    return replace(row, description=description, value=None, expression=link)
