"""Files looked at in this process: described, proposed from, imported, as the commands of these names do."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fitting.spec import RequestInvalid, parse_proposal, parse_request
from photfit.failures import UserMistake, describe_faults
from photfit.local.engine import engine_present
from photfit.proposals import split_image
from photfit.results import LibraryMissing
from photfit.submission import locate_from

if TYPE_CHECKING:
    from fitting.formats import ImageFacts


def propose_here(image: str, options: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """A proposal for an image file; its request names files as they count from `folder`.

    Raises UserMistake where an option or a file has faults.
    """
    with command_engine():
        from fitting.proposing import propose
    file, place = split_image(image)
    try:
        spec = parse_proposal(dict(options) | place, file, "path")
        proposal = propose(spec, partial(locate_from, Path())).document()
    except RequestInvalid as error:
        raise UserMistake(f"{image}:\n{describe_faults(error.faults)}") from error
    request = parse_request(proposal["request"])
    moved = {place.file: _seen_from(folder, place.file) for _, place in request.references()}
    return proposal | {"request": request.with_references(moved).document()}


def import_here(path: Path, command: str, folder: Path, image: str = "") -> dict[str, Any]:
    """A model file of GALFIT or imfit, or a region file of `image`, as a request, with what became of each line.

    Files of the request count from `folder`. Files that the model names are looked for from where the command runs, as
    those programs do, then beside it.

    Raises UserMistake where the file cannot be read, or is no model.
    """
    with command_engine():
        from fitting.files import FileInvalid
        from fitting.formats import ImportInvalid, ImportSource, facts_of_file, import_model

    def found(name: str) -> tuple[Path, str] | None:
        """Where a file is, and the HDU behind its name, in brackets."""
        bare, bracket, hdu = name.partition("[")
        for place in (Path(bare).expanduser(), path.parent / bare, path.parent / Path(bare).name):
            if place.is_file():
                return place, bracket + hdu
        return None

    def rename(name: str) -> str | None:
        at = found(name)
        return None if at is None else _seen_from(folder, str(at[0])) + at[1]

    def facts(name: str) -> ImageFacts | None:
        at = found(name)
        if at is None:
            return None
        hdu = at[1].strip("[]")
        try:
            return facts_of_file(at[0], int(hdu) if hdu.isdigit() else hdu or None)
        except FileInvalid as error:
            raise UserMistake(f"{at[0]} {error}") from error

    def text_beside(name: str) -> str | None:
        at = found(name)
        return None if at is None else _text_of(at[0])

    try:
        text = path.read_text(encoding="utf-8", errors="replace")
        source = ImportSource(path.name, text, command, text_beside, facts, rename, image)
        return import_model(source).document()
    except OSError as error:
        raise UserMistake(f"{path} cannot be read: {error.strerror or error}") from error
    except ImportInvalid as error:
        raise UserMistake(str(error)) from error


def _text_of(path: Path) -> str | None:
    """A file's text; None where it is none, such as an image."""
    content = path.read_bytes()
    return None if content.startswith(b"SIMPLE") or b"\0" in content[:100_000] else content.decode("utf-8", "replace")


def describe_here(path: Path, hdu: int | str | None) -> Iterator[str]:
    """What a file holds, a line each, and the planes that belong to an HDU of it. Raises UserMistake."""
    with command_engine():
        from fitting.files import FileInvalid, describe_file, recognise_planes
    try:
        description = describe_file(path)
    except FileInvalid as error:
        raise UserMistake(f"{path} {error}") from error
    yield f"{path}: {description.format}, {len(description.hdus)} HDUs"
    for found in description.hdus:
        size = " × ".join(map(str, reversed(found.shape))) or "no data"
        said = [found.kind if found.shape else "", size, found.dtype, found.unit]
        yield f"[{found.index}] {found.name or '(no name)'}: {', '.join(str(word) for word in said if word)}"
        if found.role is not None:
            yield f"    {found.role}, by {found.role_reason}"
        if found.pixel_scale is not None:
            yield f"    {found.pixel_scale:.6g} arcsec a pixel"
        if found.centre is not None:
            yield f"    centre at ra {found.centre[0]:.6f}, dec {found.centre[1]:.6f} (ICRS)"
        if found.zero_point is not None:
            yield f"    zero point {found.zero_point:.6g}"
        yield from (f"    warning: {warning}" for warning in found.warnings)
    for warning in recognise_planes(description, hdu).warnings:
        yield f"planes {warning}" if warning.startswith("of the file") else warning


def catalogue_here(path: Path) -> list[dict[str, float]]:
    """The rows of a catalogue file. Raises UserMistake."""
    with command_engine():
        from fitting.files import FileInvalid
        from fitting.proposing import read_catalogue
    try:
        return read_catalogue(path)
    except FileInvalid as error:
        raise UserMistake(f"{path} {error}") from error


def _seen_from(folder: Path, file: str) -> str:
    path = Path(file).expanduser()
    return str(path) if path.is_absolute() else os.path.relpath(path, folder)


@contextlib.contextmanager
def command_engine() -> Iterator[None]:
    """While inside, a library that is not installed becomes a message that says how to get it."""
    try:
        with engine_present():
            yield
    except LibraryMissing as error:
        raise UserMistake(str(error)) from error
