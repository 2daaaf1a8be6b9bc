"""Parameter of a component, as it is given: a value alone, with limits, fixed, linked, or with a prior."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from types import EllipsisType
from typing import Any, TypeAlias

from photfit.model.links import Link, Names


@dataclass(frozen=True)
class Parameter:
    """A parameter with more than a value.

    >>> from photfit import Parameter
    >>> Parameter(2.5, min=0.5, prior={"normal": [2, 1]}).document()
    {'value': 2.5, 'min': 0.5, 'prior': {'normal': [2, 1]}}

    Attributes:
        value: start of a free parameter, value of a fixed one, in the unit that its component says; None where it is to
            be found in the image; a `Link` where it follows from others, which then takes no limits.
        min, max: limits; None lifts the profile's own, and what is left out keeps it.
        fixed: whether fitting leaves it alone.
        prior: such as ``{"normal": [2, 1]}``, ``{"log_uniform": [1, 100]}``.
    """

    value: float | Link | None = None
    min: float | EllipsisType | None = ...
    max: float | EllipsisType | None = ...
    fixed: bool = False
    prior: Mapping[str, Any] | None = None

    def document(self, names: Names | None = None) -> dict[str, Any]:
        """As a request has it."""
        written: dict[str, Any] = {} if self.value is None else {"value": plain(self.value, names)}
        limits = {"min": self.min, "max": self.max}
        written |= {key: plain(limit) for key, limit in limits.items() if not isinstance(limit, EllipsisType)}
        if self.fixed:
            written["fixed"] = True
        if self.prior is not None:
            written["prior"] = plain(self.prior)
        return written


Value: TypeAlias = (
    float | tuple[float | None, float | None, float | None] | Parameter | Link | str | Mapping[str, Any] | None
)
"""What a component takes for a parameter: its value, ``(value, min, max)`` with None for what is to be as it is by
itself, a `Parameter`, a link (``other.pa + 90``, or its text ``"= other.pa + 90"``), or what a request's JSON has
there, such as ``{"value": 3, "fixed": True}`` or ``{"by_image": {"r": 10, "g": 8}}``. None is found in the image.
"""


def parameter_document(value: Value, names: Names | None = None) -> Any:
    """What a request has for a parameter that was given so."""
    if isinstance(value, tuple):
        if len(value) != 3:
            raise TypeError(f"{value!r} is no parameter: give (value, min, max), with None for what is to stay")
        return {
            key: plain(item, names)
            for key, item in zip(("value", "min", "max"), value, strict=True)
            if item is not None
        }
    return plain(value, names)


def plain(value: Any, names: Names | None = None) -> Any:
    """A value as JSON of a request: objects by their `document`, NumPy's numbers as Python's, containers by member."""
    if isinstance(value, Link | Parameter):
        return value.document(names)
    if isinstance(value, Mapping):
        return {key: plain(item, names) for key, item in value.items()}
    if isinstance(value, list | tuple | range):
        return [plain(item, names) for item in value]
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    return _other(value)


def _other(value: Any) -> Any:
    """What stands for itself by a method: other objects of the model, and NumPy's booleans and arrays of few."""
    if hasattr(value, "document"):
        return value.document()
    if hasattr(value, "unit") and hasattr(value, "to_value"):
        raise TypeError(f"{value} is a quantity: give the number alone, in the unit that a request has there")
    return value.tolist() if hasattr(value, "tolist") and getattr(value, "ndim", 2) <= 1 else value
