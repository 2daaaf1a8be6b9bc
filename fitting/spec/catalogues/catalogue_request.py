"""Request of a catalogue: one template, fitted to every row of an object table.

>>> request = parse_catalogue({
...     "objects": {"rows": [{"x": 31.5, "y": 30.0}, {"x": 81.0, "y": 12.5}]},
...     "template": {
...         "images": [{"data": "field.fits",
...                     "window": {"around": {"x": {"column": "x"}, "y": {"column": "y"}}, "size": 32}}],
...         "components": [{"name": "g", "profile": "sersic", "parameters": {"x": {"column": "x"}}}]}})
>>> request.choose, request.seed, len(request.objects.rows or ())
('bic', 0, 2)
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PlainValidator, Strict, field_validator, model_serializer, model_validator
from pydantic_core import InitErrorDetails

from fitting.spec.catalogues.template import ROW, Cutouts, Location, RowFiles, Template, is_plane
from fitting.spec.components import MAX_COMPONENTS, is_name
from fitting.spec.documents import MAX_FAULTS, Document, detail, excerpt, refusal, refuse
from fitting.spec.handling import Labels, Name, Webhook
from fitting.spec.images.references import PlaneReference
from fitting.spec.profiles import PROFILES
from fitting.spec.validation import read_document

MOST_INLINE = 1000
"""Rows in the request itself, at most (the contract of catalogues)."""
MOST_MODELS = 20
"""Models that rows are fitted with, at most; chosen by hand: each costs as much as one fit."""
MOST_SIZE = 4096
"""Pixels along a side of a window around a position, at most; chosen by hand."""
_MOST_COLUMNS = 1000
"""Columns of rows in the request, at most; chosen by hand."""
Choice = Literal["bic", "aic", "log_evidence"]
Kept = Literal["parameters", "covariance"]
_OWN = {
    "seed": "`seed` beside the template",
    "webhook": "`webhook` beside the template",
    "labels": "`labels` beside the template",
    "reuse": "no such key: each row is fitted",
}
"""Members of a fit request that a catalogue has itself, and where."""

_LONGEST_CELL = 4096
"""Characters of a text in a row, at most: those of a file's name."""


def _read_cell(value: Any) -> Any:
    if (
        value is None
        or isinstance(value, bool | int | float)
        or (isinstance(value, str) and len(value) < _LONGEST_CELL)
    ):
        return value
    raise refusal(f"{excerpt(value)} is no value of a row", "a number, a text, true, false or null")


Cell = Annotated[Any, PlainValidator(_read_cell)]


class ObjectTable(Document):
    """The table whose rows are fitted: a file, or rows in the request.

    Attributes:
        file: CSV, ECSV, FITS table, Parquet or VOTable; of FITS the HDU may be said.
        rows: each an object of values by column; what one lacks is null.
    """

    file: PlaneReference | None = None
    rows: Annotated[tuple[dict[str, Cell], ...], Strict(False), Field(max_length=MOST_INLINE)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        if isinstance(value, ObjectTable) or (isinstance(value, dict) and ("rows" in value or "file" in value)):
            return value
        return {"file": PlaneReference.model_validate(value)}

    @field_validator("rows")
    @classmethod
    def _some(cls, value: tuple[dict[str, Cell], ...] | None) -> tuple[dict[str, Cell], ...] | None:
        if value is not None and not value:
            raise refusal("has no row", "at least one")
        if value is not None and len({name for row in value for name in row}) > _MOST_COLUMNS:
            raise refusal("has too many columns", f"at most {_MOST_COLUMNS}")
        return value

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.file is None) == (self.rows is None):
            raise refusal("has a file and rows beside it", "one of the two")
        return self

    @model_serializer(mode="plain")
    def _as_written(self) -> Any:
        return {"rows": list(self.rows or ())} if self.file is None else self.file.model_dump(mode="json")


class Neighbours(Document):
    """What is done about other rows near one.

    Attributes:
        treatment: ``ignore``; ``mask``, which leaves out the pixels of their ellipses; or ``fit``, which fits the
            template's components once more at each neighbour in the window, and draws those outside as they are.
        within: a row is a neighbour where the distance is at most this many times the sum of both half-light radii,
            and it is masked to as many of its own.
        fainter_by: magnitudes; rows that are fainter by more are no neighbours.
        most: neighbours of a row, at most: the nearest, by that measure.
    """

    treatment: Literal["ignore", "mask", "fit"] = "ignore"
    within: Annotated[float, Field(gt=0.0, le=100.0)] = 3.0
    fainter_by: Annotated[float, Field(ge=0.0, le=50.0)] = 3.0
    most: Annotated[int, Field(ge=1, le=50)] = 8


class PixelPlace(Document):
    """A position in pixels of the full frame."""

    x: float
    y: float


class SkyPosition(Document):
    """A position on the sky, ICRS, degrees; the image needs a WCS."""

    ra: Annotated[float, Field(ge=-360.0, le=360.0)]
    dec: Annotated[float, Field(ge=-90.0, le=90.0)]


class ScaledSize(Document):
    """A side of a window in pixels: `times` a length `of` the row, within `min` and `max`, and up to the next 8 pixels,
    so that rows share shapes.
    """

    times: Annotated[float, Field(gt=0.0, le=1000.0)]
    of: Annotated[float, Field(gt=0.0)]
    min: Annotated[int, Field(ge=1, le=MOST_SIZE)] = 16
    max: Annotated[int, Field(ge=1, le=MOST_SIZE)] = 512

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min > self.max:
            raise refuse("ScaledSize", [detail(("min",), f"{self.min} is above max {self.max}", "min ≤ max")])
        return self


def _read_place(value: Any) -> Any:
    if isinstance(value, dict):
        return (SkyPosition if {"ra", "dec"} & value.keys() else PixelPlace).model_validate(value)
    raise refusal(f"{excerpt(value)} is no position", '{"x": …, "y": …} or {"ra": …, "dec": …}')


def _read_size(value: Any) -> Any:
    if isinstance(value, dict):
        return ScaledSize.model_validate(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and 1 <= value <= MOST_SIZE:
        return float(value)
    raise refusal(
        f"{excerpt(value)} is no side of a window", f"1 to {MOST_SIZE} pixels, or an object with times and of"
    )


class AroundWindow(Document):
    """A window around a position, as a row has it.

    Attributes:
        around: the position.
        size: pixels along each side.
    """

    around: Annotated[PixelPlace | SkyPosition, PlainValidator(_read_place)]
    size: Annotated[float | ScaledSize, PlainValidator(_read_size)]

    @property
    def side(self) -> int:
        """Pixels along each side."""
        if not isinstance(self.size, ScaledSize):
            return max(round(self.size), 1)
        wanted = -8 * int(-self.size.times * self.size.of // 8)
        return int(min(max(wanted, self.size.min), self.size.max))


_PARTS: Mapping[str, Mapping[str, type]] = {
    "images": {"mask_shapes": list, "window": dict},
    "components": {"parameters": dict},
    "stages": {},
}
"""Lists of a template's parts, and what of each is put together with a row's own before it is read."""
_AS_WORDS: Mapping[type, str] = {list: "a list", dict: "an object"}


def misplaced(template: Mapping[str, Any]) -> list[tuple[tuple[str | int, ...], str, str]]:
    """What of a template is not even of the form that rows are put into, as place, message and expectation; the
    rest is told of the rows' requests.
    """
    faults: list[tuple[tuple[str | int, ...], str, str]] = []
    for key, members in _PARTS.items():
        parts = template.get(key)
        if parts is not None and not isinstance(parts, list):
            faults.append(((key,), "is not a list", "a list"))
            continue
        for index, part in enumerate(parts or ()):
            if not isinstance(part, dict):
                faults.append(((key, index), f"{excerpt(part)} is not an object", "an object"))
                continue
            for name, kind in members.items():
                if part.get(name) is not None and not isinstance(part[name], kind):
                    message = f"{excerpt(part[name])} is not {_AS_WORDS[kind]}"
                    faults.append(((key, index, name), message, _AS_WORDS[kind]))
    return faults[:MAX_FAULTS]


class CatalogueRequest(Document):
    """One template, fitted to every row of a table. Made by `parse_catalogue`.

    Attributes:
        name: what the user calls it; may be empty.
        labels: words to find it by among others.
        objects: the table.
        files: a zip or tar of files, or a cube, that rows name planes of; here also a folder.
        template: a fit request, as JSON, with `columns` in it (`fitting.spec.catalogues.template`).
        neighbours: what is done about other rows near one.
        models: lists of components by a name; each row is fitted with each, in the place of the template's own
            components, of which skies and point-spread functions stay.
        choose: by which the best of the models is told.
        keep: what is kept of each row: its numbers always; the covariance, too.
        seed: of everything random; a row's own is this plus its number.
        webhook: https URL that a service tells when the catalogue is final.
    """

    name: Name = ""
    labels: Labels = ()
    objects: ObjectTable
    files: PlaneReference | None = None
    template: dict[str, Any]
    neighbours: Neighbours = Neighbours()
    models: Annotated[dict[str, list[dict[str, Any]]], Field(min_length=1, max_length=MOST_MODELS)] | None = None
    choose: Choice = "bic"
    keep: Annotated[tuple[Kept, ...], Strict(False)] = ("parameters",)
    seed: Annotated[int, Field(ge=0, lt=2**62)] = 0
    webhook: Webhook | None = None

    @field_validator("template")
    @classmethod
    def _is_a_request(cls, value: dict[str, Any]) -> dict[str, Any]:
        written = [(key, where) for key, where in _OWN.items() if key in value]
        faults = [detail((key,), "does not stand in the template", where) for key, where in written]
        faults += [
            detail((key,), "is missing" if key not in value else "is not a list of some", "a list")
            for key in ("images",)
            if not isinstance(value.get(key), list) or not value[key]
        ]
        faults += [detail(*fault) for fault in misplaced(value)]
        components = value.get("components")
        for index, component in enumerate(components if isinstance(components, list) else ()):
            if isinstance(component, dict) and component.get("name") == ROW:
                faults.append(detail(("components", index, "name"), f"{ROW!r} is what a row is called", "another"))
        if faults:
            raise refuse("template", faults)
        return value

    @field_validator("models")
    @classmethod
    def _named(cls, value: dict[str, list[dict[str, Any]]] | None) -> dict[str, list[dict[str, Any]]] | None:
        faults: list[InitErrorDetails] = []
        for name, components in (value or {}).items():
            if not is_name(name):
                faults.append(detail((name,), f"{excerpt(name)} cannot name a model", "a word"))
            if not 1 <= len(components) <= MAX_COMPONENTS:
                faults.append(detail((name,), "has no component, or too many", f"1 to {MAX_COMPONENTS}"))
            for place, message, expected in misplaced({"components": components}):
                faults.append(detail((name, *place[1:]), message, expected))
        if faults:
            raise refuse("models", faults)
        return value

    @model_validator(mode="after")
    def _evidence_where_there_is_one(self) -> Self:
        methods = [stage.get("method") for stage in self.template.get("stages") or () if isinstance(stage, dict)]
        if self.choose == "log_evidence" and not {"importance", "svi"} & set(methods):
            expected = 'bic or aic; or a stage {"method": "importance"}'
            raise refuse("CatalogueRequest", [detail(("choose",), "no stage gives an evidence", expected)])
        return self

    @property
    def model_names(self) -> tuple[str, ...]:
        """Names of the models; one that is empty where there is the template alone."""
        return ("",) if self.models is None else tuple(self.models)

    def template_of(self, model: str, cutouts: Cutouts = "archive") -> Template:
        """The template with a model's components.

        Args:
            model: its name; empty where there is the template alone.
            cutouts: what `files` is.
        """
        document = dict(self.template)
        if self.models is not None:
            document["components"] = [*self._staying(model), *self.models[model]]
        files = None if self.files is None else RowFiles(self.files, cutouts)
        return Template(document, files)

    def _staying(self, model: str) -> Iterator[Any]:
        """Skies and point-spread functions of the template that a model has none in the place of."""
        assert self.models is not None
        own = {item.get("name") for item in self.models[model]}
        skies = any(_is_sky(item) for item in self.models[model])
        for item in self.template.get("components") or ():
            if not isinstance(item, dict) or item.get("name") in own:
                continue
            if item.get("role") == "psf" or (_is_sky(item) and not skies):
                yield item

    def template_place(self, model: str, path: str) -> str:
        """The JSON path in this request of a path in the template of a model."""
        beginning = "$.components["
        if self.models is None or not path.startswith(beginning):
            return f"$.template{path.removeprefix('$')}"
        number, _, rest = path.removeprefix(beginning).partition("]")
        staying = len(list(self._staying(model)))
        place = int(number) - staying
        return f"$.models.{model}[{place}]{rest}" if place >= 0 else f"$.template.components{rest}"

    def references(self) -> list[tuple[str, PlaneReference]]:
        """JSON path and reference of every file that the request names, but for those that rows name."""
        found = [] if self.objects.file is None else [("$.objects", self.objects.file)]
        found += [] if self.files is None else [("$.files", self.files)]
        for root, document in self._with_planes():
            for location, written in _planes(document):
                reference = PlaneReference.model_validate(_bare(written))
                found.append((f"{root}{_path(location)}", reference))
        return found

    def with_references(self, mapping: Mapping[str, str]) -> Self:
        """The same with files renamed (path to upload id); names that the mapping lacks stay."""
        changed: dict[str, Any] = {}
        if self.objects.file is not None:
            changed["objects"] = ObjectTable(file=_renamed(self.objects.file, mapping))
        if self.files is not None:
            changed["files"] = _renamed(self.files, mapping)
        changed["template"] = _with_planes_renamed(self.template, mapping)
        if self.models is not None:
            lists = {name: _with_planes_renamed({"components": items}, mapping) for name, items in self.models.items()}
            changed["models"] = {name: item["components"] for name, item in lists.items()}
        return self.model_copy(update=changed)

    def document(self) -> dict[str, Any]:
        """The request as JSON that parses back to an equal one."""
        return self.model_dump(mode="json")

    def _with_planes(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        yield "$.template", self.template
        for name, components in (self.models or {}).items():
            yield f"$.models.{name}", {"components": components}


def parse_catalogue(document: object) -> CatalogueRequest:
    """Read a request of a catalogue from decoded JSON.

    What depends on the rows is checked where the table is read (`fitting.catalogues`).

    Raises:
        RequestInvalid: with every fault that was found.
    """
    return read_document(CatalogueRequest, document)


def _is_sky(component: Any) -> bool:
    profile = component.get("profile") if isinstance(component, dict) else None
    return isinstance(profile, str) and profile in PROFILES and PROFILES[profile].sky


def _path(location: Location) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)


def _planes(document: Any, location: Location = ()) -> Iterator[tuple[Location, Any]]:
    """Locations of a template where a plane is named, not by a row, and what is written there."""
    if is_plane(location):
        if isinstance(document, str) and not document.lstrip().startswith("="):
            yield location, document
            return
        if isinstance(document, dict) and ("upload" in document or "path" in document):
            yield location, document
            return
        if isinstance(document, dict) and "column" in document:
            return
    items: Iterable[tuple[str | int, Any]] = enumerate(document) if isinstance(document, list) else ()
    for step, item in document.items() if isinstance(document, dict) else items:
        if isinstance(item, dict | list | str):
            yield from _planes(item, (*location, step))


def _bare(written: Any) -> Any:
    """A reference without what else may stand beside it."""
    if not isinstance(written, dict):
        return written
    return {key: item for key, item in written.items() if key in ("upload", "path", "member", "hdu", "plane")}


def _renamed(reference: PlaneReference, mapping: Mapping[str, str]) -> PlaneReference:
    return reference.with_file(mapping[reference.file]) if reference.file in mapping else reference


def _with_planes_renamed(document: Mapping[str, Any], mapping: Mapping[str, str]) -> dict[str, Any]:
    changed: dict[str, Any] = copy.deepcopy(dict(document))
    for location, written in list(_planes(changed)):
        reference = PlaneReference.model_validate(_bare(written))
        if reference.file not in mapping:
            continue
        new: Any = str(reference.with_file(mapping[reference.file]))
        if isinstance(written, dict):
            rest = {key: item for key, item in written.items() if key not in ("upload", "path")}
            new = {"upload": mapping[reference.file], **rest}
        place: Any = changed
        for step in location[:-1]:
            place = place[step]
        place[location[-1]] = new
    return changed
