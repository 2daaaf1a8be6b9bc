"""A component of the model, and what a request may say about each of its parameters."""

from __future__ import annotations

import keyword
import re
from collections.abc import Container, Mapping
from functools import lru_cache
from typing import Annotated, Any, Self

from pydantic import (
    Field,
    GetJsonSchemaHandler,
    SerializeAsAny,
    SerializerFunctionWrapHandler,
    Strict,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError

from fitting.spec.documents import Document, detail, details, refusal, refuse
from fitting.spec.expressions import GRAMMAR, Expression, ExpressionInvalid, parse_expression
from fitting.spec.faults import shown
from fitting.spec.forms import Frame, alternatives, any_form, described, every_name
from fitting.spec.geometry import ModifierSpec, in_order
from fitting.spec.priors import Prior, prior_schema, read_prior
from fitting.spec.profiles import (
    PROFILE_OPTIONS,
    PROFILES,
    ParameterDescription,
    ProfileDescription,
    ProfileOptions,
)
from fitting.spec.varied import ByImage, Polynomial

EXPECTED = 'a number, "= expression", or an object with value, min, max, fixed, prior'
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}\Z")


class ParameterSpec(Document):
    """What the request says about one parameter.

    As JSON: a number (the value), a string that begins with ``=`` (a link), or an object.

    Attributes:
        value: start of a free parameter, value of a fixed one; None where photfit is to find one.
        min, max: limits that replace the profile's own; None keeps those.
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
            return {"expression": _parsed(value)}
        if isinstance(value, int | float) and not isinstance(value, bool):
            return {"value": value}
        if not isinstance(value, dict):
            raise refusal(f"{shown(value)} is not a parameter", EXPECTED)
        if isinstance(value.get("value"), str) and "expression" not in value:
            try:
                link = _parsed(value["value"])
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
        return None if value is None else _parsed(value)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.expression is not None:
            extra = [key for key in ("value", "min", "max") if getattr(self, key) is not None]
            extra += ["fixed"] if self.fixed else []
            if extra:
                message = f"a linked parameter follows its expression and takes no {' or '.join(extra)}"
                raise refusal(message, "the expression alone; limits belong to the parameters that it names")
            if self.prior is not None and not self.prior.unbounded:
                message = f"a linked parameter takes no {self.prior.name} prior, whose bounds nothing would keep"
                raise refuse("ParameterSpec", [detail(("prior",), message, "normal or log_normal; or a constraint")])
        if self.fixed and self.value is None:
            raise refuse("ParameterSpec", [detail(("value",), "is missing", "a value, since the parameter is fixed")])
        return self

    @model_serializer(mode="plain")
    def _without_nulls(self) -> Any:  # type: ignore[override]
        kept: dict[str, Any] = {} if self.expression is None else {"value": self.expression}
        kept |= {key: item for key in ("value", "min", "max") if (item := getattr(self, key)) is not None}
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
        """The limits in force: the request's, where it is silent the profile's, both within the prior's bounds."""
        low = description.min if self.min is None else self.min
        high = description.max if self.max is None else self.max
        return (low, high) if self.prior is None else meeting((low, high), self.prior.bounds)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        number = {"type": "number"}
        link = {"type": "string", "pattern": "^\\s*="}
        fields = {
            "value": {"anyOf": [number, link]},
            "min": number,
            "max": number,
            "fixed": {"type": "boolean"},
            "prior": prior_schema(),
        }
        whole = {"type": "object", "properties": fields, "additionalProperties": False}
        return {"title": "ParameterSpec", "description": EXPECTED, "anyOf": [number, link, whole]}


ByImage.model_rebuild(_types_namespace={"ParameterSpec": ParameterSpec})
Polynomial.model_rebuild(_types_namespace={"ParameterSpec": ParameterSpec})

AnyParameter = ParameterSpec | ByImage | Polynomial
"""What a request may say about a parameter."""


def _options_of(profile: str, written: Any) -> ProfileOptions | None:
    """Options of a profile, its defaults where none are written; raises a refusal where it has none."""
    known = PROFILE_OPTIONS.get(profile)
    if known is not None:
        return known.model_validate({} if written is None else written)
    if written is not None and profile in PROFILES:
        raise refusal(f"{profile} has no options", "no such key")
    return None


Options = Annotated[
    SerializeAsAny[ProfileOptions] | None,
    WithJsonSchema({"anyOf": [options.model_json_schema() for options in PROFILE_OPTIONS.values()]}),
]


class ComponentSpec(Document):
    """One component: a name, a profile, and its parameters by name (those left out are found in the image).

    Attributes:
        convolve: whether the point-spread function acts on it. Skies are never blurred.
        images: names of the images in which it is seen; None means all.
        options: of the profile, where it has any (`PROFILE_OPTIONS`).
        geometry: modifiers of the isophotes of an elliptical profile.
    """

    name: str
    profile: str
    convolve: bool = True
    images: Annotated[tuple[str, ...], Strict(False), Field(min_length=1)] | None = None
    options: Options = Field(default=None, validate_default=True)
    geometry: Annotated[tuple[ModifierSpec, ...], Strict(False)] = ()
    parameters: dict[str, AnyParameter] = Field(default_factory=dict, validate_default=True)

    @field_validator("name")
    @classmethod
    def _identifier(cls, value: str) -> str:
        if not _NAME.match(value) or keyword.iskeyword(value):
            raise refusal(
                f"{shown(value)} cannot name a component",
                "a letter, then letters, digits or _, 64 at most, and no word of Python's",
            )
        return value

    @field_validator("profile")
    @classmethod
    def _known_profile(cls, value: str) -> str:
        if value not in PROFILES:
            raise refusal(f"unknown profile {shown(value)}", "one of: " + ", ".join(PROFILES))
        return value

    @field_validator("options", mode="before")
    @classmethod
    def _of_the_profile(cls, value: Any, info: ValidationInfo) -> ProfileOptions | None:
        return _options_of(info.data.get("profile", ""), value)

    @field_validator("geometry")
    @classmethod
    def _fits_the_profile(cls, value: tuple[ModifierSpec, ...], info: ValidationInfo) -> tuple[ModifierSpec, ...]:
        profile = PROFILES.get(info.data.get("profile", ""))
        if value and profile is not None and not profile.elliptical:
            raise refusal(f"{profile.name} has no elliptical isophotes to modify", "no geometry")
        names = [item.name for item in value]
        for name in names:
            if names.count(name) > 1:
                raise refusal(f"{name} stands there more than once", "each modifier once")
        return value

    @field_validator("parameters", mode="before")
    @classmethod
    def _read_parameters(cls, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, dict):
            raise refusal(f"{shown(value)} is not an object", "an object of parameters by name")
        profile = _described(info.data)
        specs: dict[str, AnyParameter] = {}
        faults: list[InitErrorDetails] = []
        for name, written in value.items():
            try:
                specs[name] = read_parameter(written)
            except ValidationError as error:
                faults += details(error, (name,))
            else:
                faults += _misfits(name, written, specs[name], profile)
        faults += _missing(value, profile)
        faults += _rivals(value, profile)
        if faults:
            raise refuse("parameters", faults)
        return specs

    @model_serializer(mode="wrap")
    def _without_defaults(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = handler(self)
        defaults = {"convolve": self.convolve, "geometry": not self.geometry, "options": not written.get("options")}
        return {key: item for key, item in written.items() if item is not None and not defaults.get(key, False)}

    @staticmethod
    def sound_part(written: Mapping[str, Any], faulty: Container[str]) -> ComponentSpec:
        """A component whose only faults lie in the parameters named, without those."""
        sound = {name: item for name, item in written.get("parameters", {}).items() if name not in faulty}
        return ComponentSpec.model_construct(
            name=written["name"],
            profile=written["profile"],
            images=None,
            options=_options_of(written["profile"], written.get("options")),
            geometry=tuple(ModifierSpec.model_validate(item) for item in written.get("geometry", ())),
            parameters={name: read_parameter(item) for name, item in sound.items()},
        )

    @property
    def description(self) -> ProfileDescription:
        """The profile's row of `PROFILES`, with the parameters that options and geometry bring."""
        return _completed(self.profile, self.options, self.geometry)

    def described(self, frame: Frame) -> ProfileDescription:
        """The profile with its parameters in the forms that this component uses in a request of that frame."""
        return described(self.description, frame, self.parameters)


@lru_cache(maxsize=4096)
def _completed(profile: str, options: ProfileOptions | None, geometry: tuple[ModifierSpec, ...]) -> ProfileDescription:
    """A profile with the parameters that its options and its geometry give it."""
    known = PROFILES[profile]
    parameters = known.parameters if options is None else options.parameters()
    brought = tuple(parameter for item in in_order(geometry) for parameter in item.parameters)
    return known.model_copy(update={"parameters": (*parameters[:4], *brought, *parameters[4:])})


def _described(sound: Mapping[str, Any]) -> ProfileDescription | None:
    """The same of the sound fields of a component; None where what decides it is not sound."""
    if not {"profile", "options", "geometry"} <= sound.keys():
        return None
    return _completed(sound["profile"], sound["options"], sound["geometry"])


def _parsed(text: str) -> str:
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


def _rivals(given: Mapping[str, Any], profile: ProfileDescription | None) -> list[InitErrorDetails]:
    """Faults of parameters that are given in two forms at once."""
    faults = []
    for own, forms in alternatives(profile).items() if profile is not None else ():
        names = [name for name in (own, *(form.name for form in forms)) if name in given]
        expected = f"one of: {', '.join((own, *(form.name for form in forms)))}"
        faults += [detail((name,), f"stands beside {names[0]}, and only one can hold", expected) for name in names[1:]]
    return faults


def _missing(given: Mapping[str, Any], profile: ProfileDescription | None) -> list[InitErrorDetails]:
    """Faults of the parameters that the request must give and did not."""
    if profile is None:
        return []
    forms = described(profile, "pixel", given).parameters
    needed = [item for item in forms if not item.initialised and item.name not in given]
    return [detail((item.name,), "is missing", f"a value of {profile.name}'s {item.name}") for item in needed]


def _misfits(name: str, written: Any, spec: AnyParameter, profile: ProfileDescription | None) -> list[InitErrorDetails]:
    """Faults of one well-formed parameter against its profile: unknown name, or beyond a limit."""
    if profile is None:
        return []
    description = any_form(profile, name)
    if description is None:
        return [detail((name,), f"{profile.name} has no such parameter", "one of: " + ", ".join(every_name(profile)))]
    if isinstance(spec, ParameterSpec):
        return _limit_faults((name,), written, spec, description, profile)
    faults = []
    for place, leaf in spec.leaves():
        key, item = place
        bounds = coefficient(description, item) if isinstance(item, int) else description
        below = written[key][item] if isinstance(written, dict) else leaf
        faults += _limit_faults((name, *place), below, leaf, bounds, profile)
    return faults


def coefficient(description: ParameterDescription, order: int) -> ParameterDescription:
    """The coefficient of a parameter's polynomial: the first is bounded as the parameter is, the others are not."""
    name = f"{description.name}.c{order}"
    if order == 0:
        return description.model_copy(update={"name": name})
    text = f"Coefficient {order} of the polynomial of {description.name}."
    return ParameterDescription(name=name, unit=description.unit, description=text)


def _limit_faults(
    place: tuple[str | int, ...],
    written: Any,
    spec: ParameterSpec,
    description: ParameterDescription,
    profile: ProfileDescription,
) -> list[InitErrorDetails]:
    faults = [
        detail(
            (*place, key),
            f"{limit:g} is beyond what {profile.name} can have",
            interval(description.lowest, description.highest),
        )
        for key, limit in (("min", spec.min), ("max", spec.max))
        if limit is not None and not within(limit, description.lowest, description.highest)
    ]
    low, high = spec.limits(description)
    if not faults and low is not None and high is not None and low >= high:
        key = "prior" if spec.prior is not None else "min" if spec.min is not None else "max"
        faults.append(detail((*place, key), f"min {low:g} is not below max {high:g}", "min < max; or fix the value"))
    if not faults and spec.value is not None and not within(spec.value, low, high):
        inside = (*place, "value") if isinstance(written, dict) else place
        faults.append(detail(inside, f"{spec.value:g} is outside its limits", interval(low, high)))
    return faults


def meeting(
    limits: tuple[float | None, float | None], others: tuple[float | None, float | None]
) -> tuple[float | None, float | None]:
    """What lies within both pairs of limits, None being no limit."""
    lows = [low for low in (limits[0], others[0]) if low is not None]
    highs = [high for high in (limits[1], others[1]) if high is not None]
    return max(lows, default=None), min(highs, default=None)


def within(value: float, low: float | None, high: float | None) -> bool:
    """Whether low <= value <= high, None being no limit."""
    return (low is None or value >= low) and (high is None or value <= high)


def interval(low: float | None, high: float | None) -> str:
    """Limits in words; at least one of the two is there."""
    if low is None:
        return f"at most {high:g}"
    return f"at least {low:g}" if high is None else f"{low:g} to {high:g}"
