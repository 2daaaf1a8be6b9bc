"""Priors on parameters: their names, numbers and bounds. Their densities are in `fitting.problem.priors`.

As JSON: ``{"normal": [2, 1]}``, or by name ``{"normal": {"mean": 2, "sigma": 1}}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, ValidationError, model_validator
from pydantic.json_schema import JsonSchemaValue

from fitting.spec.documents import Document, detail, details, did_you_mean, excerpt, refusal, refuse

Positive = Annotated[float, Field(gt=0.0)]


class Prior(Document):
    """A prior density of a parameter's value, in the unit in which it is reported.

    The fields are the numbers, in the order in which a list gives them.
    """

    name: ClassVar[str]

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """Values outside of these have no density; None is no bound."""
        return None, None

    @property
    def keeps_its_bounds(self) -> bool:
        """Whether the density itself keeps values off what it excludes, so that no limit is needed."""
        return isinstance(self, NormalPrior | LogNormalPrior) and not isinstance(self, TruncatedNormalPrior)

    def document(self) -> dict[str, list[float]]:
        """As JSON."""
        return {self.name: [float(number) for number in self.model_dump().values()]}

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        low, high = self.bounds
        if low is not None and high is not None and low >= high:
            raise refuse("prior", [detail(("min",), f"min {low:g} is not below max {high:g}", "min < max")])
        return self


class NormalPrior(Prior):
    """Normal: exp(-(p - mean)²/(2 sigma²))."""

    name: ClassVar[str] = "normal"
    mean: float
    sigma: Positive


class LogNormalPrior(Prior):
    """Log-normal: ln p is normal; `mean` and `sigma` are those of the natural logarithm."""

    name: ClassVar[str] = "log_normal"
    mean: float
    sigma: Positive

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """Positive values only."""
        return 0.0, None


class UniformPrior(Prior):
    """Uniform between the bounds."""

    name: ClassVar[str] = "uniform"
    min: float
    max: float

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """As given."""
        return self.min, self.max


class LogUniformPrior(UniformPrior):
    """Log-uniform (Jeffreys): proportional to 1/p between the bounds."""

    name: ClassVar[str] = "log_uniform"
    min: Positive
    max: Positive


class TruncatedNormalPrior(NormalPrior):
    """Normal between two bounds, and nothing outside."""

    name: ClassVar[str] = "truncated_normal"
    min: float
    max: float

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """As given."""
        return self.min, self.max


PRIORS: Mapping[str, type[Prior]] = MappingProxyType(
    {prior.name: prior for prior in (NormalPrior, LogNormalPrior, UniformPrior, LogUniformPrior, TruncatedNormalPrior)}
)
"""Every prior by its name."""


def read_prior(value: Any) -> Prior:
    """The prior that JSON describes; raises faults below its place."""
    if isinstance(value, Prior):
        return value
    if not isinstance(value, dict) or len(value) != 1:
        raise refusal(f"{excerpt(value)} is not a prior", 'an object such as {"normal": [2, 1]}')
    ((name, numbers),) = value.items()
    if name not in PRIORS:
        raise refusal(f"unknown prior {excerpt(name)}{did_you_mean(name, PRIORS)}", "one of: " + ", ".join(PRIORS))
    model = PRIORS[name]
    keys = tuple(model.model_fields)
    if isinstance(numbers, dict):
        return _prior_of(model, name, numbers, {key: key for key in keys})
    if not isinstance(numbers, list | tuple) or len(numbers) != len(keys):
        fault = detail((name,), f"{excerpt(numbers)} does not describe a {name} prior", f"[{', '.join(keys)}]")
        raise refuse("prior", [fault])
    return _prior_of(model, name, dict(zip(keys, numbers, strict=True)), {key: place for place, key in enumerate(keys)})


def _prior_of(model: type[Prior], name: str, numbers: dict[str, Any], places: Mapping[str, str | int]) -> Prior:
    """The prior of these numbers; faults lie at the places where the user wrote them."""
    try:
        return model.model_validate(numbers)
    except ValidationError as error:
        faults = details(error)
        for line in faults:
            first, *rest = line.get("loc", ()) or ("",)
            line["loc"] = (name, places.get(str(first), first), *rest) if first != "" else (name,)
        raise refuse("prior", faults) from None


def prior_schema() -> JsonSchemaValue:
    """JSON Schema of a prior: an object of one name, with a list or an object of numbers."""
    return {"title": "Prior", "oneOf": [_variant(name, model) for name, model in PRIORS.items()]}


def _variant(name: str, model: type[Prior]) -> JsonSchemaValue:
    keys = tuple(model.model_fields)
    number = {"type": "number"}
    listed = {"type": "array", "items": number, "minItems": len(keys), "maxItems": len(keys)}
    named = {
        "type": "object",
        "properties": dict.fromkeys(keys, number),
        "required": list(keys),
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "description": (model.__doc__ or "").splitlines()[0],
        "properties": {name: {"anyOf": [listed, named]}},
        "required": [name],
        "additionalProperties": False,
    }
