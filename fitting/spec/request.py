"""Request of a fit: images, components, stages and how to run them; and the hash by which two are the same.

A `FitRequest` is frozen; what is to differ is a new one:

    >>> from fitting.spec import parse_request
    >>> galaxy = {"name": "a", "profile": "sersic", "parameters": {"x": 67.5, "y": 70.1}}
    >>> request = parse_request({"images": [{"data": "galaxy.fits"}], "components": [galaxy]})
    >>> [row.name for row in request.rows()]
    ['a.x', 'a.y', 'a.q', 'a.pa', 'a.n', 'a.r_e', 'a.i_e']
    >>> request.with_values({"a.n": 4.0}).components[0].parameters["n"].value
    4.0
    >>> [str(plane) for _, plane in request.with_references({"galaxy.fits": "up-1"}).references()]
    ['up-1']
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import (
    Field,
    GetJsonSchemaHandler,
    SerializeAsAny,
    Strict,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails

from fitting.spec.agreement import (
    first_faults,
    frame_faults,
    group_faults,
    point_source_faults,
    psf_faults,
    repeated_names,
    size_faults,
    varied_faults,
)
from fitting.spec.components import MAX_COMPONENTS, ComponentSpec
from fitting.spec.constraints import ConstraintSpec, constraint_faults
from fitting.spec.documents import (
    MAX_IMAGES,
    Document,
    detail,
    did_you_mean,
    excerpt,
    fault_below,
    few_faults,
    json_path,
    refusal,
    refuse,
)
from fitting.spec.handling import HANDLING, Labels, Limits, Name, Webhook
from fitting.spec.images.image_spec import GainNoise, ImageSpec
from fitting.spec.images.noise_spec import NoiseSpec
from fitting.spec.images.references import PlaneReference
from fitting.spec.methods import METHODS, EnsembleOptions, IterativeComponentsOptions, MinimizerOptions, SamplerOptions
from fitting.spec.parameter_rows import Row, component_rows, link_faults
from fitting.spec.parameters.forms import Frame
from fitting.spec.parameters.parameter_spec import AnyParameter, ByImage, Polynomial

MAX_STAGES = 100
"""Stages of a request, at most; chosen by hand."""
MOST_NUMBERS = 200_000_000
"""Numbers that a stage's chains may hold, at most: 1.6 GB as float64; chosen by hand."""
_GAIN = 'a variance such as {"gain": g, "read_noise": r}, or none where the data are electrons'
Members = Annotated[tuple[str, ...], Strict(False)]
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
            raise refusal(f"{excerpt(value)} is not a stage", 'an object such as {"method": "lm"}')
        method = METHODS.get(value["method"]) if isinstance(value["method"], str) else None
        if method is None:
            message = f"unknown method {excerpt(value['method'])}{did_you_mean(value['method'], METHODS)}"
            fault = detail(("method",), message, "one of: " + ", ".join(METHODS))
            raise refuse("StageSpec", [fault])
        if isinstance(value.get("options"), Document):  # Python callers
            return value
        options = {key: item for key, item in value.items() if key != "method"}
        return {"method": method.name, "options": method.options.model_validate(options)}

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """One variant a method: its name, and its options beside it."""
        return {
            "title": "StageSpec",
            "description": "A method and its options.",
            "oneOf": list(map(_stage_schema, METHODS)),
        }

    @classmethod
    def _require_few_unknown(cls, value: dict[Any, Any]) -> None:
        """Nothing: the options beside the method are theirs who read them."""

    @model_serializer(mode="plain")
    def _without_nulls(self) -> dict[str, Any]:  # type: ignore[override]
        return {"method": self.method, **self.options.model_dump(mode="json", exclude_unset=True)}


def _stage_schema(method: str) -> JsonSchemaValue:
    """JSON Schema of a stage of one method."""
    options = METHODS[method].options.model_json_schema()
    properties = {"method": {"const": method}, **options.get("properties", {})}
    required = ["method", *options.get("required", [])]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


class FitRequest(Document):
    """What to fit, to which images, and how. Made by `fitting.spec.parse_request`.

    Attributes:
        name: what the user calls it; may be empty.
        labels: words to find it by among others.
        frame: in what positions, lengths and intensities are given; None means ``pixel`` for one image, ``sky`` for
            several.
        images: each of its own grid, noise, point-spread function and band; names are unique.
        components: their light is summed; names are unique.
        constraints: bounds and priors of expressions of parameters.
        groups: names of components whose total flux and magnitude, and shares in it, are reported, by a group's name.
        stages: run in order; none means the model at the given parameters.
        noise: of the pixels, that is the likelihood.
        seed: of everything random.
        device: where to run; ``gpu`` and ``cuda`` mean the same.
        limits: what the fit may take at most, on a service.
        webhook: https URL that a service tells when the fit is final.
        reuse: whether a service may answer with an earlier result of the same request on the same files.
    """

    name: Name = ""
    labels: Labels = ()
    frame: Frame | None = None
    images: Annotated[
        tuple[ImageSpec, ...], Strict(False), Field(max_length=MAX_IMAGES), few_faults(ImageSpec, MAX_IMAGES)
    ]
    components: Annotated[
        tuple[ComponentSpec, ...],
        Strict(False),
        Field(max_length=MAX_COMPONENTS),
        few_faults(ComponentSpec, MAX_COMPONENTS),
    ]
    constraints: Annotated[
        tuple[ConstraintSpec, ...],
        Strict(False),
        Field(max_length=MAX_COMPONENTS),
        few_faults(ConstraintSpec, MAX_COMPONENTS),
    ] = ()
    groups: Annotated[dict[str, Members], Field(max_length=MAX_COMPONENTS)] = Field(default_factory=dict)
    stages: Annotated[
        tuple[StageSpec, ...], Strict(False), Field(max_length=MAX_STAGES), few_faults(StageSpec, MAX_STAGES)
    ] = ()
    noise: NoiseSpec = NoiseSpec()
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    device: Device = "auto"
    limits: Limits | None = None
    webhook: Webhook | None = None
    reuse: bool = False

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
    def _parts_fit_together(self) -> Self:
        faults = size_faults(self.components, self.frame_in_use, self.images)
        faults = faults or first_faults(
            repeated_names("components", self.components),
            repeated_names("images", self.images),
            frame_faults(self.components, self.frame_in_use),
            varied_faults(self.components, self.images),
            psf_faults(self.components, self.images),
            point_source_faults(self.components, self.images),
            group_faults(self.groups, self.components),
        )
        if faults:
            raise refuse("FitRequest", faults)
        rows = self.rows()
        options = [stage.options for stage in self.stages]
        faults = first_faults(link_faults(rows, frozenset()))
        faults = faults or constraint_faults(self.constraints, rows)
        faults = faults or first_faults(stage_faults(options, self.components, rows))
        if faults:
            raise refuse("FitRequest", faults)
        return self

    @property
    def frame_in_use(self) -> Frame:
        """The frame, said or not."""
        return self.frame or ("pixel" if len(self.images) == 1 else "sky")

    def seen_in(self, image: str) -> tuple[ComponentSpec, ...]:
        """The components that an image shows."""
        return tuple(item for item in self.components if item.images is None or image in item.images)

    def rows(self) -> tuple[Row, ...]:
        """The rows of the parameter table, without those of constraints."""
        return tuple(component_rows(self.components, self.frame_in_use, self.images))

    def document(self) -> dict[str, Any]:
        """The request as JSON that parses back to an equal request."""
        written = self.model_dump(mode="json")
        return written if self.groups else {key: item for key, item in written.items() if key != "groups"}

    def references(self) -> list[tuple[str, PlaneReference]]:
        """JSON path and reference of every file that the request names."""
        named = [
            (("images", index, *location), plane)
            for index, image in enumerate(self.images)
            for location, plane in image.references()
        ]
        named += [
            (("components", index, *location), plane)
            for index, component in enumerate(self.components)
            for location, plane in component.references()
        ]
        return [(json_path(location), plane) for location, plane in named]

    def with_references(self, mapping: Mapping[str, str]) -> Self:
        """The same request with files renamed (path to upload id); names that the mapping lacks stay."""
        images = tuple(image.with_references(mapping) for image in self.images)
        components = tuple(component.with_references(mapping) for component in self.components)
        return self.model_copy(update={"images": images, "components": components})

    def with_values(self, values: Mapping[str, float]) -> Self:
        """The same request with these values, by their rows' names; limits and links stay as they are."""
        components = [dict(component.parameters) for component in self.components]
        for row in component_rows(self.components, self.frame_in_use, self.images):
            if row.name in values and row.expression is None:
                _put_value(components[int(row.place[1])], row, float(values[row.name]))
        pairs = zip(self.components, components, strict=True)
        return self.model_copy(
            update={"components": tuple(item.model_copy(update={"parameters": new}) for item, new in pairs)}
        )


def _put_value(parameters: dict[str, AnyParameter], row: Row, value: float) -> None:
    """Write one row's value into a component's parameters."""
    name = str(row.place[3])
    spec = row.spec.model_copy(update={"value": value})
    written = parameters.get(name)
    image = row.name.partition("[")[2].removesuffix("]")
    if isinstance(written, Polynomial):
        order = int(row.place[-1])
        coefficients = (*written.polynomial[:order], spec, *written.polynomial[order + 1 :])
        parameters[name] = written.model_copy(update={"polynomial": coefficients})
    elif image:
        others = written.by_image if isinstance(written, ByImage) else {}
        parameters[name] = ByImage(by_image={**others, image: spec})
    else:
        parameters[name] = spec


def stage_faults(
    stages: Sequence[Document], components: Sequence[ComponentSpec], rows: Sequence[Row]
) -> Iterator[InitErrorDetails]:
    """Faults of stages, given by their options, that do not suit the components or the free rows of the table."""
    free = [row.name for row in rows if row.expression is None and not row.spec.fixed]
    for place, options in enumerate(stages):
        for fault in _option_faults(options, components, free):
            yield fault_below(fault, ("stages", place))


def _option_faults(
    options: Document, components: Sequence[ComponentSpec], free: Sequence[str]
) -> Iterator[InitErrorDetails]:
    if isinstance(options, MinimizerOptions):
        yield from options.not_free(free)
    if isinstance(options, IterativeComponentsOptions):
        yield from options.unknown_components([component.name for component in components])
    if isinstance(options, EnsembleOptions):
        yield from options.too_few_walkers(len(free))
    if isinstance(options, SamplerOptions):
        chains = options.chain_count(len(free))
        if options.samples * chains * len(free) > MOST_NUMBERS:
            message = f"{options.samples} draws of {chains} chains in {len(free)} free parameters are too many to keep"
            yield detail(("samples",), message, f"at most {MOST_NUMBERS // (chains * len(free))}")


def request_sha256(request: FitRequest, contents: Mapping[str, str]) -> str:
    """SHA-256, in hexadecimal, of a request and its files.

    It is of the request as JSON, keys sorted and without space between, with each file's own hash in the place of its
    name, however that is written, and without what only says how the fit is called and handled (`HANDLING`).

    Args:
        request: any.
        contents: SHA-256 of each file that the request names.
    """
    document = request.with_references({name: f"sha256:{value}" for name, value in contents.items()}).document()
    plain = {key: value for key, value in document.items() if key not in HANDLING}
    plain["images"] = [{key: _one_form(value) for key, value in image.items()} for image in plain["images"]]
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _one_form(plane: Any) -> Any:
    """A reference to a plane in its one-text form, with what stands beside it."""
    if not isinstance(plane, dict):
        return plane
    for key in ("upload", "path", "image"):
        if key in plane:
            beside = {name: value for name, value in plane.items() if name not in (key, "hdu")}
            file = plane[key] if "hdu" not in plane else f"{plane[key]}[{plane['hdu']}]"
            return {"file": _one_form(file), **beside} if beside else _one_form(file)
    return plane
