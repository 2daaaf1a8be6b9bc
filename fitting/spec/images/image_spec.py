"""Image of a request: its planes, noise, point-spread function, scale and window."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    Field,
    GetJsonSchemaHandler,
    SerializerFunctionWrapHandler,
    Strict,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from fitting.spec.documents import Document, detail, excerpt, refusal, refuse
from fitting.spec.images.mask_shapes import MOST_SHAPES, MaskShape
from fitting.spec.images.references import EXPECTED, MaskReference, PlaneReference, SegmentReference, reference_schemas

Positive = Annotated[float, Field(gt=0.0)]
NonNegative = Annotated[float, Field(ge=0.0)]
Length = Annotated[float, Field(ge=0.01, le=100.0)]
ImageName = Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.\-]*$")]
Convention = Literal["discrete", "effective"]
_PLANES = ("data", "variance", "weight", "sigma", "mask", "other_segments")
MOST_NODES = 400
"""Nodes of a grid of PSFs, at most: 20 × 20, each convolved by itself; chosen by hand."""
MOST_FINE = 20
"""Pixels of a PSF image to one of the image, along an axis, at most; chosen by hand."""


class ConstantNoise(Document):
    """The same variance (or weight, or sigma) in every pixel."""

    constant: Positive


class GainNoise(Document):
    """Variance from the light m of the model: (m + subtracted_sky)/gain + (read_noise/gain)^2.

    Attributes:
        gain: electrons per data unit.
        read_noise: electrons.
        subtracted_sky: sky level that was taken from the data, in data units.
    """

    gain: Positive
    read_noise: NonNegative = 0.0
    subtracted_sky: float = 0.0


class DatumShape(Document):
    """What the noise of each pixel's own datum d is made of: the variance is scatter^2 + |d - sky|/gain.

    Attributes:
        gain: electrons per data unit.
        sky: level that the photons are counted from, data units; minus what was subtracted from the data.
        scatter: standard deviation of what else there is, data units: of the sky, or of the amplifier.
    """

    gain: Positive
    sky: float = 0.0
    scatter: NonNegative = 0.0


class DatumNoise(Document):
    """Variance from each pixel's own datum, as GALFIT and imfit make it where no noise image is given.

    Such weights favour pixels whose noise is downwards, so that light comes out too faint: `GainNoise` is better.
    """

    datum: DatumShape


class AutoNoise(Document):
    """Variance by gain and read noise of the header where it has them, else estimated from the image itself."""

    auto: Literal[True]


class GaussianShape(Document):
    """A circular Gaussian; `fwhm` in pixels."""

    fwhm: Length


class MoffatShape(Document):
    """A circular Moffat function (1 + (r/a)^2)^-beta; `fwhm` in pixels."""

    fwhm: Length
    beta: Annotated[float, Field(gt=1.0, le=100.0)]


class GaussianPsf(Document):
    """A Gaussian point-spread function."""

    gaussian: GaussianShape
    convention: Convention = "discrete"


class MoffatPsf(Document):
    """A Moffat point-spread function (Moffat 1969, A&A 3, 455)."""

    moffat: MoffatShape
    convention: Convention = "discrete"


_BESIDE = ("convention", "oversampling", "recentre")
"""Keys of a PSF image that may stand beside those of its reference."""


class ImagePsf(Document):
    """A point-spread function given as an image.

    As JSON: a plane reference, a reference object with ``convention`` beside it, or ``{"image": reference, …}``.
    `convention` says whether the image is a kernel for pixel values (``discrete``) or holds the response of the image's
    pixels already (``effective``); where it is left out it is as the kind of file has it, ``discrete`` where that is an
    image. `oversampling` is how many of its pixels make one of the image's, along each axis; where it is left out it is
    what its header says, else 1. Its centre is pixel N // 2 (counted from 0) along an axis of N pixels, which for even
    N is GALFIT's too. With `recentre` it is moved so that its centroid is there. The reference may name a model of a
    PSF that changes over the image, such as PSFEx's (`fitting.files.psf_models`).
    """

    image: PlaneReference
    convention: Convention = "discrete"
    oversampling: Annotated[int, Field(ge=1, le=MOST_FINE)] = 1
    recentre: bool = False

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        if isinstance(value, dict) and "image" not in value and ("upload" in value or "path" in value):
            extras = {key: value[key] for key in _BESIDE if key in value}
            return {"image": {key: item for key, item in value.items() if key not in extras}, **extras}
        return {"image": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """A reference, a reference object with the convention beside it, or an object that holds a reference."""
        reference = reference_schemas()
        convention = {"enum": ["discrete", "effective"]}
        fine = {"type": "integer", "minimum": 1, "maximum": MOST_FINE}
        extras = {"convention": convention, "oversampling": fine, "recentre": {"type": "boolean"}}
        beside = [{**form, "properties": {**form["properties"], **extras}} for form in reference[1:]]
        whole = {
            "type": "object",
            "properties": {"image": {"anyOf": reference}, **extras},
            "required": ["image"],
            "additionalProperties": False,
        }
        return {"title": "ImagePsf", "anyOf": [reference[0], *beside, whole]}

    @model_serializer(mode="wrap")
    def _without_nulls(self, handler: SerializerFunctionWrapHandler) -> Any:
        written = {key: value for key, value in handler(self).items() if key in self.model_fields_set}
        return written["image"] if len(written) == 1 else written

    @property
    def asked_convention(self) -> Convention | None:
        """What the request says; None where it is silent."""
        return self.convention if "convention" in self.model_fields_set else None

    @property
    def asked_oversampling(self) -> int | None:
        """What the request says; None where it is silent."""
        return self.oversampling if "oversampling" in self.model_fields_set else None


class PsfNode(Document):
    """A point-spread function as it is at one position of the image, pixels of the full frame."""

    x: float
    y: float
    psf: PlaneReference


class PsfGrid(Document):
    """A point-spread function that changes over the image: images of it at the nodes of a grid, blended bilinearly.

    Outside of the grid it is as at the grid's edge. All are of one size, sampled alike, and of one convention, as
    `ImagePsf` has them.
    """

    grid: Annotated[tuple[PsfNode, ...], Strict(False), Field(min_length=2, max_length=MOST_NODES)]
    oversampling: Annotated[int, Field(ge=1, le=MOST_FINE)] = 1
    convention: Convention = "discrete"
    recentre: bool = False

    @model_serializer(mode="wrap")
    def _without_default(self, handler: SerializerFunctionWrapHandler) -> Any:
        return {key: value for key, value in handler(self).items() if key in self.model_fields_set}

    @property
    def asked_oversampling(self) -> int | None:
        """What the request says; None where it is silent."""
        return self.oversampling if "oversampling" in self.model_fields_set else None

    @model_validator(mode="after")
    def _rows_and_columns(self) -> Self:
        places = [(node.x, node.y) for node in self.grid]
        whole = {(x, y) for x in self.columns for y in self.rows}
        if len(set(places)) < len(places) or set(places) != whole:
            raise refuse("PsfGrid", [detail(("grid",), "is no grid", "each x with each y, once")])
        return self

    @property
    def columns(self) -> tuple[float, ...]:
        """Positions along x, rising."""
        return tuple(sorted({node.x for node in self.grid}))

    @property
    def rows(self) -> tuple[float, ...]:
        """Positions along y, rising."""
        return tuple(sorted({node.y for node in self.grid}))


def _by_key(models: Mapping[str, type[Document]], otherwise: type[Document] | None, expected: str) -> WrapValidator:
    """A validator that picks the model of a union by the key that is present, so that faults name one model only."""

    def pick(value: Any, handler: ValidatorFunctionWrapHandler) -> Document:
        if isinstance(value, Document):
            return handler(value)
        if isinstance(value, dict):
            for key, model in models.items():
                if key in value:
                    return model.model_validate(value)
        if otherwise is None or not (
            isinstance(value, str) or (isinstance(value, dict) and ("upload" in value or "path" in value))
        ):
            raise refusal(f"{excerpt(value)} is not understood here", expected)
        return otherwise.model_validate(value)

    return WrapValidator(pick)


Variance = Annotated[
    PlaneReference | ConstantNoise | GainNoise | DatumNoise | AutoNoise,
    _by_key(
        {"constant": ConstantNoise, "gain": GainNoise, "datum": DatumNoise, "auto": AutoNoise},
        PlaneReference,
        EXPECTED + ', {"constant": v}, {"gain": g, "read_noise": r, "subtracted_sky": s}, '
        '{"datum": {"gain": g, "sky": m, "scatter": s}} or {"auto": true}',
    ),
]
Weight = Annotated[
    PlaneReference | ConstantNoise,
    _by_key({"constant": ConstantNoise}, PlaneReference, EXPECTED + ' or {"constant": v}'),
]
Psf = Annotated[
    ImagePsf | GaussianPsf | MoffatPsf | PsfGrid,
    _by_key(
        {"gaussian": GaussianPsf, "moffat": MoffatPsf, "image": ImagePsf, "grid": PsfGrid},
        ImagePsf,
        EXPECTED + ', {"gaussian": {"fwhm": 4.7}}, {"moffat": {"fwhm": 4.7, "beta": 3}} or '
        '{"grid": [{"x": 0, "y": 0, "psf": file}, …]}; to fit it, a component of role psf',
    ),
]


Bound = Annotated[int, Field(ge=-(2**31), le=2**31)]
PixelRange = Annotated[tuple[Bound, Bound], Strict(False)]


class Window(Document):
    """The part of the frame to fit, half open: ``{"x": [0, 99]}`` is pixels 0 to 98. A missing axis is whole."""

    x: PixelRange | None = None
    y: PixelRange | None = None

    @field_validator("x", "y")
    @classmethod
    def _holds_a_pixel(cls, value: tuple[int, int] | None) -> tuple[int, int] | None:
        if value is not None and value[0] >= value[1]:
            raise refusal(f"{list(value)} holds no pixel", "[first, one past the last]")
        return value


class ImageSpec(Document):
    """One image to fit.

    Attributes:
        variance, weight, sigma: at most one of the three; none means an estimate from the image itself.
        mask: of pixels that are left out: those with one of its `bits`, by default as its observatory has it, else all
            that are not 0.
        mask_shapes: ellipses, boxes and polygons whose pixels are left out, too.
        other_segments: a map of segments; pixels of other segments than the object's own are left out, too.
        mask_saturated: whether saturated pixels are left out, which is so where nothing is said: those at the header's
            level of saturation, and flat tops.
        pixel_scale: arcsec per pixel.
        zero_point: magnitude of one data unit.
        wavelength: of the band, in any unit that all images share; for parameters that are polynomials of it.
    """

    name: ImageName = "image"
    data: PlaneReference
    variance: Variance | None = None
    weight: Weight | None = None
    sigma: Weight | None = None
    mask: MaskReference | None = None
    mask_shapes: Annotated[tuple[MaskShape, ...], Strict(False), Field(max_length=MOST_SHAPES)] | None = None
    other_segments: SegmentReference | None = None
    mask_saturated: bool | None = None
    psf: Psf | None = None
    pixel_scale: Positive | None = None
    zero_point: float | None = None
    wavelength: Positive | None = None
    window: Window | None = None

    @model_validator(mode="after")
    def _one_noise_plane(self) -> Self:
        given = [key for key in ("variance", "weight", "sigma") if getattr(self, key) is not None]
        if len(given) > 1:
            message = f"stands beside {given[0]}, and only one of the two can hold"
            raise refuse("ImageSpec", [detail((key,), message, "one of variance, weight, sigma") for key in given[1:]])
        return self

    def references(self) -> Iterator[tuple[tuple[str | int, ...], PlaneReference]]:
        """Location below this image, and reference, of every file that it names."""
        for key in _PLANES:
            plane = getattr(self, key)
            if isinstance(plane, PlaneReference):
                yield (key,), plane
        if isinstance(self.psf, ImagePsf):
            yield ("psf",), self.psf.image
        if isinstance(self.psf, PsfGrid):
            for place, node in enumerate(self.psf.grid):
                yield ("psf", "grid", place, "psf"), node.psf

    def with_references(self, mapping: Mapping[str, str]) -> Self:
        """The same image with its files renamed; names that the mapping lacks stay."""
        changed: dict[str, Any] = {}

        def rename(plane: PlaneReference) -> PlaneReference:
            return plane.with_file(mapping[plane.file]) if plane.file in mapping else plane

        for key in _PLANES:
            plane = getattr(self, key)
            if isinstance(plane, PlaneReference):
                changed[key] = rename(plane)
        if isinstance(self.psf, ImagePsf):
            changed["psf"] = self.psf.model_copy(update={"image": rename(self.psf.image)})
        if isinstance(self.psf, PsfGrid):
            nodes = tuple(node.model_copy(update={"psf": rename(node.psf)}) for node in self.psf.grid)
            changed["psf"] = self.psf.model_copy(update={"grid": nodes})
        return self.model_copy(update=changed)
