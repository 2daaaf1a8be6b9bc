"""The flat list of all parameters of a request, in its order: ``sky.i, a.x, a.y, …``.

What varies between images has a row for each: ``a.flux[r], a.flux[g]`` (`fitting.spec.rows`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from fitting.spec.expressions import Expression
from fitting.spec.links import evaluation_order
from fitting.spec.priors import Prior
from fitting.spec.profiles import ParameterDescription
from fitting.spec.request import FitRequest
from fitting.spec.rows import Place, Row, component_rows, row_name


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
        expression: the link, or None.
        place: location in the request.
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
    place: Place = ()

    @property
    def free(self) -> bool:
        """Whether fitting varies it."""
        return not self.fixed and self.expression is None


@dataclass(frozen=True)
class ParameterTable:
    """Every parameter of a request: components in its order, parameters in the profile's."""

    parameters: tuple[TableParameter, ...]

    @classmethod
    def of(cls, request: FitRequest) -> ParameterTable:
        """The table of a request, with parameters that it left out included."""
        return cls(tuple(map(_parameter, component_rows(request.components, request.frame_in_use, request.images))))

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
    def linked(self) -> tuple[TableParameter, ...]:
        """Those with an expression, each after all that it reads."""
        expressions = {row.name: row.expression for row in self.parameters if row.expression is not None}
        return tuple(self[name] for name in evaluation_order(expressions))

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of those that have neither value nor expression."""
        return tuple(row.name for row in self.parameters if row.value is None and row.expression is None)

    def values(self, changed: Mapping[str, float] | None = None) -> dict[str, float]:
        """Values of all, links worked out, with `changed` in place of those given.

        Raises:
            KeyError: a parameter has no value yet (see `missing`).
            ExpressionInvalid: a link has no finite value.
        """
        known = {row.name: row.value for row in self.parameters if row.value is not None} | dict(changed or {})
        for row in self.linked:
            if row.expression is not None:
                known[row.name] = row.expression.value(known)
        return {row.name: known[row.name] for row in self.parameters}


def _parameter(row: Row) -> TableParameter:
    low, high = row.spec.limits(row.description)
    spec = row.spec
    return TableParameter(
        row.name,
        row.component,
        row.description,
        spec.value,
        low,
        high,
        spec.fixed,
        row.expression,
        spec.prior,
        row.place,
    )
