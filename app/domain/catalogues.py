"""Catalogues: asked for, listed, cancelled, retried, deleted; their tables and rows."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from app.domain import limits, uploads
from app.domain.fits import Patch
from app.domain.merge_patch import apply_patch
from app.domain.sandbox_refusals import sandbox_refusals
from app.domain.submission import Submission
from app.domain.temporary_files import ConvertedFile, temporary_folder
from app.domain.verified_files import fault_of_stored
from app.errors import Conflict, KeyReused, NotFound, RequestFaulty, ResultDamaged, ResultGone
from app.lifetime.queue_board import Place
from app.lifetime.services import Services
from app.sandbox import catalogue_products
from app.sandbox.catalogue_products import CatalogueCheck, PartPlace, TableChoice, TablePage
from fitting.spec import Fault, FitRequest
from fitting.spec.catalogues import FAILED, FLAGS, CatalogueRequest, encode_flags, parse_catalogue
from fitting.spec.handling import FitChanges
from fitting.spec.validation import read_document
from jobs.lifecycle import catalogues
from jobs.lifecycle.catalogues import CataloguePage, NewCatalogue, RowCounts
from jobs.lifecycle.retention import delete_folder
from jobs.queues import costs, presence
from jobs.queues.queue_choice import choose_queue
from jobs.storage.schema import FINAL_STATES, CatalogueRecord, UploadRecord
from jobs.storage.stored_files import GONE, described

_LONG_SECONDS = 1000.0
"""Seconds that a catalogue counts as for the choice of its queue: never as quick."""
_EXPECTED = "the id of an upload, or the name of a file that comes along in the form"


@dataclass(frozen=True)
class ExaminedCatalogue:
    """A catalogue without faults, and what is known of it."""

    request: CatalogueRequest
    check: CatalogueCheck
    descriptions: Mapping[str, dict[str, Any]]
    queue: str
    device: str

    @property
    def row_seconds(self) -> float:
        """Seconds of one core that a row is expected to take, with all models."""
        pixels = self.check.n_pixels
        return sum(costs.expected_seconds(each, pixels) for each in self.check.completed.values()) or 1.0


@dataclass(frozen=True)
class CatalogueStanding:
    """A catalogue and what has become of its rows."""

    record: CatalogueRecord
    counts: RowCounts


@dataclass(frozen=True)
class CatalogueOutlook:
    """What a catalogue would come to."""

    found: ExaminedCatalogue
    parts: int
    memory: int
    place: Place


def submit(services: Services, owner: str, submission: Submission) -> CatalogueStanding:
    """Queue a catalogue, or find the one that the submission repeats. Raises as `app.domain.submission.submit_fit`."""
    earlier = _repeated(services, owner, submission)
    if earlier is not None:
        return _standing(services, earlier)
    with temporary_folder(services.receiving_folder) as folder:
        objects = folder / "objects.parquet"
        found = _examine(services, owner, submission, objects)
        limits.require_turn(services, owner, submission.idempotency_key)
        kept = {
            name: uploads.keep(services, owner, submission.files[name], description)[0].id
            for name, description in found.descriptions.items()
        }
        request = found.request.with_references(kept)
        limits.require_table_room(services, owner, objects.stat().st_size)
        catalogue_id = catalogues.new_catalogue_id()
        services.blobs.put_file(catalogues.objects_key(catalogue_id), objects)
        new = NewCatalogue(
            owner=owner,
            name=request.name,
            labels=request.labels,
            request=request.document(),
            queue=found.queue,
            device=found.device,
            rows=found.check.rows,
            row_seconds=found.row_seconds,
            parameters=[dict(item) for item in found.check.parameters],
            objects_file=described(objects),
            body_hash=submission.body_hash,
            idempotency_key=submission.idempotency_key,
            request_id=structlog.contextvars.get_contextvars().get("request_id"),
        )
        record = catalogues.create(services.engine, new, catalogue_id)
    if record is None:  # another request with the same key was quicker
        services.blobs.delete(catalogues.objects_key(catalogue_id))
        earlier = _repeated(services, owner, submission)
        assert earlier is not None
        return _standing(services, earlier)
    settled = catalogues.settle(services.engine, catalogue_id) or record
    services.waker.wake_worker(record.queue)
    return _standing(services, settled)


def forecast(services: Services, owner: str, submission: Submission) -> CatalogueOutlook:
    """What a submission would do; nothing is stored. Raises as `submit` does for its faults."""
    with temporary_folder(services.receiving_folder) as folder:
        found = _examine(services, owner, submission, folder / "objects.parquet")
    memory = max(costs.expected_bytes(each, found.check.n_pixels) for each in found.check.completed.values())
    rows_of_part = max(catalogues.PART_SECONDS / found.row_seconds, 1.0)
    parts = math.ceil(found.check.rows / rows_of_part)
    return CatalogueOutlook(found, parts, memory, services.board.next_place(found.queue, owner))


def _examine(services: Services, owner: str, submission: Submission, objects: Path) -> ExaminedCatalogue:
    request = parse_catalogue(submission.document)
    if request.webhook is not None:
        fault = Fault("$.webhook", "is not told of catalogues yet", "events, or a look now and then")
        raise RequestFaulty([fault])
    named = request.references()
    known, faults = uploads.find_named(services, owner, named, _EXPECTED, beside=submission.files)
    names = {reference.file for _, reference in named}
    used = {submission.files[name].path for name in names if name in submission.files}
    left_out = {file.filename for file in submission.files.values() if file.path not in used}
    faults += [
        Fault("$", f"the file {name[:80]!r} came along, but nothing names it", "files that the request names")
        for name in sorted(left_out)
    ]
    if faults:
        raise RequestFaulty(faults)
    descriptions = {
        name: uploads.check_upload(services, submission.files[name].path) for name in names if name in submission.files
    }
    with ExitStack() as stack:
        paths = {name: submission.files[name].path for name in descriptions}
        paths |= {name: stack.enter_context(uploads.local_file(services, record)) for name, record in known.items()}
        check = _checked(services, request, paths, objects)
    if check.faults:
        raise RequestFaulty(check.faults)
    if not check.completed:
        message = "no row of those that were tried can be fitted: " + "; ".join(check.messages[:3])
        raise RequestFaulty([Fault("$.objects", message[:1000], "rows that can")])
    device = next(iter(check.completed.values())).device
    for each in check.completed.values():
        limits.require_memory(each, check.n_pixels, limits.limits_of(each.limits, services.settings))
    queues = [worker.queues for worker in presence.alive(services.engine)]
    queue = choose_queue(device, 1, _LONG_SECONDS, queues)
    return ExaminedCatalogue(request, check, descriptions, queue, device)


def _checked(services: Services, request: CatalogueRequest, paths: Mapping[str, Path], objects: Path) -> CatalogueCheck:
    def refusal(why: str) -> RequestFaulty:
        return RequestFaulty([Fault("$", f"one of the files {why}", "files of moderate size")])

    with sandbox_refusals("The request", refusal):
        found: CatalogueCheck = services.sandbox.call(
            catalogue_products.check_catalogue, request.document(), dict(paths), objects
        )
    return found


def _repeated(services: Services, owner: str, submission: Submission) -> CatalogueRecord | None:
    if submission.idempotency_key is None:
        return None
    record = catalogues.find_catalogue_by_key(services.engine, owner, submission.idempotency_key)
    if record is not None and record.body_hash != submission.body_hash:
        raise KeyReused("This Idempotency-Key came with another request before; take a new one.", catalogue=record.id)
    return record


def get(services: Services, owner: str, catalogue_id: str) -> CatalogueRecord:
    """The owner's catalogue. Raises NotFound."""
    record = catalogues.get_catalogue(services.engine, owner, catalogue_id)
    if record is None:
        raise NotFound(f"There is no catalogue {catalogue_id[:80]!r}.")
    return record


def look(services: Services, owner: str, catalogue_id: str) -> CatalogueStanding:
    """The owner's catalogue with its counts. Raises NotFound."""
    return _standing(services, get(services, owner, catalogue_id))


def _standing(services: Services, record: CatalogueRecord) -> CatalogueStanding:
    return CatalogueStanding(record, catalogues.count_rows(services.engine, record))


def list_page(
    services: Services, owner: str, limit: int, cursor: str | None, states: frozenset[str]
) -> tuple[CataloguePage, list[CatalogueStanding]]:
    """A page of the owner's catalogues, newest first."""
    page = catalogues.list_catalogues(services.engine, owner, limit=limit, cursor=cursor, states=states)
    return page, [_standing(services, record) for record in page.items]


def change(services: Services, owner: str, catalogue_id: str, document: object) -> CatalogueStanding:
    """Give a catalogue another name or other labels. Raises NotFound, RequestInvalid."""
    changes = read_document(FitChanges, document)
    given = changes.model_dump(exclude_unset=True)
    record = catalogues.change_catalogue(services.engine, owner, catalogue_id, **given)
    if record is None:
        return look(services, owner, catalogue_id)
    services.waker.tell_listeners(catalogue_id)
    return _standing(services, record)


def cancel(services: Services, owner: str, catalogue_id: str) -> CatalogueStanding:
    """End a catalogue; rows that are done stay. Raises NotFound, or Conflict where it is finished."""
    record = catalogues.request_cancel(services.engine, owner, catalogue_id)
    if record is None:
        finished = get(services, owner, catalogue_id)
        raise Conflict(f"The catalogue {catalogue_id} is {finished.state} already.", state=finished.state)
    services.waker.tell_listeners(catalogue_id)
    return _standing(services, record)


def delete(services: Services, owner: str, catalogue_id: str) -> None:
    """Delete a catalogue and its table. Raises NotFound, or Conflict where it runs."""
    record = get(services, owner, catalogue_id)
    if record.state == "queued":
        catalogues.request_cancel(services.engine, owner, catalogue_id)
    parts = catalogues.remove(services.engine, owner, catalogue_id)
    if parts is None:
        state = get(services, owner, catalogue_id).state
        raise Conflict(f"The catalogue {catalogue_id} is {state}; cancel it, and delete it when it has stopped.")
    for part_id in parts:
        delete_folder(services.blobs, f"fits/{part_id}")
    delete_folder(services.blobs, f"catalogues/{catalogue_id}")
    services.waker.tell_listeners(catalogue_id)


def rerun(services: Services, owner: str, catalogue_id: str, patch: Patch, key: str | None) -> CatalogueStanding:
    """A catalogue once more, with what a merge patch changes. Raises NotFound, and as `submit`."""
    record = get(services, owner, catalogue_id)
    if not isinstance(patch.document, dict):
        raise RequestFaulty([Fault("$", "is not an object", 'what changes, such as {"seed": 7}')])
    document = apply_patch({**record.request, "name": record.name, "labels": list(record.labels)}, patch.document)
    body_hash = hashlib.sha256(f"rerun {catalogue_id} {patch.body_hash}".encode()).hexdigest()
    return submit(services, owner, Submission(document, {}, key, body_hash))


def retry(services: Services, owner: str, catalogue_id: str, document: object) -> CatalogueStanding:
    """Have rows fitted again: those that failed, or those with some flags, by the request with changes.

    Raises NotFound, Conflict where the catalogue is not final or no row is meant, RequestFaulty or RequestInvalid.
    """
    record = get(services, owner, catalogue_id)
    flags, changes = _read_retry(document)
    if record.state not in FINAL_STATES:
        raise Conflict(f"The catalogue {catalogue_id} is {record.state}; retry its rows when it has ended.")
    latest = record.retries[-1]["request"] if record.retries else record.request
    changed = apply_patch(latest, changes)
    mask = FAILED | encode_flags(["crashed"]) if flags is None else encode_flags(flags)
    with temporary_folder(services.receiving_folder) as folder:
        if changes:
            submission = Submission(changed, {}, None, "")
            again = _examine(services, owner, submission, folder / "objects.parquet")
            if again.check.rows != record.rows:
                fault = Fault("$.changes.objects", "has other rows than the catalogue", "the same table; or a rerun")
                raise RequestFaulty([fault])
        with _local_parts(services, record) as (_, parts, files), sandbox_refusals("The table"):
            rows = services.sandbox.call(catalogue_products.rows_with_flags, parts, files, mask)
    if not rows:
        raise Conflict("No row has failed, or has one of these flags.", state=record.state)
    if not catalogues.retry(services.engine, owner, catalogue_id, rows, parse_catalogue(changed).document()):
        raise Conflict(f"The catalogue {catalogue_id} is being changed; ask again.")
    services.waker.wake_worker(record.queue)
    services.waker.tell_listeners(catalogue_id)
    return look(services, owner, catalogue_id)


def _read_retry(document: object) -> tuple[list[str] | None, dict[str, Any]]:
    if not isinstance(document, dict):
        raise RequestFaulty([Fault("$", "is not an object", '{"flags": ["not_converged"], "changes": {…}}')])
    faults = [
        Fault(f"$.{key}", "is an unknown key", "flags, changes") for key in document if key not in ("flags", "changes")
    ]
    flags, changes = document.get("flags"), document.get("changes", {})
    if flags is not None and (not isinstance(flags, list) or not all(flag in FLAGS for flag in flags) or not flags):
        faults.append(Fault("$.flags", "is no list of flags", f"some of: {', '.join(FLAGS)}"))
    if not isinstance(changes, dict):
        faults.append(Fault("$.changes", "is not an object", "a JSON merge patch of the request"))
    if faults:
        raise RequestFaulty(faults)
    return flags, changes


@contextmanager
def _local_parts(
    services: Services, record: CatalogueRecord
) -> Iterator[tuple[Path, dict[str, PartPlace], list[Path]]]:
    """The object table and the parts that are done, in order, where they can be read; and all of the latter's files.

    Raises ResultGone or ResultDamaged where one is not as it was stored.
    """
    with ExitStack() as stack:

        def whole(key: str, known: dict[str, Any] | None) -> Path:
            fault = None if known is None else fault_of_stored(services.blobs, key, known)
            if fault is not None:
                structlog.get_logger("photfit.app").error("a catalogue's file is damaged", file=key, fault=fault)
                kind = ResultGone if fault == GONE else ResultDamaged
                raise kind(
                    f"A file of the catalogue {record.id} {fault}. Ask for it again (`rerun`): it gives the same "
                    "numbers.",
                    file=key.rpartition("/")[2],
                )
            return stack.enter_context(services.blobs.local(key))

        objects = whole(catalogues.objects_key(record.id), record.objects_file)
        parts: dict[str, PartPlace] = {}
        for part in catalogues.finished_parts(services.engine, record.id):
            path = None if part.key is None else whole(part.key, part.known)
            parts[part.id] = PartPlace(part.start, part.stop, path)
        yield objects, parts, [part.path for part in parts.values() if part.path is not None]


def table_page(services: Services, record: CatalogueRecord, choice: TableChoice) -> Mapping[str, Any]:
    """A page of a catalogue's table as JSON, of the rows that are done. Raises RequestFaulty, Unavailable."""
    with temporary_folder(services.receiving_folder) as folder:
        page = _made_table(services, record, choice, folder / "table")
    document: Mapping[str, Any] = page.document
    return document


def table_file(services: Services, record: CatalogueRecord, choice: TableChoice) -> ConvertedFile:
    """A catalogue's table as a file, of the rows that are done. Raises RequestFaulty, Unavailable."""
    with temporary_folder(services.receiving_folder) as folder:
        _made_table(services, record, choice, folder / "table")
        return ConvertedFile.open_at(folder / "table")


def _made_table(services: Services, record: CatalogueRecord, choice: TableChoice, target: Path) -> TablePage:
    twice = [name for place, name in enumerate(choice.columns) if name in choice.columns[:place]]
    if twice:
        raise RequestFaulty([Fault("query.columns", f"names {twice[0][:80]!r} twice", "each column once")])
    with _local_parts(services, record) as (objects, parts, files), sandbox_refusals("The table"):
        page: TablePage = services.sandbox.call(
            catalogue_products.table_of, objects, list(parts.values()), files, record.parameters, choice, target
        )
    if page.faults:
        raise RequestFaulty(page.faults)
    return page


@dataclass(frozen=True)
class RowStanding:
    """A row: its values where it is done, and its own requests by model."""

    number: int
    values: Mapping[str, Any] | None
    requests: Mapping[str, FitRequest]
    message: str


def row(services: Services, record: CatalogueRecord, number: int) -> RowStanding:
    """One row. Raises NotFound where the table has none of that number."""
    if not 0 <= number < record.rows:
        raise NotFound(f"The catalogue {record.id} has the rows 0 to {record.rows - 1}.")
    document = record.retries[-1]["request"] if record.retries else record.request
    with _local_parts(services, record) as (objects, parts, files), ExitStack() as stack:
        with sandbox_refusals("The table"):
            values = services.sandbox.call(
                catalogue_products.row_of, objects, list(parts.values()), files, record.parameters, number
            )
        paths = {
            name: stack.enter_context(uploads.local_file(services, known))
            for name, known in _uploads_of(services, record, document).items()
        }
        with sandbox_refusals("The request"):
            found = services.sandbox.call(catalogue_products.row_requests, document, paths, objects, number)
    return RowStanding(number, values, found.requests, found.message)


def _uploads_of(services: Services, record: CatalogueRecord, document: dict[str, Any]) -> dict[str, UploadRecord]:
    request = parse_catalogue(document)
    table = None if request.objects.file is None else request.objects.file.file
    named: Sequence[tuple[str, Any]] = [pair for pair in request.references() if pair[1].file != table]
    known, faults = uploads.find_named(services, record.owner, named, _EXPECTED)
    if faults:
        raise RequestFaulty(faults)
    return known
