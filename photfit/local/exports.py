"""Exports in this process: a folder of results, or a request with values, in the words of another program."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photfit.failures import UserMistake
from photfit.local.file_tools import command_engine
from photfit.local.request_files import seen_from_folder
from photfit.submission import read_request

if TYPE_CHECKING:
    from fitting.formats import ImageFacts, ModelExport


def export_here(place: Path, format_: str, image: str | None, folder: Path) -> ModelExport:
    """A result in a format; files that it names count from `folder`.

    Args:
        place: a folder that `photfit fit` or `photfit results` filled, or a request file whose parameters have values.
        format_: one of `fitting.spec.handling.EXPORT_FORMATS`.
        image: where there are several; None is the first.
        folder: where the export will lie.

    Raises UserMistake where there is no result, or the format cannot hold it.
    """
    with command_engine():
        from fitting.formats import ExportInvalid, ExportSource, export_model
    at_best, found = _result(place)
    request = read_request(at_best)
    name = request.images[0].name if image is None else image
    planes = at_best.parent / "images" / name

    def plane(kind: str) -> Path | None:
        path = planes / f"{kind}.fits"
        return path if found and path.is_file() else None

    data = next((item.data for item in request.images if item.name == name), None)
    facts = None if data is None else _facts(at_best.parent, data.file, data.hdu)
    part = facts if plane("data") is None else _facts(planes, "data.fits", None)
    windowed = next((item.window for item in request.images if item.name == name), None) is not None
    whole = facts if windowed else part
    named = {reference.file for _, reference in request.references()}
    source = ExportSource(
        request.with_references(seen_from_folder(named, at_best.parent, folder)),
        name,
        found,
        plane,
        1.0 if part is None else part.exposure,
        None if whole is None else whole.shape,
    )
    try:
        return export_model(source, format_)
    except ExportInvalid as error:
        raise UserMistake(f"{place}: {error}") from error


def write_export(export: ModelExport, output: Path, *, overwrite: bool) -> list[Path]:
    """Write the file that was asked for at `output`, and those that it names beside it; returns where they are.

    Raises UserMistake where one of them is there already, or cannot be written.
    """
    paths = {name: output if name == export.main else output.parent / name for name in export.files}
    there = [str(path) for path in paths.values() if path.exists()]
    if there and not overwrite:
        raise UserMistake(f"{', '.join(there)} is there already: name another file, or replace it with --overwrite")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        for name, path in paths.items():
            path.write_bytes(export.files[name])
    except OSError as error:
        raise UserMistake(f"{output} cannot be written: {error.strerror or error}") from error
    return list(paths.values())


def next_restart_file(folder: Path) -> Path:
    """``galfit.NN`` with the number after the highest that is there, as GALFIT counts."""
    numbers = [int(path.suffix[1:]) for path in folder.glob("galfit.*") if re.fullmatch(r"\.[0-9]{2,6}", path.suffix)]
    return folder / f"galfit.{max(numbers, default=0) + 1:02d}"


def write_as_program(program: str, model: Path, results: Path, restart: Path) -> tuple[list[Path], list[str]]:
    """Write what GALFIT or imfit leaves where it runs; returns where the files are, and what could not be said there.

    Args:
        program: ``galfit`` or ``imfit``.
        model: the file that was imported; line B of a feedme says where the image block goes.
        results: folder of the fit.
        restart: the feedme to restart from; its constraints and bad pixels lie beside it, with its number.

    Raises UserMistake where a file cannot be written, or the format cannot hold the result.
    """
    if program == "imfit":
        export = export_here(results, "imfit", None, Path())
        return write_export(export, Path(export.main), overwrite=True), _unsaid(export)
    block = export_here(results, "imgblock", None, Path())
    match = re.search(r"(?m)^\s*B\)\s*([^\s#]+)", model.read_text(encoding="utf-8", errors="replace"))
    name = Path(match[1] if match and match[1].lower() != "none" else block.main)
    feedme = export_here(results, "galfit", None, Path())
    number = restart.suffix
    texts = {key: content.decode() for key, content in feedme.files.items()}
    beside = [key for key in texts if key != feedme.main]
    texts[feedme.main] = re.sub(r"(?m)^B\) \S+", lambda _: f"B) {name}", texts[feedme.main])
    for key in beside:
        texts[feedme.main] = texts[feedme.main].replace(f") {key} ", f") {key}{number} ")
    files = {key if key == feedme.main else f"{key}{number}": text.encode() for key, text in texts.items()}
    written = write_export(block, name, overwrite=True)
    written += write_export(replace(feedme, files=files), restart, overwrite=True)
    return written, _unsaid(feedme)


def _unsaid(export: ModelExport) -> list[str]:
    return [f"{row.what} -> NOT WRITTEN: {row.why_not}" for row in export.rows if row.why_not is not None]


def _result(place: Path) -> tuple[Path, Mapping[str, Any]]:
    """The request at its best values, and what was found; the latter is empty of a request alone."""
    if place.is_file():
        return place, {}
    at_best = place / "best-fit.json"
    try:
        return at_best, json.loads((place / "parameters.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserMistake(f"{place} holds no result of a fit: {error}") from error


def _facts(folder: Path, file: str, hdu: int | str | None) -> ImageFacts | None:
    from fitting.files import FileInvalid
    from fitting.formats import facts_of_file

    with suppress(FileInvalid, OSError):
        return facts_of_file(folder / Path(file).expanduser(), hdu)
    return None
