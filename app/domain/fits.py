"""Fits as records: read, listed, renamed, cancelled, deleted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.errors import Conflict, NotFound
from app.lifetime.services import Services
from fitting.spec.handling import FitChanges
from fitting.spec.validation import read_document
from jobs.lifecycle import transitions
from jobs.lifecycle.retention import delete_folder, forget_checkpoints
from jobs.storage import records
from jobs.storage.records import FitFilter, Page
from jobs.storage.schema import FitRecord


@dataclass(frozen=True)
class Patch:
    """Changes to a document, as decoded JSON, and the hash of the bytes that they came as."""

    document: object
    body_hash: str


def without_receiver(document: Mapping[str, Any]) -> dict[str, Any]:
    """A request without the address that its webhook goes to, which may hold a secret: results, bundles and links show
    requests to others.
    """
    return {name: member for name, member in document.items() if name != "webhook"}


def get(services: Services, owner: str, fit_id: str) -> FitRecord:
    """The owner's fit. Raises NotFound."""
    record = records.get_fit(services.engine, owner, fit_id)
    if record is None:
        raise NotFound(f"There is no fit {fit_id[:80]!r}.")
    return record


def image_of(record: FitRecord, wanted: str | None) -> tuple[int, str]:
    """Place in the request, from 0, and name of the image that is wanted, or of the first. Raises NotFound."""
    names: list[str] = [spec["name"] for spec in record.request["images"]]
    if wanted is not None and wanted not in names:
        raise NotFound(f"The fit {record.id} has no image {wanted[:80]!r}; it has {', '.join(names)}.")
    place = 0 if wanted is None else names.index(wanted)
    return place, names[place]


def list_page(services: Services, owner: str, limit: int, cursor: str | None, wanted: FitFilter) -> Page:
    """A page of the owner's fits, newest first."""
    return records.list_fits(services.engine, owner, limit=limit, cursor=cursor, wanted=wanted)


def change(services: Services, owner: str, fit_id: str, document: object) -> FitRecord:
    """Give a fit another name or other labels. Raises NotFound, RequestInvalid."""
    changes = read_document(FitChanges, document)
    record = records.rename(services.engine, owner, fit_id, **changes.model_dump(exclude_unset=True))
    if record is None:
        return get(services, owner, fit_id)
    services.waker.tell_listeners(fit_id)
    return record


def cancel(services: Services, owner: str, fit_id: str) -> FitRecord:
    """Cancel a queued fit, ask a running one to stop. Raises NotFound, or Conflict where it is finished."""
    record = transitions.request_cancel(services.engine, owner, fit_id)
    if record is None:
        finished = get(services, owner, fit_id)
        raise Conflict(f"The fit {fit_id} is {finished.state} already.", state=finished.state)
    if record.state == "cancelled":
        forget_checkpoints(services.blobs, fit_id)
    services.waker.tell_listeners(fit_id)
    return record


def delete(services: Services, owner: str, fit_id: str) -> None:
    """Delete a fit and its results; a queued one is cancelled first. Raises NotFound, or Conflict where it runs."""
    if get(services, owner, fit_id).state == "queued":
        transitions.request_cancel(services.engine, owner, fit_id)
    if not transitions.remove(services.engine, owner, fit_id):
        state = get(services, owner, fit_id).state
        raise Conflict(f"The fit {fit_id} is {state}; cancel it, and delete it when it has stopped.", state=state)
    delete_folder(services.blobs, f"fits/{fit_id}")
    services.waker.tell_listeners(fit_id)
