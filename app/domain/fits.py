"""Fits as records: read, listed, cancelled, repeated, deleted."""

import hashlib

from app.domain.submission import Submission, submit
from app.problems import Conflict, NotFound
from app.services import Services
from jobs import records, transitions
from jobs.records import Page
from jobs.schema import FitRecord


def get(services: Services, owner: str, fit_id: str) -> FitRecord:
    """The owner's fit. Raises NotFound."""
    record = records.get_fit(services.engine, owner, fit_id)
    if record is None:
        raise NotFound(f"There is no fit {fit_id[:80]!r}.")
    return record


def list_page(
    services: Services, owner: str, limit: int, cursor: str | None, *, state: str | None, name: str | None
) -> Page:
    """A page of the owner's fits, newest first."""
    return records.list_fits(services.engine, owner, limit=limit, cursor=cursor, state=state, name=name)


def cancel(services: Services, owner: str, fit_id: str) -> FitRecord:
    """Cancel a queued fit, ask a running one to stop. Raises NotFound, or Conflict where it is finished."""
    record = transitions.request_cancel(services.engine, owner, fit_id)
    if record is None:
        finished = get(services, owner, fit_id)
        raise Conflict(f"The fit {fit_id} is {finished.state} already.", state=finished.state)
    services.waker.changed(fit_id)
    return record


def rerun(services: Services, owner: str, fit_id: str, idempotency_key: str | None) -> FitRecord:
    """Queue the same request again. Raises NotFound, and RequestFaulty where an upload of it was deleted."""
    record = get(services, owner, fit_id)
    body_hash = hashlib.sha256(f"rerun {fit_id}".encode()).hexdigest()
    return submit(services, owner, Submission(record.request, {}, idempotency_key, body_hash))


def delete(services: Services, owner: str, fit_id: str) -> None:
    """Delete a fit and its results; a queued one is cancelled first. Raises NotFound, or Conflict where it runs."""
    if get(services, owner, fit_id).state == "queued":
        transitions.request_cancel(services.engine, owner, fit_id)
    if not transitions.remove(services.engine, owner, fit_id):
        state = get(services, owner, fit_id).state
        raise Conflict(f"The fit {fit_id} is {state}; cancel it, and delete it when it has stopped.", state=state)
    for key in services.blobs.keys(f"fits/{fit_id}"):
        services.blobs.delete(key)
    services.waker.changed(fit_id)
