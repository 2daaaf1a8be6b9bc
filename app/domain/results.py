"""Results of a fit, once it has some: the stored files and where they are."""

import json
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from app.domain import fits
from app.domain.verified_files import fault_of_stored
from app.errors import NotFinished, NotFound, ResultDamaged, ResultGone
from app.http.entity_tags import strong_tag
from app.lifetime.services import Services
from jobs.lifecycle.outcomes import has_result
from jobs.storage.blobs import BlobStore, result_folder
from jobs.storage.schema import FINAL_STATES, FitRecord
from jobs.storage.stored_files import GONE


@dataclass(frozen=True)
class StoredFile:
    """A file of a result. It never changes, so its `etag` follows from its key."""

    blobs: BlobStore
    key: str
    size: int

    @property
    def etag(self) -> str:
        """A strong entity tag."""
        return strong_tag(self.key)


def find(services: Services, owner: str, fit_id: str, name: str) -> StoredFile:
    """A file of a fit's result. Raises NotFound, or NotFinished where the fit has none (`has_result`)."""
    record = fit_with_result(services, owner, fit_id)
    found = file_of(services, record, name)
    if found is None:
        raise NotFound(f"The fit {fit_id} has no {name[:200]}.")
    return found


def files_of(services: Services, record: FitRecord, names: Iterable[str], stack: ExitStack) -> dict[str, Path]:
    """Those of a result's files that are there, on this machine until the stack ends. Raises as `file_of` does."""
    return {
        name: stack.enter_context(services.blobs.local(found.key))
        for name in names
        if (found := file_of(services, record, name)) is not None
    }


def file_of(services: Services, record: FitRecord, name: str) -> StoredFile | None:
    """A file of a fit's result as it was stored, or None where the result has none of this name.

    Raises ResultGone or ResultDamaged where it is not as the record knows it; a fit from before records knew that is
    taken at its word.
    """
    key = f"{result_folder(record.id, record.attempt)}/{name}"
    known = (record.result_files or {}).get(name)
    fault = None if known is None else fault_of_stored(services.blobs, key, known)
    if fault is not None:
        structlog.get_logger("photfit.app").error("a result's file is not as it was stored", file=key, fault=fault)
        kind = ResultGone if fault == GONE else ResultDamaged
        detail = f"The file {name[:200]} of the fit {record.id} {fault}. Run the fit again: it gives the same numbers."
        raise kind(detail, file=name[:200])
    return stored_file(services, key)


def find_log(services: Services, owner: str, fit_id: str) -> StoredFile:
    """The log of a finished fit. Raises NotFound where it never came to write one, NotFinished before the end."""
    record = fits.get(services, owner, fit_id)
    if record.state not in FINAL_STATES:
        raise _not_finished(record)
    found = file_of(services, record, "log.txt")
    if found is None:
        raise NotFound(f"The fit {fit_id} is {record.state} and left no log.")
    return found


def fit_with_result(services: Services, owner: str, fit_id: str) -> FitRecord:
    """The owner's fit, where it has succeeded, or ended otherwise and kept what it had found. Raises NotFound or
    NotFinished.
    """
    record = fits.get(services, owner, fit_id)
    if not has_result(record.state, record.error, record.result_bytes):
        raise _not_finished(record)
    return record


def stored_file(services: Services, key: str) -> StoredFile | None:
    """The file under a key, or None; also where no file could have such a key."""
    try:
        size = services.blobs.size(key)
    except ValueError:
        return None
    return None if size is None else StoredFile(services.blobs, key, size)


def request_of(services: Services, owner: str, fit_id: str) -> dict[str, Any]:
    """The request as it was accepted. Raises NotFound."""
    return fits.without_receiver(fits.get(services, owner, fit_id).request)


def best_fit_of(services: Services, owner: str, fit_id: str) -> dict[str, Any]:
    """The request of a fit at its best values. Raises NotFound, or NotFinished where the fit has no result."""
    record = fit_with_result(services, owner, fit_id)
    found = file_of(services, record, "best-fit.json")
    if found is None:
        raise NotFound(f"The fit {fit_id} is from before there was a best-fit.json: run it again.")
    document: dict[str, Any] = json.loads(services.blobs.read(found.key))
    return fits.without_receiver(document)


def _not_finished(record: FitRecord) -> NotFinished:
    if record.state in FINAL_STATES:
        return NotFinished(f"The fit {record.id} is {record.state} and has no result.", state=record.state)
    detail = f"The fit {record.id} is {record.state}; its result comes when it has succeeded."
    return NotFinished(detail, state=record.state)
