"""Component of the model: a profile, and its parameters by name."""

from __future__ import annotations

import keyword
import re
from collections.abc import Container, Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import (
    ConfigDict,
    Field,
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
from pydantic_core import InitErrorDetails

from fitting.spec.documents import (
    MAX_FAULTS,
    MAX_IMAGES,
    Document,
    detail,
    details,
    did_you_mean,
    excerpt,
    few_faults,
    refusal,
    refuse,
)
from fitting.spec.images.references import PlaneReference
from fitting.spec.modifiers import ModifierSpec, in_order
from fitting.spec.parameters.forms import Frame, alternatives, any_form, described_in, every_name, least_with_total
from fitting.spec.parameters.parameter_spec import (
    AnyParameter,
    ParameterSpec,
    interval,
    is_within,
    read_parameter,
    turned_into,
)
from fitting.spec.profiles import (
    PROFILES,
    ParameterDescription,
    ProfileDescription,
    ProfileOptions,
    read_written_formula,
)

MAX_COMPONENTS = 2000
"""Components, and constraints, of a request at most: chosen by hand, above what one image can tell apart."""
Role = Literal["light", "psf"]
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}\Z")


def is_name(text: str) -> bool:
    """Whether a component, or a group of them, may be called so."""
    return _NAME.match(text) is not None and not keyword.iskeyword(text)


def _options_of(profile: str, written: Any) -> ProfileOptions | None:
    """Options of a profile, its defaults where none are written; raises a refusal where it has none."""
    known = PROFILES.get(profile)
    if known is None:
        return None
    if known.psf_model and isinstance(written, dict) and {"convention", "oversampling"} & written.keys():
        reason = "a fitted PSF is a kernel for pixel values, in the image's own pixels"
        expected = 'a "psf" of the image: a file, or {"moffat": {"fwhm": 3, "beta": 3}, "convention": "effective"}'
        raise refusal(reason, expected)
    if known.options is not None:
        return known.options.model_validate({} if written is None else written)
    if written is not None:
        raise refusal(f"{profile} has no options", "no such key")
    return None


Options = Annotated[
    SerializeAsAny[ProfileOptions] | None,
    WithJsonSchema(
        {"anyOf": [each.options.schema_without_definitions() for each in PROFILES.values() if each.options]}
    ),
]


def _with_written_formula(schema: dict[str, Any]) -> None:
    """Put into a component's JSON Schema that a formula, and units of its parameters, may stand beside its profile."""
    options = PROFILES["formula"].options
    assert options is not None
    written = options.schema_without_definitions()["properties"]
    schema["properties"] |= {name: written[name] for name in ("brightness", "bend")}
    for key in ("brightness", "bend"):
        schema["properties"][key].pop("default", None)
    symbol = written["symbols"]["additionalProperties"]["anyOf"][1]
    value = {"type": "number"}, {"type": "string", "pattern": "^\\s*="}
    fixed = {"value": {"anyOf": [*value]}, "fixed": {"type": "boolean"}, "prior": {"type": "object"}}
    with_unit = {**symbol, "properties": symbol["properties"] | fixed}
    schema["properties"]["parameters"]["additionalProperties"]["anyOf"].append(with_unit)


class ComponentSpec(Document):
    """One component: a name, a profile, and its parameters by name (those left out are found in the image).

    Attributes:
        convolve: whether the point-spread function acts on it. Skies are never blurred.
        images: names of the images in which it is seen; None means all.
        role: ``psf`` makes a PSF model the point-spread function of its images, which blurs the other
            components and has no light of its own.
        options: of the profile, where it has any.
        geometry: modifiers of the isophotes of an elliptical profile.
    """

    model_config = ConfigDict(json_schema_extra=_with_written_formula)

    name: str
    profile: str
    convolve: bool = True
    images: Annotated[tuple[str, ...], Strict(False), Field(min_length=1, max_length=MAX_IMAGES)] | None = None
    role: Role = "light"
    options: Options = Field(default=None, validate_default=True)
    geometry: Annotated[tuple[ModifierSpec, ...], Strict(False), few_faults(ModifierSpec, MAX_FAULTS)] = ()
    parameters: dict[str, AnyParameter] = Field(default_factory=dict, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _read_formula(cls, value: Any) -> Any:
        return read_written_formula(value)

    @field_validator("name")
    @classmethod
    def _identifier(cls, value: str) -> str:
        if not is_name(value):
            raise refusal(
                f"{excerpt(value)} cannot name a component",
                "a letter, then letters, digits or _, 64 at most, and no word of Python's",
            )
        return value

    @field_validator("profile")
    @classmethod
    def _known_profile(cls, value: str) -> str:
        if value not in PROFILES:
            raise refusal(
                f"unknown profile {excerpt(value)}{did_you_mean(value, PROFILES)}", "one of: " + ", ".join(PROFILES)
            )
        return value

    @field_validator("role")
    @classmethod
    def _can_blur(cls, value: Role, info: ValidationInfo) -> Role:
        profile = PROFILES.get(info.data.get("profile", ""))
        if value == "psf" and profile is not None and not profile.psf_model:
            models = (item.name for item in PROFILES.values() if item.psf_model)
            raise refusal(f"{profile.name} is no point-spread function", "one of the profiles: " + ", ".join(models))
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
        options = info.data.get("options")
        own = set() if options is None else {item.name for item in options.parameters()}
        twice = [item.name for modifier in value for item in modifier.parameters if item.name in own]
        if twice:
            raise refusal(f"brings a parameter {twice[0]}, which the formula has, too", "another name in the formula")
        return value

    @field_validator("parameters", mode="before")
    @classmethod
    def _read_parameters(cls, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, dict):
            raise refusal(f"{excerpt(value)} is not an object", "an object of parameters by name")
        sound = info.data
        profile: ProfileDescription | None = None  # where what decides it is not sound
        if {"profile", "options", "geometry", "role"} <= sound.keys():
            profile = _whole_description(sound["profile"], sound["options"], sound["geometry"], sound["role"])
        specs: dict[str, AnyParameter] = {}
        faults: list[InitErrorDetails] = []
        for name, written in value.items():
            try:
                specs[name] = read_parameter(written)
            except ValidationError as error:
                faults += details(error, (name,))
            else:
                faults += _misfits(name, written, specs[name], profile, value)
            if len(faults) >= MAX_FAULTS:
                raise refuse("parameters", faults[:MAX_FAULTS])
        faults += _missing(value, profile)
        faults += _rivals(value, profile)
        if faults:
            raise refuse("parameters", faults)
        return specs

    @model_serializer(mode="wrap")
    def _without_defaults(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = handler(self)
        defaults = {
            "convolve": self.convolve,
            "role": self.role == "light",
            "geometry": not self.geometry,
            "options": not written.get("options"),
        }
        return {key: item for key, item in written.items() if item is not None and not defaults.get(key, False)}

    @staticmethod
    def sound_part(written: Mapping[str, Any], faulty: Container[str]) -> ComponentSpec:
        """A component whose only faults lie in the parameters named, without those."""
        sound = {name: item for name, item in written.get("parameters", {}).items() if name not in faulty}
        return ComponentSpec.model_construct(
            name=written["name"],
            profile=written["profile"],
            images=None,
            role=written.get("role", "light"),
            options=_options_of(written["profile"], written.get("options")),
            geometry=tuple(ModifierSpec.model_validate(item) for item in written.get("geometry", ())),
            parameters={name: read_parameter(item) for name, item in sound.items()},
        )

    def references(self) -> Iterator[tuple[tuple[str | int, ...], PlaneReference]]:
        """Location below this component, and reference, of every file that it names."""
        for place, plane in () if self.options is None else self.options.references():
            yield ("options", *place), plane

    def with_references(self, mapping: Mapping[str, str]) -> ComponentSpec:
        """The same component with its files renamed; names that the mapping lacks stay."""
        if self.options is None:
            return self
        return self.model_copy(update={"options": self.options.with_references(mapping)})

    @property
    def description(self) -> ProfileDescription:
        """The profile's row of `PROFILES`, with the parameters that options and geometry bring."""
        return _whole_description(self.profile, self.options, self.geometry, self.role)

    def description_in(self, frame: Frame) -> ProfileDescription:
        """The profile with its parameters in the forms that this component uses in a request of that frame."""
        return described_in(self.description, frame, self.parameters)


@lru_cache(maxsize=4096)
def _whole_description(
    profile: str, options: ProfileOptions | None, geometry: tuple[ModifierSpec, ...], role: Role
) -> ProfileDescription:
    """A profile with the parameters that its options and its geometry give it, and without those that a point-spread
    function does not have.
    """
    known = PROFILES[profile]
    parameters = known.parameters if options is None else options.parameters()
    if role == "psf":
        parameters = tuple(item for item in parameters if item.name not in ("x", "y", "flux"))
    brought = tuple(parameter for item in in_order(geometry) for parameter in item.parameters)
    return known.model_copy(update={"parameters": (*parameters[:4], *brought, *parameters[4:])})


def _rivals(given: Mapping[str, Any], profile: ProfileDescription | None) -> list[InitErrorDetails]:
    """Faults of parameters that are given in two forms at once."""
    faults = []
    for native, forms in alternatives(profile).items() if profile is not None else ():
        names = [name for name in (native, *(form.name for form in forms)) if name in given]
        expected = f"one of: {', '.join((native, *(form.name for form in forms)))}"
        faults += [detail((name,), f"stands beside {names[0]}, and only one can hold", expected) for name in names[1:]]
    return faults


def _missing(given: Mapping[str, Any], profile: ProfileDescription | None) -> list[InitErrorDetails]:
    """Faults of the parameters that the request must give and did not."""
    if profile is None:
        return []
    other = {native: [form.name for form in forms] for native, forms in alternatives(profile).items()}
    needed = [
        item
        for item in profile.parameters
        if not item.initialised and not any(name in given for name in (item.name, *other.get(item.name, ())))
    ]
    return [detail((item.name,), "is missing", f"a value of {profile.name}'s {item.name}") for item in needed]


def _misfits(
    name: str, written: Any, spec: AnyParameter, profile: ProfileDescription | None, given: Mapping[str, Any]
) -> list[InitErrorDetails]:
    """Faults of one well-formed parameter against its profile: unknown name, or beyond a limit."""
    if profile is None:
        return []
    description = described_in(profile, "pixel", given).parameter(name) or any_form(profile, name)
    if description is None:
        message = f"{profile.name} has no such parameter{did_you_mean(name, every_name(profile))}"
        return [detail((name,), message, "one of: " + ", ".join(every_name(profile)))]
    if isinstance(spec, ParameterSpec):
        bound = least_with_total(profile, name, given)
        if bound is not None and spec.value is not None and spec.value <= bound:
            expected = f"more than {bound:g}; or an intensity in the place of the total"
            return [detail((name,), f"at {spec.value:g} the total flux of {profile.name} is infinite", expected)]
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
    ends = (("min", spec.min, description.highest, 1.0), ("max", spec.max, description.lowest, -1.0))
    faults = [
        detail(
            (*place, key),
            f"{limit:g} is beyond what {profile.name} can have",
            interval(description.lowest, description.highest),
        )
        for key, limit, last, sign in ends
        if limit is not None and last is not None and sign * limit >= sign * last
    ]
    low, high = spec.limits(description)
    if not faults and low is not None and high is not None and low >= high:
        key = "prior" if spec.prior is not None else "min" if spec.min is not None else "max"
        faults.append(detail((*place, key), f"min {low:g} is not below max {high:g}", "min < max; or fix the value"))
    value = None if spec.value is None else turned_into(spec.value, description.period, low, high)
    if not faults and value is not None and not is_within(value, low, high):
        inside = (*place, "value") if isinstance(written, dict) else place
        faults.append(detail(inside, f"{spec.value:g} is outside its limits", interval(low, high)))
    return faults
