"""Products of files, made in the sandbox's children: proposals, arrays, pictures, tables, converted chains.

As in `app.sandbox.upload_checks`, everything heavy is imported inside the functions, and what a file's sender did wrong
comes back as a `Fault`.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from fitting.spec import Fault, ProposalSpec, RequestInvalid
from fitting.spec.handling import ImportSpec
from fitting.spec.plots import PictureChoices, PlotChoices

if TYPE_CHECKING:
    from fitting.files import FileInvalid
    from fitting.proposing import SearchProgress

TableKind = Literal["parameters", "covariance"]
"""Documents of a result that can be had as tables."""
SearchStepName = Literal["reading", "defects", "detecting", "measuring", "refining", "structure", "models", "writing"]
"""Steps of a search for sources (`fitting.proposing.search_progress`)."""
_PROGRESS = "progress.json"
_LONGEST_PROGRESS = 1000
"""Bytes of what is read of it: five short members."""
_MOST_COUNTED = 1_000_000
"""Above any number of rounds or sources."""


@dataclass(frozen=True)
class ProposalOutcome:
    """The outcome of a proposal: faults, or else its document."""

    faults: tuple[Fault, ...] = ()
    document: Mapping[str, Any] = field(default_factory=dict)


def propose(spec: ProposalSpec, files: Mapping[str, Path], folder: Path | None = None) -> ProposalOutcome:
    """A request for an image, as JSON with what it was made from.

    Args:
        files: where each file is that `spec` names.
        folder: where it is told how far the search is (`read_progress`); None is nowhere.
    """
    from fitting.proposing import propose as propose_request

    report = None if folder is None else partial(_write_progress, folder)
    try:
        return ProposalOutcome(document=propose_request(spec, files.__getitem__, report=report).document())
    except RequestInvalid as error:
        return ProposalOutcome(faults=error.faults)


def _write_progress(folder: Path, progress: "SearchProgress") -> None:
    new = folder / "progress.new"
    new.write_text(json.dumps(asdict(progress)))
    new.replace(folder / _PROGRESS)  # whole, for whoever reads it at this moment


def read_progress(folder: Path) -> dict[str, Any] | None:
    """What a search has told in its folder; None where that is nothing, or nothing of its kind."""
    try:
        with (folder / _PROGRESS).open("rb") as file:
            found = json.loads(file.read(_LONGEST_PROGRESS))
    except (OSError, ValueError):
        return None
    # The child that wrote it has read a file from outside.
    if not isinstance(found, dict) or found.get("step") not in get_args(SearchStepName):
        return None
    counts = {name: found.get(name) for name in ("round", "done", "total", "sources")}
    if not all(type(number) is int and 0 <= number < _MOST_COUNTED for number in counts.values()):
        return None
    return {"step": found["step"], **counts}


def import_model(spec: ImportSpec, files: Mapping[str, Path]) -> ProposalOutcome:
    """A request from a model file of another program. `files` says where each upload is that `spec` names."""
    from fitting.files import FileInvalid
    from fitting.formats import ImageFacts, ImportInvalid, ImportSource, facts_of_file
    from fitting.formats import import_model as read_model

    def upload_of(name: str) -> tuple[str, str] | None:
        bare, bracket, hdu = name.partition("[")
        found = spec.files.get(name) or spec.files.get(bare) or spec.files.get(bare.rpartition("/")[2])
        return None if found is None else (found, bracket + hdu)

    def facts(name: str) -> ImageFacts | None:
        found = upload_of(name)
        if found is None:
            return None
        hdu = found[1].strip("[]")
        return facts_of_file(files[found[0]], int(hdu) if hdu.isdigit() else hdu or None)

    def text_beside(name: str) -> str | None:
        return spec.texts.get(name, spec.texts.get(name.rpartition("/")[2]))

    def rename(name: str) -> str | None:
        found = upload_of(name)
        return None if found is None else "".join(found)

    source = ImportSource(spec.name, spec.text, spec.command, text_beside, facts, rename, spec.image)
    try:
        return ProposalOutcome(document=read_model(source).document())
    except ImportInvalid as error:
        return ProposalOutcome(faults=(Fault("$.text", str(error)),))
    except FileInvalid as error:
        return ProposalOutcome(faults=(Fault("$.files", f"an image {error}", error.expected),))


@dataclass(frozen=True)
class ExportOutcome:
    """The outcome of an export: faults, or else names of its files, the one that was asked for first, and its rows."""

    faults: tuple[Fault, ...] = ()
    names: tuple[str, ...] = ()
    rows: tuple[Mapping[str, Any], ...] = ()


def export_result(
    files: Mapping[str, Path], called: Mapping[str, str], format_: str, image: str, target: Path
) -> ExportOutcome:
    """Write a result in another program's format, as files below `target`.

    Args:
        files: those of the result by their names there.
        called: what the export calls uploads of the request.
        format_: one of `fitting.spec.handling.EXPORT_FORMATS`.
        image: which is exported.
        target: an empty folder.
    """
    from fitting.files import FileInvalid
    from fitting.formats import ExportInvalid, ExportSource, export_model, facts_of_file
    from fitting.spec import parse_request

    request = parse_request(json.loads(files["best-fit.json"].read_bytes())).with_references(called)
    planes = {
        plane: path for plane in ("data", "model", "residual") if (path := files.get(f"images/{image}/{plane}.fits"))
    }
    windowed = next(item for item in request.images if item.name == image).window is not None
    try:
        facts = facts_of_file(planes["data"]) if "data" in planes else None
        source = ExportSource(
            request,
            image,
            json.loads(files["parameters.json"].read_bytes()),
            planes.get,
            1.0 if facts is None else facts.exposure,
            None if windowed or facts is None else facts.shape,
        )
        found = export_model(source, format_)
    except (ExportInvalid, FileInvalid) as error:
        return ExportOutcome(faults=(Fault("query.format", str(error), "a format that can hold the fit"),))
    for name, content in found.files.items():
        (target / name).write_bytes(content)
    names = (found.main, *(name for name in found.files if name != found.main))
    return ExportOutcome(names=names, rows=tuple(row.document() for row in found.rows))


def write_pixels(source: Path, hdu: int | str | None, number: int | None, factor: int, target: Path) -> Fault | None:
    """Write a plane's pixels to `target` as .npy, averaged over blocks; a fault where there is no such plane."""
    from fitting.files import FileInvalid
    from fitting.files import write_pixels as write

    try:
        write(source, hdu, number, factor, target)
    except FileInvalid as error:
        return _fault_of_plane(error)
    return None


def sky_map(source: Path, hdu: int | str | None, number: int | None) -> dict[str, Any] | Fault | None:
    """Where a plane's pixels are on the sky, as JSON; None where its header does not say."""
    from fitting.files import FileInvalid
    from fitting.files import sky_map as read_sky_map

    try:
        return read_sky_map(source, hdu, number)
    except FileInvalid as error:
        return _fault_of_plane(error)


def header_cards(source: Path, hdu: int | str | None, number: int | None) -> list[dict[str, Any]] | Fault:
    """The cards of a plane's header; a fault where there is no such plane."""
    from fitting.files import FileInvalid
    from fitting.files import header_cards as read_header_cards

    try:
        return read_header_cards(source, hdu, number)
    except FileInvalid as error:
        return _fault_of_plane(error)


def draw(files: Mapping[str, Path], folder: Path, kind: str, format_: str, choices: PlotChoices) -> bytes:
    """A plot of a result, from its files by their names; `folder` is empty and may be written to.

    Raises PlotUnavailable or ChoiceInvalid.
    """
    from fitting.plots import draw_plot

    _link_files(files, folder)
    return draw_plot(folder, kind, format_, choices)


def draw_preview(files: Mapping[str, Path], folder: Path, image: str, plane: str) -> bytes:
    """One plane of a result as PNG, from its files as `draw` has them."""
    from fitting.plots import draw_preview

    _link_files(files, folder)
    return draw_preview(folder, image, plane)


def draw_upload(path: Path, choices: PictureChoices) -> bytes | Fault:
    """One plane of a file as PNG, or why it cannot be shown so."""
    from fitting.files import FileInvalid, read_plane
    from fitting.plots import PictureInvalid, draw_picture

    try:
        return draw_picture(read_plane(path, choices.hdu, number=choices.plane).data, choices)
    except FileInvalid as error:
        return Fault("query.hdu", str(error), error.expected)
    except PictureInvalid as error:
        return Fault(f"query.{error.option}", error.message, error.expected)


def convert_document(source: Path, target: Path, kind: TableKind, format_: str) -> None:
    """Write a document of a result as a table to `target`."""
    from fitting.result_tables import covariance_table, parameters_table, write_table

    document = json.loads(source.read_bytes())
    tables = {"parameters": parameters_table, "covariance": covariance_table}
    write_table(tables[kind](document), target, format_)


def convert_chains(
    source: Path, target: Path, format_: str, thin: int, parameters: tuple[str, ...] | None
) -> Fault | None:
    """Write stored chains in another format to `target`; a fault where they lack one of the parameters."""
    from fitting.chains import UnknownParameter, convert

    try:
        convert(source, target, format_, thin, parameters)
    except UnknownParameter as error:
        return Fault("parameters", str(error), "names of free parameters, separated by commas")
    return None


def _link_files(files: Mapping[str, Path], folder: Path) -> None:
    for name, path in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(path)


def _fault_of_plane(error: "FileInvalid") -> Fault:
    return Fault("query.hdu", str(error.message), error.expected)
