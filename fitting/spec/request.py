"""A whole request: images, components, stages and how to run them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    Field,
    GetJsonSchemaHandler,
    SerializeAsAny,
    Strict,
    ValidationError,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails

from fitting.spec.components import ComponentSpec, ParameterSpec
from fitting.spec.documents import Document, detail, refusal, refuse
from fitting.spec.faults import json_path, shown
from fitting.spec.images import GainNoise, ImageSpec
from fitting.spec.links import link_faults
from fitting.spec.methods import METHODS
from fitting.spec.noise import NoiseSpec
from fitting.spec.references import PlaneReference

MAX_IMAGES = 1
_GAIN = 'a variance such as {"gain": g, "read_noise": r}, or none where the data are electrons'
MAX_COMPONENTS = 2000
Device = Literal["auto", "cpu", "gpu", "cuda"]


class StageSpec(Document):
    """One stage: a method and its options, which stand beside ``method`` in the JSON."""

    method: str
    options: SerializeAsAny[Document]

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        if isinstance(value, StageSpec):
            return value
        if not isinstance(value, dict) or "method" not in value:
            raise refusal(f"{shown(value)} is not a stage", 'an object such as {"method": "lm"}')
        method = METHODS.get(value["method"]) if isinstance(value["method"], str) else None
        if method is None:
            fault = detail(("method",), f"unknown method {shown(value['method'])}", "one of: " + ", ".join(METHODS))
            raise refuse("StageSpec", [fault])
        if isinstance(value.get("options"), Document):  # Python callers
            return value
        options = {key: item for key, item in value.items() if key != "method"}
        return {"method": method.name, "options": method.options.model_validate(options)}

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """One variant a method: its name, and its options beside it."""
        return {"title": "StageSpec", "description": "A method and its options.", "oneOf": list(map(_variant, METHODS))}

    @model_serializer(mode="plain")
    def _without_nulls(self) -> dict[str, Any]:  # type: ignore[override]
        return {"method": self.method, **self.options.model_dump(mode="json", exclude_unset=True)}


def _variant(method: str) -> JsonSchemaValue:
    """JSON Schema of a stage of one method."""
    options = METHODS[method].options.model_json_schema()
    properties = {"method": {"const": method}, **options.get("properties", {})}
    required = ["method", *options.get("required", [])]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


class FitRequest(Document):
    """What to fit, to which images, and how. Made by `fitting.spec.parse_request`.

    Attributes:
        name: what the user calls it; may be empty.
        images: one image for now.
        components: their light is summed; names are unique.
        stages: run in order; none means the model at the given parameters.
        noise: of the pixels, that is the likelihood.
        seed: of everything random.
        device: where to run; ``gpu`` and ``cuda`` mean the same.
    """

    name: Annotated[str, Field(max_length=200)] = ""
    images: Annotated[tuple[ImageSpec, ...], Strict(False)]
    components: Annotated[tuple[ComponentSpec, ...], Strict(False), Field(max_length=MAX_COMPONENTS)]
    stages: Annotated[tuple[StageSpec, ...], Strict(False), Field(max_length=100)] = ()
    noise: NoiseSpec = NoiseSpec()
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    device: Device = "auto"

    @field_validator("images")
    @classmethod
    def _few_enough(cls, value: tuple[ImageSpec, ...]) -> tuple[ImageSpec, ...]:
        if len(value) > MAX_IMAGES:
            fault = detail((MAX_IMAGES,), "fitting several images at once is not available yet", "one image")
            raise refuse("images", [fault])
        return value

    @field_validator("images", "components")
    @classmethod
    def _at_least_one(cls, value: tuple[Any, ...]) -> tuple[Any, ...]:
        if not value:
            raise refusal("is empty", "at least one")
        return value

    @model_validator(mode="after")
    def _counts_have_no_other_variance(self) -> Self:
        if self.noise.name == "poisson":
            faults = [
                detail(("images", index, key), "does not go with poisson noise, whose variance is the model's", _GAIN)
                for index, image in enumerate(self.images)
                for key in ("variance", "weight", "sigma")
                if (given := getattr(image, key)) is not None and not isinstance(given, GainNoise)
            ]
            if faults:
                raise refuse("FitRequest", faults)
        return self

    @model_validator(mode="after")
    def _components_fit_together(self) -> Self:
        faults = [*repeated_names(self.components), *link_faults(self.components, frozenset())]
        if faults:
            raise refuse("FitRequest", faults)
        return self

    def document(self) -> dict[str, Any]:
        """The request as JSON that parses back to an equal request."""
        return self.model_dump(mode="json")

    def references(self) -> list[tuple[str, PlaneReference]]:
        """JSON path and reference of every file that the request names."""
        return [
            (json_path(("images", index, *location)), plane)
            for index, image in enumerate(self.images)
            for location, plane in image.references()
        ]

    def with_references(self, mapping: Mapping[str, str]) -> Self:
        """The same request with files renamed (path to upload id); names that the mapping lacks stay."""
        return self.model_copy(update={"images": tuple(image.with_references(mapping) for image in self.images)})

    def with_values(self, values: Mapping[str, float]) -> Self:
        """The same request with these values, by ``component.parameter``; limits and links stay as they are."""
        return self.model_copy(
            update={"components": tuple(_with_values(component, values) for component in self.components)}
        )


def _with_values(component: ComponentSpec, values: Mapping[str, float]) -> ComponentSpec:
    parameters = dict(component.parameters)
    for name in component.description.names:
        full = f"{component.name}.{name}"
        if full in values:
            parameters[name] = parameters.get(name, ParameterSpec()).model_copy(update={"value": float(values[full])})
    return component.model_copy(update={"parameters": parameters})


def repeated_names(components: Iterable[ComponentSpec | None]) -> list[InitErrorDetails]:
    """Faults of component names that were used before."""
    seen: set[str] = set()
    faults = []
    for index, component in enumerate(components):
        if component is None:
            continue
        if component.name in seen:
            message = f"the name {shown(component.name)} is already taken"
            faults.append(detail(("components", index, "name"), message, "a name that no other component has"))
        seen.add(component.name)
    return faults


def component_faults(written: list[Any]) -> list[InitErrorDetails]:
    """Faults between components where not all of them are sound: what is sound is still held together."""
    components = [_sound_part(item) for item in written[:MAX_COMPONENTS]]
    names = [item.get("name") for item in written if isinstance(item, dict)]
    broken = {name for name in names if isinstance(name, str)} - {item.name for item in components if item}
    return [*repeated_names(components), *link_faults(components, frozenset(broken))]


def _sound_part(written: Any) -> ComponentSpec | None:
    """The component without its faulty parameters, or None where the fault lies elsewhere."""
    try:
        return ComponentSpec.model_validate(written)
    except ValidationError as error:
        places = [line["loc"] for line in error.errors(include_url=False)]
    if any(len(place) < 2 or place[0] != "parameters" for place in places):
        return None
    faulty = {place[1] for place in places}
    sound = {name: item for name, item in written["parameters"].items() if name not in faulty}
    return ComponentSpec.model_construct(
        name=written["name"],
        profile=written["profile"],
        parameters={name: ParameterSpec.model_validate(item) for name, item in sound.items()},
    )
