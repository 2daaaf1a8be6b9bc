"""Plan of a catalogue: everything that can be wrong with the whole of it is found before a row is fitted.

What is wrong with single rows is told in the answer, row by row; a fault that the first rows all have, at a place that
no row fills, is one of the template.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from fitting.catalogues.answer_columns import AnswerColumn, collisions, object_fields, parameter_columns
from fitting.catalogues.expansion import Expansion, RowRequest
from fitting.catalogues.frames import Locate
from fitting.catalogues.object_table import ObjectRows, read_objects, write_rows
from fitting.files import ARCHIVES, DEFAULT_LIMITS, FileInvalid, ReadLimits, is_archive, open_archive, read_plane
from fitting.spec import Fault, FitRequest, RequestInvalid, parse_request
from fitting.spec.catalogues import CatalogueRequest, Cutouts, Template, TemplateSlot
from fitting.spec.documents import MAX_FAULTS, did_you_mean, json_path

_TRIED = 20
"""Rows, evenly over the table, that are expanded before anything runs; chosen by hand."""


@dataclass(frozen=True)
class CataloguePlan:
    """A catalogue that can be fitted.

    Attributes:
        expansion: of its rows into requests.
        sound: requests of the first row that has any, by model; empty where none of those tried has.
        sound_row: which row that is.
        parameters: columns of the answer that are known before anything is fitted, behind those of the input.
    """

    expansion: Expansion
    sound: Mapping[str, FitRequest]
    sound_row: int
    parameters: tuple[AnswerColumn, ...]

    @property
    def rows(self) -> int:
        """How many there are."""
        return self.expansion.objects.count

    @property
    def object_fields(self) -> list[pa.Field]:
        """Columns of the input, as they stand in the answer."""
        return object_fields(self.expansion.objects.columns, self.expansion.objects.schema)


def plan_catalogue(
    catalogue: CatalogueRequest, locate: Locate, objects_file: Path, limits: ReadLimits = DEFAULT_LIMITS
) -> CataloguePlan:
    """Read a catalogue's table and look at everything that its rows share.

    Args:
        locate: path of a file (upload id or path) that the request names.
        objects_file: where the table is left as Parquet; one that is there is taken for it.

    Raises:
        RequestInvalid: with every fault of the whole.
    """
    cutouts = _cutouts(catalogue, locate, limits)
    objects = ObjectRows(objects_file) if objects_file.exists() else _objects(catalogue, locate, objects_file)
    faults = list(_column_faults(catalogue, objects, cutouts))
    if faults:
        raise RequestInvalid(faults[:MAX_FAULTS])
    expansion = Expansion.of(catalogue, objects, cutouts, locate, limits)
    sound, number = _first_sound(expansion)
    faults = list(collisions(objects.columns, catalogue, sound))
    if faults:
        raise RequestInvalid(faults[:MAX_FAULTS])
    return CataloguePlan(expansion, sound, number, tuple(parameter_columns(catalogue, sound)))


def _objects(catalogue: CatalogueRequest, locate: Locate, destination: Path) -> ObjectRows:
    """The object table as Parquet."""
    try:
        if catalogue.objects.file is None:
            return write_rows(catalogue.objects.rows or (), destination)
        reference = catalogue.objects.file
        return read_objects(locate(reference.file), destination, reference.hdu)
    except FileInvalid as error:
        where = f"{error.where} " if error.where else ""
        raise RequestInvalid([Fault("$.objects", f"{where}{error.message}", error.expected)]) from None
    except (LookupError, FileNotFoundError):
        name = "" if catalogue.objects.file is None else catalogue.objects.file.file
        fault = Fault("$.objects", f"there is no file {name!r}", "an upload or a file that exists")
        raise RequestInvalid([fault]) from None


def _cutouts(catalogue: CatalogueRequest, locate: Locate, limits: ReadLimits) -> Cutouts:
    """What `files` is; an archive is looked through."""
    if catalogue.files is None:
        return "archive"
    reference = catalogue.files
    try:
        path = locate(reference.file)
        if path.is_dir():
            return "folder"
        if is_archive(path):
            open_archive(path)
            return "archive"
        _look_at_cube(path, reference.hdu, limits)
        return "cube"
    except FileInvalid as error:
        where = f"{error.where} " if error.where else ""
        raise RequestInvalid([Fault("$.files", f"{where}{error.message}", error.expected)]) from None
    except (LookupError, OSError):
        message = f"there is no file {reference.file!r}"
        raise RequestInvalid([Fault("$.files", message, f"{ARCHIVES}, or a FITS cube")]) from None


def _look_at_cube(path: Path, hdu: int | str | None, limits: ReadLimits) -> None:
    """Raise FileInvalid where a file has no plane that a row could name."""
    try:
        read_plane(path, hdu, limits, number=0, window=lambda _: (slice(0, 1), slice(0, 1)))
    except FileInvalid as error:
        raise FileInvalid(error.message, error.where, f"{ARCHIVES}, or a FITS cube") from None


def _column_faults(catalogue: CatalogueRequest, objects: ObjectRows, cutouts: Cutouts) -> Iterator[Fault]:
    """Faults of columns that the templates name: missing ones, and those of a type that does not suit."""
    columns, told = objects.columns, set()
    known = ", ".join(list(columns)[:40])[:400]
    for model in catalogue.model_names:
        template = catalogue.template_of(model, cutouts)
        try:
            places = template.columns
        except RequestInvalid as error:
            for fault in error.faults:
                yield Fault(catalogue.template_place(model, fault.path), fault.message, fault.expected)
            continue
        for name, slots in places.items():
            for slot in slots:
                path = catalogue.template_place(model, json_path(slot.location))
                wrong: Fault | None = None
                if name not in columns:
                    wrong = Fault(
                        path,
                        f"names a column {name!r}, which the table lacks{did_you_mean(name, columns)}",
                        f"one of: {known}",
                    )
                elif columns[name].kind == "text" and not slot.plane:
                    message = f"needs a number, and column {name!r} is text"
                    wrong = Fault(path, message, "a column of numbers")
                elif slot.plane and catalogue.files is None:
                    wrong = Fault(path, "names planes of `files`, which are not there", '"files": {"upload": …}')
                elif slot.plane and columns[name].kind == "truth":
                    wrong = Fault(path, f"needs a file's name, and column {name!r} is true or false", "names")
                if wrong is not None and wrong not in told:
                    told.add(wrong)
                    yield wrong
        yield from _name_faults(catalogue, model, template)


def _name_faults(catalogue: CatalogueRequest, model: str, template: Template) -> Iterator[Fault]:
    """Faults of parameters that rows fill, whatever their numbers: names that the profile does not have, and rivals."""
    document, places = template.with_parameters_open()
    try:
        parse_request(document)
    except RequestInvalid as error:
        names = {json_path(place) for place in places}
        for fault in error.faults:
            if fault.path in names:
                yield Fault(catalogue.template_place(model, fault.path), fault.message, fault.expected)


def _first_sound(expansion: Expansion) -> tuple[dict[str, FitRequest], int]:
    """The requests of the first row, of some, that has one with each model.

    Raises:
        RequestInvalid: none has, by faults at places that no row fills.
    """
    count = expansion.objects.count
    numbers = sorted({place * count // _TRIED for place in range(_TRIED)})
    shared: dict[Fault, None] | None = None
    best: dict[str, FitRequest] = {}
    best_row = 0
    for number in numbers:
        row = expansion.row(number)
        sound = {item.model: item.request for item in row if item.request is not None}
        if len(sound) == len(row):
            return sound, number
        if len(sound) > len(best):
            best, best_row = sound, number
        faults = dict.fromkeys(fault for item in row for fault in _of_template(expansion, item))
        if faults or not any(item.faults for item in row):  # else the row has only faults of its own
            shared = faults if shared is None else {fault: None for fault in shared if fault in faults}
    if shared:
        raise RequestInvalid(list(shared)[:MAX_FAULTS])
    return best, best_row


def _of_template(expansion: Expansion, row: RowRequest) -> Iterator[Fault]:
    """Faults of a row's request at places that the row does not fill."""
    catalogue = expansion.catalogue
    slots: tuple[TemplateSlot, ...] = expansion.templates[row.model].slots
    filled = [catalogue.template_place(row.model, json_path(slot.location)) for slot in slots]
    for fault in row.faults:
        if not any(fault.path == path or fault.path.startswith((f"{path}.", f"{path}[")) for path in filled):
            yield fault
