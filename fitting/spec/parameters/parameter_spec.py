"""Parameter as a request gives it: a value, limits, a prior, a link, or what differs between images."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, Any, Self

from pydantic import GetJsonSchemaHandler, Strict, field_validator, model_serializer, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError

from fitting.spec.documents import MAX_IMAGES, Document, detail, excerpt, refusal, refuse
from fitting.spec.expressions.expressions import GRAMMAR, Expression, ExpressionInvalid, parse_expression
from fitting.spec.parameters.priors import Prior, prior_schema, read_prior
from fitting.spec.profiles import ParameterDescription

MOST_COEFFICIENTS = 12
"""Coefficients of a polynomial of wavelength, at most; chosen by hand."""
EXPECTED = 'a number, "= expression", or an object with value, min, max, fixed, prior'


class ParameterSpec(Document):
    """What the request says about one parameter.

    As JSON: a number (the value), a string that begins with ``=`` (a link), or an object.

    Attributes:
        value: start of a free parameter, value of a fixed one; None where photfit is to find one.
        min, max: limits that replace the profile's own; None keeps those, but a null that is written out lifts them: an
            amplitude without a minimum may be negative.
        fixed: whether fitting leaves it alone.
        prior: density of the value before the data are seen; its bounds are limits too.
        expression: text of a link, with its ``=``.
    """

    value: float | None = None
    min: float | None = None
    max: float | None = None
    fixed: bool = False
    prior: Prior | None = None
    expression: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        if isinstance(value, ParameterSpec):
            return value
        if isinstance(value, str):
            return {"expression": _sound_expression(value)}
        if isinstance(value, int | float) and not isinstance(value, bool):
            return {"value": value}
        if not isinstance(value, dict):
            raise refusal(f"{excerpt(value)} is not a parameter", EXPECTED)
        if isinstance(value.get("value"), str) and "expression" not in value:
            try:
                link = _sound_expression(value["value"])
            except PydanticCustomError as error:
                raise refuse("value", [InitErrorDetails(type=error, loc=("value",), input=None)]) from None
            return {key: item for key, item in value.items() if key != "value"} | {"expression": link}
        return value

    @field_validator("prior", mode="before")
    @classmethod
    def _read_prior(cls, value: Any) -> Prior | None:
        return None if value is None else read_prior(value)

    @field_validator("expression")
    @classmethod
    def _parses(cls, value: str | None) -> str | None:
        return None if value is None else _sound_expression(value)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.expression is not None:
            extra = [key for key in ("value", "min", "max") if getattr(self, key) is not None]
            extra += ["fixed"] if self.fixed else []
            if extra:
                message = f"a linked parameter follows its expression and takes no {' or '.join(extra)}"
                raise refusal(message, "the expression alone; limits belong to the parameters that it names")
            if self.prior is not None and not self.prior.keeps_its_bounds:
                message = f"a linked parameter takes no {self.prior.name} prior, whose bounds nothing would keep"
                raise refuse("ParameterSpec", [detail(("prior",), message, "normal or log_normal; or a constraint")])
        if self.fixed and self.value is None:
            raise refuse("ParameterSpec", [detail(("value",), "is missing", "a value, since the parameter is fixed")])
        return self

    @model_serializer(mode="plain")
    def _without_nulls(self) -> Any:  # type: ignore[override]
        kept: dict[str, Any] = {} if self.expression is None else {"value": self.expression}
        kept |= {key: item for key in ("value", "min", "max") if (item := getattr(self, key)) is not None}
        kept |= {key: None for key in ("min", "max") if self.lifts(key)}
        if self.fixed:
            kept["fixed"] = True
        if self.prior is not None:
            kept["prior"] = self.prior.document()
        return kept["value"] if kept.keys() == {"value"} else kept

    @property
    def link(self) -> Expression | None:
        """The parsed expression, or None."""
        return None if self.expression is None else parse_expression(self.expression)

    def limits(self, description: ParameterDescription) -> tuple[float | None, float | None]:
        """The limits in force: the request's, where it is silent the profile's; within the prior's bounds, and within
        what the profile can have.
        """
        low = description.min if self.min is None and not self.lifts("min") else self.min
        high = description.max if self.max is None and not self.lifts("max") else self.max
        limits = overlap((low, high), (description.lowest, description.highest))
        return limits if self.prior is None else overlap(limits, self.prior.bounds)

    def lifts(self, key: str) -> bool:
        """Whether the request says null for a limit, "min" or "max"."""
        return key in self.model_fields_set and getattr(self, key) is None

    def clipped(self, description: ParameterDescription) -> list[tuple[str, float, float]]:
        """Limits beyond what the profile can have: which, as given, and as taken."""
        ends = (("min", self.min, description.lowest, 1.0), ("max", self.max, description.highest, -1.0))
        return [
            (key, given, own)
            for key, given, own, sign in ends
            if given is not None and own is not None and sign * given < sign * own
        ]

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        number = {"type": "number"}
        link = {"type": "string", "pattern": "^\\s*="}
        fields = {
            "value": {"anyOf": [number, link]},
            "min": {"type": ["number", "null"]},
            "max": {"type": ["number", "null"]},
            "fixed": {"type": "boolean"},
            "prior": prior_schema(),
        }
        whole = {"type": "object", "properties": fields, "additionalProperties": False}
        return {"title": "ParameterSpec", "description": EXPECTED, "anyOf": [number, link, whole]}


class ByImage(Document):
    """A parameter with a value of its own in each image: ``{"by_image": {"r": 10, "g": {"value": 8, "min": 0}}}``.

    Its rows are called ``a.flux[r]``. Images that it does not name get a value that photfit finds.
    """

    by_image: dict[str, ParameterSpec]

    @field_validator("by_image", mode="before")
    @classmethod
    def _not_more_than_images(cls, value: Any) -> Any:
        if isinstance(value, dict) and len(value) > MAX_IMAGES:
            raise refusal(f"has {len(value)} values", f"at most {MAX_IMAGES}, one for each image")
        return value

    def leaves(self) -> Iterator[tuple[tuple[str | int, ...], ParameterSpec]]:
        """Location below the parameter, and what is said, of each value."""
        for image, spec in self.by_image.items():
            yield ("by_image", image), spec


class Polynomial(Document):
    """A parameter as a polynomial of wavelength: ``{"polynomial": [5.1, -0.3]}``, lowest order first.

    The value in an image is Σ c_k T_k(t), T_k the Chebyshev polynomials and t the image's `wavelength` moved linearly,
    so that the request's shortest is −1 and its longest 1 (Häußler et al. 2013, MNRAS 430, 330). The coefficients are
    the rows ``a.r_e.c0``, ``a.r_e.c1``, …; the values in the images follow as ``a.r_e[r]``.
    """

    polynomial: Annotated[tuple[ParameterSpec, ...], Strict(False)]

    @field_validator("polynomial", mode="before")
    @classmethod
    def _few(cls, value: Any) -> Any:
        if isinstance(value, list | tuple) and not 1 <= len(value) <= MOST_COEFFICIENTS:
            raise refusal(f"has {len(value)} coefficients", f"1 to {MOST_COEFFICIENTS}")
        return value

    def leaves(self) -> Iterator[tuple[tuple[str | int, ...], ParameterSpec]]:
        """Location below the parameter, and what is said, of each coefficient."""
        for order, spec in enumerate(self.polynomial):
            yield ("polynomial", order), spec


AnyParameter = ParameterSpec | ByImage | Polynomial
"""What a request may say about a parameter."""


def _sound_expression(text: str) -> str:
    """The text of a sound expression; raises a refusal otherwise."""
    try:
        return parse_expression(text).text
    except ExpressionInvalid as error:
        raise refusal(str(error), GRAMMAR) from None


def read_parameter(written: Any) -> AnyParameter:
    """What JSON says about a parameter, whichever way it is written."""
    for key, model in (("by_image", ByImage), ("polynomial", Polynomial)):
        if isinstance(written, dict) and key in written:
            return model.model_validate(written)
    return written if isinstance(written, ByImage | Polynomial) else ParameterSpec.model_validate(written)


def overlap(
    limits: tuple[float | None, float | None], others: tuple[float | None, float | None]
) -> tuple[float | None, float | None]:
    """What lies within both pairs of limits, None being no limit."""
    lows = [low for low in (limits[0], others[0]) if low is not None]
    highs = [high for high in (limits[1], others[1]) if high is not None]
    return max(lows, default=None), min(highs, default=None)


def turned_into(value: float, period: float | None, low: float | None, high: float | None) -> float:
    """The value, of an angle turned by whole periods to where its limits are, if it comes to lie between them."""
    if period is None or (low is None and high is None):
        return value
    turned = value + period * math.ceil((low - value) / period) if low is not None else value
    if low is None and high is not None:
        turned = value - period * math.ceil((value - high) / period)
    return turned if is_within(turned, low, high) else value


def is_within(value: float, low: float | None, high: float | None) -> bool:
    """Whether low <= value <= high, None being no limit."""
    return (low is None or value >= low) and (high is None or value <= high)


def interval(low: float | None, high: float | None) -> str:
    """Limits in words; at least one of the two is there."""
    if low is None:
        return f"at most {high:g}"
    return f"at least {low:g}" if high is None else f"{low:g} to {high:g}"
