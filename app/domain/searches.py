"""Searches for sources as jobs: asked for, carried out beside all requests, looked at, cancelled, deleted."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog

from app.domain import request_proposals
from app.domain.temporary_files import temporary_folder
from app.errors import Conflict, InternalError, NotFound, RequestFaulty, ServiceProblem, TooManySearches, Unavailable
from app.lifetime.services import Services
from app.sandbox import file_products
from app.sandbox.door import ACCOUNT
from fitting.faults import PassingFault
from fitting.spec import ProposalSpec, RequestInvalid
from jobs.lifecycle import searches
from jobs.lifecycle.searches import SearchClaim, SearchPage
from jobs.storage.schema import SearchRecord

_MOST_OPEN = 50
"""Searches of one owner that wait or run at once. Chosen by hand: a field of images of one pipeline, and no more."""
_PAUSE_SECONDS = 2.0
"""Seconds before a search that met passing trouble is given back. Chosen by hand: it is taken again at once."""
_RENEWALS = 3.0
"""Renewals in the time of a lease, as of fits (`worker.lease`)."""

_log = structlog.get_logger("photfit.searches")


class _Cancelled(Exception):
    """Its owner wants the search no more."""


class _Lost(Exception):
    """Another process holds the search, or it is gone."""


class _Stopping(Exception):
    """The service stops."""


def submit(
    services: Services, owner: str, upload_id: str, document: object, request_id: str | None = None
) -> SearchRecord:
    """Ask for a search. Raises NotFound, RequestInvalid, RequestFaulty or TooManySearches, with nothing stored."""
    request_proposals.read_proposal(services, owner, upload_id, document)
    number = searches.count_open(services.engine, owner)
    if number >= _MOST_OPEN:
        message = f"{number} of your searches wait or run, as many as may; ask again when some are done."
        raise TooManySearches(message, limit=_MOST_OPEN, used=number)
    request = {"upload": upload_id, "options": document}
    record = searches.create(services.engine, owner, upload_id, request, request_id)
    services.searches.wake()
    return record


def get(services: Services, owner: str, search_id: str) -> SearchRecord:
    """The owner's search. Raises NotFound."""
    record = searches.get_search(services.engine, owner, search_id)
    if record is None:
        raise NotFound(f"There is no search {search_id[:80]!r}.")
    return record


def count_before(services: Services, record: SearchRecord) -> int | None:
    """How many searches come before one that waits; None where it does not wait."""
    return searches.count_before(services.engine, record) if record.state == "queued" else None


def list_page(
    services: Services,
    owner: str,
    limit: int,
    cursor: str | None,
    states: frozenset[str],
    upload_id: str | None,
) -> SearchPage:
    """A page of the owner's searches, newest first."""
    return searches.list_searches(
        services.engine, owner, limit=limit, cursor=cursor, states=states, upload_id=upload_id
    )


def proposal(services: Services, owner: str, search_id: str) -> Mapping[str, Any]:
    """What a search found. Raises NotFound, or Conflict where it has found nothing (yet)."""
    record = get(services, owner, search_id)
    if record.proposal is None:
        raise Conflict(f"The search {search_id} is {record.state}; it has no proposal.", state=record.state)
    return record.proposal


def cancel(services: Services, owner: str, search_id: str) -> SearchRecord:
    """Cancel a search. Raises NotFound, or Conflict where it is finished."""
    get(services, owner, search_id)
    record = searches.request_cancel(services.engine, owner, search_id)
    if record is None:
        record = get(services, owner, search_id)
        raise Conflict(f"The search {search_id} is {record.state} already.", state=record.state)
    return record


def delete(services: Services, owner: str, search_id: str) -> None:
    """Delete a search. Raises NotFound, or Conflict where it is not finished."""
    record = get(services, owner, search_id)
    if not searches.remove(services.engine, owner, search_id):
        raise Conflict(f"The search {search_id} is {record.state}; cancel it first.", state=record.state)


def run(services: Services, held: SearchClaim) -> None:
    """Carry out a search that is held, and write down how it ended. Raises PassingFault of the database."""
    account = ACCOUNT.set(held.owner)
    try:
        _log.info("a search begins", search=held.search_id, attempt=held.attempt)
        found = _search(services, held)
    except _Lost:
        _log.warning("a search is held by another process", search=held.search_id)
    except _Cancelled:
        searches.finish(services.engine, held, "cancelled")
    except _Stopping:
        searches.release(services.engine, held)
    except (PassingFault, Unavailable) as error:
        _log.warning("a search is given back", search=held.search_id, error=str(error))
        time.sleep(0.0 if services.searches.is_stopping else _PAUSE_SECONDS)
        searches.release(services.engine, held)
    except (ServiceProblem, RequestInvalid) as problem:
        searches.finish(services.engine, held, "failed", error=_document(problem, held.search_id))
    except Exception:  # noqa: BLE001 - a search whose record says nothing would wait for ever
        _log.exception("a search failed", search=held.search_id)
        own = InternalError("The search met a fault of photfit; whoever runs the service finds it in the log.")
        searches.finish(services.engine, held, "failed", error=_document(own, held.search_id))
    else:
        searches.finish(services.engine, held, "succeeded", proposal=found)
    finally:
        ACCOUNT.reset(account)


def _document(problem: ServiceProblem | RequestInvalid, search_id: str) -> dict[str, object]:
    told = RequestFaulty(problem.faults) if isinstance(problem, RequestInvalid) else problem
    return told.document(f"/v1/searches/{search_id}")


def _search(services: Services, held: SearchClaim) -> Mapping[str, Any]:
    upload, options = held.request["upload"], held.request["options"]
    spec, known = request_proposals.read_proposal(services, held.owner, upload, options)
    with temporary_folder(services.receiving_folder) as folder:
        told = folder / "told"
        told.mkdir()
        watch = _Watch(services, held, told)
        watch.look()

        def call(spec: ProposalSpec, files: Mapping[str, Path]) -> file_products.ProposalOutcome:
            sandbox = services.searches.sandbox
            return sandbox.call_watched(watch.look, file_products.propose, spec, files, told)

        try:
            return request_proposals.look(services, spec, known, call)
        finally:
            # A child that is being ended may still write: under a name that is gone it cannot.
            told.rename(folder / "over")


class _Watch:
    """Looks after a search while it runs: keeps its lease, tells how far it is, and hears that it is to end."""

    def __init__(self, services: Services, held: SearchClaim, folder: Path) -> None:
        self._services = services
        self._held = held
        self._folder = folder
        self._told: dict[str, Any] | None = None
        self._renewed = time.monotonic()

    def look(self) -> None:
        """One look. Raises _Cancelled, _Lost or _Stopping."""
        if self._services.searches.is_stopping:
            raise _Stopping
        lease = self._services.searches.lease_seconds
        try:
            record = self._renew(lease)
        except PassingFault:
            if time.monotonic() - self._renewed > lease:
                raise _Lost from None
            return
        if record is None or record.state != "running" or record.attempt != self._held.attempt:
            raise _Lost
        if record.cancel_requested_at is not None:
            raise _Cancelled

    def _renew(self, lease: float) -> SearchRecord | None:
        engine, progress = self._services.engine, file_products.read_progress(self._folder)
        news = progress if progress != self._told else None
        now = time.monotonic()
        if news is None and now - self._renewed < lease / _RENEWALS:
            return searches.get_search(engine, self._held.owner, self._held.search_id)
        record = searches.renew(engine, self._held, lease, news)
        self._renewed, self._told = now, progress
        return record
