"""References to planes: which file, and which HDU of it."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import Field, GetJsonSchemaHandler, Strict, model_serializer, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from fitting.spec.documents import Document, excerpt, refusal

EXPECTED = 'an upload id or path such as "galaxy.fits" or "galaxy.fits[1]", or {"upload": id, "hdu": 0}'
_WITH_HDU = re.compile(r"(?P<file>.+?)\[(?P<hdu>[^\[\]]+)\](?:\[(?P<plane>[0-9]{1,6})\])?\Z", re.DOTALL)
_NUMBER = re.compile(r"[0-9]{1,6}\Z")

FileName = Annotated[str, Field(min_length=1, max_length=4096)]


class PlaneReference(Document):
    """One image plane: a file (upload id or path) and an HDU in it.

    As JSON: ``"file"``, ``"file[hdu]"``, ``{"upload": id, "hdu": 0}`` or ``{"path": p, "hdu": "SCI"}``; of a cube
    ``"file[hdu][plane]"``, or an object with ``"plane": 3``; of a file in an archive an object with ``"member": name``.

    Attributes:
        file: upload id, path, or name of a part of a multipart request.
        member: name of a file in a zip or tar archive, which `file` is then.
        hdu: number counted from 0, or EXTNAME; None means HDU 0 or the first that holds an image.
        plane: number, counted from 0, of the plane of a cube, in the order in which they are stored.
        form: how the request wrote it.
    """

    file: FileName
    member: FileName | None = None
    hdu: Annotated[int, Field(ge=0)] | Annotated[str, Field(min_length=1, max_length=80)] | None = None
    plane: Annotated[int, Field(ge=0, le=999_999)] | None = None
    form: Literal["bare", "upload", "path"] = "bare"

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        return value if isinstance(value, PlaneReference) else _read_reference(value)

    @model_serializer(mode="plain")
    def _without_nulls(self) -> Any:  # type: ignore[override]
        if self.form == "bare" and self.member is None and PlaneReference.model_validate(str(self)) == self:
            return str(self)
        key = "upload" if self.form == "upload" else "path"
        return {key: self.file} | self._place()

    def _place(self) -> dict[str, Any]:
        """What is said beside the file."""
        return {key: value for key in ("member", "hdu", "plane") if (value := getattr(self, key)) is not None}

    def __str__(self) -> str:
        hdu = "" if self.hdu is None else f"[{self.hdu}]"
        return f"{self.named}{hdu}" if self.plane is None else f"{self.named}{hdu or '[0]'}[{self.plane}]"

    @property
    def named(self) -> str:
        """The file, in a sentence: of one in an archive both names."""
        return self.file if self.member is None else f"{self.file}/{self.member}"

    def with_file(self, file: str) -> Self:
        """The same plane of another file name."""
        return self.model_copy(update={"file": file, "form": "bare" if self.form == "path" else self.form})

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"title": "PlaneReference", "description": EXPECTED, "anyOf": reference_schemas()}


Bit = Annotated[int, Field(ge=0, le=62)] | Annotated[str, Field(min_length=1, max_length=68)]


class MaskReference(PlaneReference):
    """A mask: an image plane, and which of its bits leave a pixel out.

    As JSON: as `PlaneReference`, and objects may have ``"bits": ["SAT", 3]``, or ``"bits": "any"``.

    Attributes:
        bits: numbers counted from 0, or names that the mask's header or its observatory has; ``any`` where every value
            but 0 masks; None where the observatory's rule holds.
    """

    bits: Literal["any"] | Annotated[tuple[Bit, ...], Strict(False), Field(min_length=1, max_length=63)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_bits(cls, value: Any) -> Any:
        if not isinstance(value, dict) or "bits" not in value or "file" in value:
            return value
        rest = {key: item for key, item in value.items() if key != "bits"}
        return {**_read_reference(rest), "bits": value["bits"]}

    @model_serializer(mode="plain")
    def _with_bits(self) -> Any:
        plane = PlaneReference(file=self.file, member=self.member, hdu=self.hdu, plane=self.plane, form=self.form)
        if self.bits is None:
            return plane.model_dump()
        where: dict[str, Any] = {"path" if self.form == "path" else "upload": self.file} | self._place()
        return {**where, "bits": "any" if self.bits == "any" else list(self.bits)}

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        bit = {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 62}, {"type": "string", "minLength": 1}]}
        bits = {"anyOf": [{"const": "any"}, {"type": "array", "items": bit, "minItems": 1, "maxItems": 63}]}
        text, *objects = reference_schemas()
        wider = [{**form, "properties": {**form["properties"], "bits": bits}} for form in objects]
        return {"title": "MaskReference", "description": f"{EXPECTED}; objects may have bits", "anyOf": [text, *wider]}


class SegmentReference(PlaneReference):
    """A segmentation map: an image plane whose pixels are numbers of segments, 0 where there is none.

    As JSON: as `PlaneReference`, and objects may have ``"segment": 17``.

    Attributes:
        segment: of the object that is fitted; None means the one in the middle of the window.
    """

    segment: Annotated[int, Field(ge=0, lt=2**53)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_segment(cls, value: Any) -> Any:
        if not isinstance(value, dict) or "segment" not in value or "file" in value:
            return value
        rest = {key: item for key, item in value.items() if key != "segment"}
        return {**_read_reference(rest), "segment": value["segment"]}

    @model_serializer(mode="plain")
    def _with_segment(self) -> Any:
        plane = PlaneReference(file=self.file, member=self.member, hdu=self.hdu, plane=self.plane, form=self.form)
        if self.segment is None:
            return plane.model_dump()
        return {"path" if self.form == "path" else "upload": self.file} | self._place() | {"segment": self.segment}

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        text, *objects = reference_schemas()
        number = {"type": "integer", "minimum": 0}
        wider = [{**form, "properties": {**form["properties"], "segment": number}} for form in objects]
        return {
            "title": "SegmentReference",
            "description": f"{EXPECTED}; objects may have segment",
            "anyOf": [text, *wider],
        }


def reference_schemas() -> list[dict[str, Any]]:
    """JSON Schemas of a reference: as a text, as an upload, as a path."""
    hdu = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string"}]}
    objects = [
        {
            "type": "object",
            "properties": {
                key: {"type": "string"},
                "member": {"type": "string"},
                "hdu": hdu,
                "plane": {"type": "integer", "minimum": 0},
            },
            "required": [key],
            "additionalProperties": False,
        }
        for key in ("upload", "path")
    ]
    return [{"type": "string"}, *objects]


def _read_reference(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        match = _WITH_HDU.match(value)
        if match is None:
            return {"file": value}
        number = _NUMBER.match(match["hdu"])
        found = {"file": match["file"], "hdu": int(match["hdu"]) if number else match["hdu"]}
        return found | ({} if match["plane"] is None else {"plane": int(match["plane"])})
    if not isinstance(value, dict):
        raise refusal(f"{excerpt(value)} does not name an image plane", EXPECTED)
    if "file" in value:  # Python callers
        return value
    forms = [form for form in ("upload", "path") if form in value]
    unknown = [key for key in value if key not in ("upload", "path", "member", "hdu", "plane")]
    if len(forms) != 1 or unknown:
        raise refusal(f"has keys {excerpt(sorted(value, key=str))}", EXPECTED)
    hdu = value.get("hdu")
    if hdu is not None and (isinstance(hdu, bool) or not isinstance(hdu, int | str)):
        raise refusal(f"HDU {excerpt(hdu)} is neither a number nor a name", 'an HDU such as 0 or "SCI"')
    more = {key: value[key] for key in ("member", "plane") if key in value}
    return {"file": value[forms[0]], "hdu": hdu, "form": forms[0], **more}
