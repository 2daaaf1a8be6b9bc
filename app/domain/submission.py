"""Submission of a fit: everything is checked first, then files and record are stored, then a worker is woken."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import structlog

from app.domain import fits, limits, uploads
from app.domain.limits import FitLimits
from app.domain.sandbox_refusals import sandbox_refusals
from app.domain.temporary_files import ReceivedFile
from app.errors import KeyReused, RequestFaulty
from app.lifetime.services import Services
from app.sandbox import upload_checks
from fitting import __version__
from fitting.spec import Fault, FitRequest, Notice, RequestInvalid, parse_request
from fitting.spec.request import request_sha256
from jobs.lifecycle import transitions
from jobs.lifecycle.transitions import NewFit
from jobs.operation.webhooks import SKYPORTAL
from jobs.queues import presence
from jobs.queues.costs import expected_seconds
from jobs.queues.queue_choice import choose_queue
from jobs.storage import records
from jobs.storage.blobs import BlobMissing, result_folder
from jobs.storage.schema import FitRecord, UploadRecord

_READ_AT_ONCE = 64 << 10
"""Bytes of a request, as JSON, that are read in the service itself: some hundred components, some ten milliseconds."""
_SECONDS_OF_READING = 10.0
"""Seconds that reading a request may take. Chosen by hand: several times what the largest that is let in takes."""


@dataclass(frozen=True)
class Submission:
    """A request as it came in.

    Attributes:
        document: decoded JSON.
        files: what came along, under each name that the request may call it.
        idempotency_key, body_hash: tell a repetition from another request.
    """

    document: object
    files: Mapping[str, ReceivedFile]
    idempotency_key: str | None
    body_hash: str


def submit_fit(services: Services, owner: str, submission: Submission) -> FitRecord:
    """Queue a fit, or find the one that the submission repeats or may reuse.

    Raises RequestInvalid or RequestFaulty with every fault, with nothing stored, and KeyReused; TooManyFits or
    QuotaExceeded where the account may have no more.
    """
    earlier = _repeated_fit(services, owner, submission)
    if earlier is not None:
        return earlier
    found = examine_submission(services, owner, submission)
    reusable = _earlier_result(services, owner, found.identity) if found.request.reuse else None
    if reusable is not None:
        return reusable
    limits.require_turn(services, owner, submission.idempotency_key)
    kept = {
        name: uploads.keep(services, owner, submission.files[name], description)[0].id
        for name, description in found.descriptions.items()
    }
    return _queue_fit(services, owner, found.request.with_references(kept), found, submission)


@dataclass(frozen=True)
class ExaminedRequest:
    """A request without faults.

    Attributes:
        request: as it came in.
        identity: its hash, and its files' (`fitting.spec.request`).
        completed: the request with the first values that it left out.
        n_pixels: that are used, of all images together.
        notices: what a careful reader should know of the images.
        descriptions: of each file that came along, by its name.
        limits: what the fit may take.
    """

    request: FitRequest
    identity: str
    completed: FitRequest
    n_pixels: int
    notices: tuple[Notice, ...]
    descriptions: Mapping[str, dict[str, Any]]
    limits: FitLimits

    @property
    def expected_seconds(self) -> float:
        """What the fit will take of one core, by its size alone."""
        return expected_seconds(self.completed, self.n_pixels)


def examine_submission(services: Services, owner: str, submission: Submission) -> ExaminedRequest:
    """A submission, looked at together with its images. Raises RequestInvalid or RequestFaulty with every fault."""
    request = _read_request(services, submission.document)
    fit_limits = limits.limits_of(request.limits, services.settings)
    limits.require_webhook(request.webhook and request.webhook.removeprefix(SKYPORTAL), services.settings)
    known = _known_uploads(services, owner, request, submission.files)
    used = frozenset(reference.file for _, reference in request.references() if reference.file in submission.files)
    with ExitStack() as stack:
        paths: dict[str, Path] = {name: submission.files[name].path for name in used}
        for name, record in known.items():
            paths[name] = stack.enter_context(uploads.local_file(services, record))
        checked = _check_images(services, request, paths, used)
    contents = {name: submission.files[name].sha256 for name in used}
    contents |= {name: record.sha256 for name, record in known.items()}
    assert checked.completed is not None, "what has no faults was completed"
    limits.require_memory(checked.completed, checked.n_pixels, fit_limits)
    return ExaminedRequest(
        request,
        request_sha256(request, contents),
        checked.completed,
        checked.n_pixels,
        checked.notices,
        checked.descriptions,
        fit_limits,
    )


def _read_request(services: Services, document: object) -> FitRequest:
    """A request that was read in a child where it is long, so that none holds the service's threads for seconds.

    Raises RequestInvalid, RequestFaulty or Unavailable.
    """
    if len(orjson.dumps(document)) <= _READ_AT_ONCE:
        return parse_request(document)

    def refusal(why: str) -> RequestFaulty:
        return RequestFaulty([Fault("$", f"the request {why}", "a smaller request")])

    with sandbox_refusals("The request", refusal):
        found = services.sandbox.call(upload_checks.read_request, document, _SECONDS_OF_READING)
    if isinstance(found, FitRequest):
        return found
    raise RequestInvalid(found)


def _check_images(
    services: Services, request: FitRequest, files: Mapping[str, Path], new: frozenset[str]
) -> upload_checks.ImageCheck:
    """What there is to say of a sound request. Raises RequestFaulty with every fault that shows in the images."""

    def refusal(why: str) -> RequestFaulty:
        return RequestFaulty([Fault("$.images", f"one of the files {why}", uploads.READABLE)])

    with sandbox_refusals("The request", refusal):
        checked = services.sandbox.call(upload_checks.check_images, request, files, new)
    if checked.faults:
        raise RequestFaulty(checked.faults)
    return checked


def queue_for(services: Services, found: ExaminedRequest) -> str:
    """The queue that a request goes to."""
    queues = [worker.queues for worker in presence.alive(services.engine)]
    return choose_queue(found.request.device, len(found.request.stages), found.expected_seconds, queues)


def _repeated_fit(services: Services, owner: str, submission: Submission) -> FitRecord | None:
    """The fit that this submission repeats, if it repeats one."""
    if submission.idempotency_key is None:
        return None
    record = records.find_by_key(services.engine, owner, submission.idempotency_key)
    if record is not None and record.body_hash != submission.body_hash:
        raise KeyReused("This Idempotency-Key came with another request before; take a new one.", fit=record.id)
    return record


def _known_uploads(
    services: Services, owner: str, request: FitRequest, files: Mapping[str, ReceivedFile]
) -> dict[str, UploadRecord]:
    """The uploads that the request names. Raises RequestFaulty where it names others, or leaves a file out."""
    named = request.references()
    expected = "the id of an upload, or the name of a file that comes along in the form"
    known, faults = uploads.find_named(services, owner, named, expected, beside=files)
    used = {files[reference.file].path for _, reference in named if reference.file in files}
    left_out = {file.filename for file in files.values() if file.path not in used}
    faults += [
        Fault("$.images", f"the file {name[:80]!r} came along, but no image names it", "files that the request names")
        for name in sorted(left_out)
    ]
    if faults:
        raise RequestFaulty(faults)
    return known


def _queue_fit(
    services: Services, owner: str, request: FitRequest, found: ExaminedRequest, submission: Submission
) -> FitRecord:
    queue = queue_for(services, found)
    notices = found.notices
    if queue == "gpu" and not any(queue in worker.queues for worker in presence.alive(services.engine)):
        sentence = "no worker with a GPU is here just now, and the fit waits for one; device auto would not"
        notices = (*notices, Notice("no-gpu-worker", sentence))
    record = transitions.create(
        services.engine,
        NewFit(
            owner=owner,
            name=request.name,
            request=fits.without_receiver(request.document()),
            queue=queue,
            device=request.device,
            body_hash=submission.body_hash,
            idempotency_key=submission.idempotency_key,
            request_id=structlog.contextvars.get_contextvars().get("request_id"),
            labels=request.labels,
            request_sha256=found.identity,
            expected_seconds=found.expected_seconds,
            time_limit=found.limits.seconds,
            memory_limit=found.limits.memory_mib,
            webhook=request.webhook,
            notices=notices,
            expected_wait=services.board.seconds_to_start(queue, owner),
        ),
    )
    if record is None:
        # Another request with the same key was quicker.
        earlier = _repeated_fit(services, owner, submission)
        assert earlier is not None
        return earlier
    services.waker.wake_worker(record.queue)
    return record


def _earlier_result(services: Services, owner: str, request_sha256: str) -> FitRecord | None:
    """The owner's newest fit with this hash whose result is there and was made by this version of photfit, or None."""
    record = records.newest_success(services.engine, owner, request_sha256)
    if record is None:
        return None
    try:
        content = services.blobs.read(f"{result_folder(record.id, record.attempt)}/provenance.json")
    except BlobMissing:
        return None
    return record if orjson.loads(content)["photfit"] == __version__ else None
