"""Exports of results in other programs' formats, made in the sandbox when they are asked for, and kept nowhere."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from app.domain import bundle, fits
from app.domain.results import files_of, fit_with_result
from app.domain.sandbox_refusals import sandbox_refusals
from app.domain.temporary_files import ConvertedFile, temporary_folder
from app.errors import NotFound, RequestFaulty
from app.http.entity_tags import strong_tag
from app.lifetime.services import Services
from app.sandbox import file_products
from jobs.storage.schema import FitRecord

_DOCUMENTS = ("best-fit.json", "parameters.json")
_PLANES = ("data", "model", "residual")


@dataclass(frozen=True)
class ExportChoice:
    """What is asked for: one of `fitting.spec.handling.EXPORT_FORMATS`, and of which image; None is the first."""

    format: str
    image: str | None = None


def describe(services: Services, owner: str, fit_id: str, choice: ExportChoice) -> Mapping[str, Any]:
    """The files of an export with their addresses, and its rows.

    Raises NotFound, NotFinished, RequestFaulty where the format cannot hold the result, Unavailable.
    """
    record = fit_with_result(services, owner, fit_id)
    with _made(services, record, choice) as (outcome, folder):
        query = f"?format={choice.format}" + ("" if choice.image is None else f"&image={quote(choice.image)}")
        files = [
            {
                "name": name,
                "size": (folder / name).stat().st_size,
                "href": f"/v1/fits/{record.id}/export/{quote(name)}{query}",
            }
            for name in outcome.names
        ]
        return {"format": choice.format, "main": outcome.names[0], "files": files, "rows": list(outcome.rows)}


def file_tag(services: Services, owner: str, fit_id: str, choice: ExportChoice, name: str) -> str:
    """A strong entity tag of a file of an export. Raises NotFound or NotFinished."""
    record = fit_with_result(services, owner, fit_id)
    return strong_tag(record.id, record.attempt, choice, name)


def make_file(services: Services, owner: str, fit_id: str, choice: ExportChoice, name: str) -> ConvertedFile:
    """A file of an export. Raises as `describe` does, and NotFound where the export has no such file."""
    record = fit_with_result(services, owner, fit_id)
    with _made(services, record, choice) as (outcome, folder):
        if name not in outcome.names:
            named = ", ".join(outcome.names)
            raise NotFound(f"The export of {fit_id} as {choice.format} has no file {name[:80]!r}; it has {named}.")
        return ConvertedFile.open_at(folder / name)


@contextmanager
def _made(
    services: Services, record: FitRecord, choice: ExportChoice
) -> Iterator[tuple[file_products.ExportOutcome, Path]]:
    """The export, and the folder in which its files lie until the end of the block."""
    image = fits.image_of(record, choice.image)[1]
    called = {upload: name.rpartition("/")[2] for upload, name in bundle.input_names(services, record).items()}
    names = [*_DOCUMENTS, *(f"images/{image}/{plane}.fits" for plane in _PLANES)]
    with ExitStack() as stack:
        work = stack.enter_context(temporary_folder(services.receiving_folder))
        files = files_of(services, record, names, stack)
        if "best-fit.json" not in files:
            raise NotFound(f"The fit {record.id} is from before there was a best-fit.json: run it again.")
        target = work / "export"
        target.mkdir()
        with sandbox_refusals("The export"):
            outcome = services.sandbox.call(file_products.export_result, files, called, choice.format, image, target)
        if outcome.faults:
            raise RequestFaulty(outcome.faults)
        yield outcome, target
