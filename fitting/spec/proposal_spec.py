"""Proposal as a reader asks for it: which planes a file holds, and how to look for sources in its image."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    Strict,
    TypeAdapter,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from fitting.spec.documents import Document, Fault, RequestInvalid, detail, excerpt, refusal, refuse
from fitting.spec.images.image_spec import ImageSpec
from fitting.spec.images.references import PlaneReference
from fitting.spec.validation import read_document

MOST_COMPONENTS = 500
"""Sources of a proposal, at most: a quarter of what a request may have; chosen by hand for the time that it takes."""
PLANES = ("variance", "weight", "sigma", "mask", "psf")
_TARGET = 'the word "centre", [x, y] in pixels, or {"ra": degrees, "dec": degrees}'
_OWN_HDU = re.compile(r"\[(?P<hdu>[^\[\]]+)\](?:\[(?P<plane>[0-9]{1,6})\])?\Z")
_NUMBER = re.compile(r"[0-9]{1,6}\Z")

Number = Annotated[float, Field(gt=-1e12, lt=1e12)]
Position = Annotated[tuple[Number, Number], Strict(False)]
_POSITION: TypeAdapter[tuple[float, float]] = TypeAdapter(Position, config=ConfigDict(strict=True, allow_inf_nan=False))


class CatalogueRow(Document):
    """One source of a catalogue: where it is, and optionally what is known of it.

    Attributes:
        x, y: pixels, the first pixel's centre being 0; or else
        ra, dec: degrees, for which the image needs a WCS.
        magnitude: total, for which a zero point is needed; or else
        flux: total, data units.
        r_e: half-light semi-major axis, pixels.
        q, pa, n: as of a Sérsic component.
    """

    x: Number | None = None
    y: Number | None = None
    ra: Annotated[float, Field(ge=-360.0, le=360.0)] | None = None
    dec: Annotated[float, Field(ge=-90.0, le=90.0)] | None = None
    magnitude: Annotated[float, Field(ge=-100.0, le=100.0)] | None = None
    flux: Annotated[float, Field(gt=0.0)] | None = None
    r_e: Annotated[float, Field(gt=0.0, le=1e5)] | None = None
    q: Annotated[float, Field(ge=0.01, le=1.0)] | None = None
    pa: Number | None = None
    n: Annotated[float, Field(ge=0.1, le=12.0)] | None = None

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if (self.x is None or self.y is None) and (self.ra is None or self.dec is None):
            raise refusal("says no place", "x and y, or ra and dec")
        return self


class SkyPlace(Document):
    """A place on the sky, ICRS, degrees; the image needs a WCS."""

    ra: Annotated[float, Field(ge=-360.0, le=360.0)]
    dec: Annotated[float, Field(ge=-90.0, le=90.0)]


class SearchLimit(Document):
    """Which of the sources found are taken.

    Attributes:
        number: that many, the most significant.
        snr: those with at least that signal to noise of their flux.
        magnitude: those that are at least that bright, for which a zero point is needed.
    """

    number: Annotated[int, Field(ge=1, le=MOST_COMPONENTS)] | None = None
    snr: Annotated[float, Field(gt=0.0, le=1e9)] | None = None
    magnitude: Annotated[float, Field(ge=-100.0, le=100.0)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        return {"number": value} if isinstance(value, int) and not isinstance(value, bool) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """A number alone, or an object."""
        whole = handler.resolve_ref_schema(handler(schema))
        number = {"type": "integer", "minimum": 1, "maximum": MOST_COMPONENTS}
        return {"title": "SearchLimit", "anyOf": [number, whole], "description": whole.pop("description", "")}

    @model_validator(mode="after")
    def _of_something(self) -> Self:
        if self.number is None and self.snr is None and self.magnitude is None:
            raise refusal("limits nothing", "number, snr or magnitude")
        return self


def _read_target(value: object, handler: ValidatorFunctionWrapHandler) -> object:
    if isinstance(value, str):
        if value not in ("centre", "center"):
            raise refusal(f"{excerpt(value)} is no place", _TARGET)
        return handler("centre")
    if isinstance(value, dict):
        return SkyPlace.model_validate(value)
    if isinstance(value, SkyPlace):
        return value
    try:
        return _POSITION.validate_python(value)
    except ValidationError:
        raise refusal(f"{excerpt(value)} is no place", _TARGET) from None


Target = Annotated[Literal["centre"] | Position | SkyPlace, WrapValidator(_read_target)]
TargetModel = Literal["auto", "sersic", "bulge_disc", "point", "point_host"]
Neighbours = Literal["auto", "fit", "mask", "ignore"]


class ProposalSpec(ImageSpec):
    """An image, and how to look for its sources.

    Attributes:
        target: the source that the fit is for: in the centre of the image or its window, at a position in pixels of the
            full frame, or on the sky. Without a window, one is put around it.
        model: what the target is described by, or without a target each bright galaxy: ``sersic``, ``bulge_disc``,
            ``point``, ``point_host`` (a star and the galaxy that it lies in), or ``auto``, that which BIC prefers.
        neighbours: what becomes of the target's, and of sources beyond a limit: ``fit`` each as one Sérsic or point,
            ``mask``, ``ignore``; ``auto`` fits those whose light lies on the target's, and masks the others.
        limit: which of the sources found are taken; a number alone is how many.
        mask_defects: whether saturated stars and bad columns and rows are looked for and masked.
        segmentation: whole numbers, the same for all pixels of one source, 0 where there is none.
        catalogue, positions: sources that are known; at most one of these three, and then none is looked for.
        threshold: least significance of a source, in sigma.
        max_components: how many sources, and components for them, at most, beside the sky.
        profile: of each source that is not taken for a star.
        stars: whether sources that look like the PSF are proposed as stars.
        sky: whether the sky is level, tilted, or as the image says.
        title: what the request is to be called.
    """

    target: Target | None = None
    model: TargetModel = "auto"
    neighbours: Neighbours = "auto"
    limit: SearchLimit | None = None
    mask_defects: bool = True
    segmentation: PlaneReference | None = None
    catalogue: (
        Annotated[tuple[CatalogueRow, ...], Strict(False), Field(min_length=1, max_length=MOST_COMPONENTS)] | None
    ) = None
    positions: (
        Annotated[tuple[Position, ...], Strict(False), Field(min_length=1, max_length=MOST_COMPONENTS)] | None
    ) = None
    threshold: Annotated[float, Field(ge=2.0, le=1000.0)] = 6.0
    max_components: Annotated[int, Field(ge=1, le=MOST_COMPONENTS)] = 50
    profile: Literal["sersic"] = "sersic"
    stars: bool = True
    sky: Literal["auto", "flat_sky", "plane_sky"] = "auto"
    title: Annotated[str, Field(max_length=200)] = ""

    @model_validator(mode="after")
    def _one_list_of_sources(self) -> Self:
        given = [key for key in ("segmentation", "catalogue", "positions") if getattr(self, key) is not None]
        if len(given) > 1:
            message = f"stands beside {given[0]}, and only one of the two can say where the sources are"
            faults = [detail((key,), message, "one of segmentation, catalogue, positions") for key in given[1:]]
            raise refuse("ProposalSpec", faults)
        return self

    @property
    def most_sources(self) -> int:
        """How many sources are taken at most."""
        number = None if self.limit is None else self.limit.number
        return self.max_components if number is None else min(number, self.max_components)

    def references(self) -> Iterator[tuple[tuple[str | int, ...], PlaneReference]]:
        """Location below this document, and reference, of every file that it names."""
        yield from super().references()
        if self.segmentation is not None:
            yield ("segmentation",), self.segmentation

    def image_document(self) -> dict[str, Any]:
        """The image alone, as it stands in a request."""
        document: dict[str, Any] = self.model_dump(mode="json")
        return {key: document[key] for key in ImageSpec.model_fields if key in document}


def parse_proposal(document: object, file: str, form: Literal["upload", "path"]) -> ProposalSpec:
    """Read what is asked of a proposal for a file.

    Beside what a request allows, a plane may be the number of an HDU of that same file, or ``"[NAME]"``; ``hdu`` is the
    data's own, and ``plane`` the number of its plane in a cube.

    Raises:
        RequestInvalid: with every fault.
    """
    if not isinstance(document, dict):
        raise RequestInvalid([Fault("$", "is not an object", "an object; {} proposes with every default")])
    whole = {
        key: _own_plane(value, file, form) if key in (*PLANES, "segmentation") else value
        for key, value in document.items()
    }
    if "data" in whole:
        raise RequestInvalid([Fault("$.data", "is the file itself", "hdu, where it is not the first image")])
    hdu = whole.pop("hdu", None)
    if isinstance(hdu, bool) or not isinstance(hdu, int | str | None):
        raise RequestInvalid([Fault("$.hdu", "is neither a number nor a name", 'an HDU such as 0 or "SCI"')])
    plane = {"plane": whole.pop("plane")} if "plane" in whole else {}
    whole["data"] = {form: file} | ({} if hdu is None else {"hdu": hdu}) | plane
    return read_document(ProposalSpec, whole)


def _own_plane(value: object, file: str, form: str) -> object:
    """The reference to a plane of the same file, where it is written short."""
    if isinstance(value, int) and not isinstance(value, bool):
        return {form: file, "hdu": value}
    if isinstance(value, str) and (match := _OWN_HDU.match(value)):
        hdu = match["hdu"]
        plane = {} if match["plane"] is None else {"plane": int(match["plane"])}
        return {form: file, "hdu": int(hdu) if _NUMBER.match(hdu) else hdu, **plane}
    if isinstance(value, Mapping) and "hdu" in value and set(value) <= {"hdu", "plane", "bits"}:
        return {form: file, **value}
    return value
