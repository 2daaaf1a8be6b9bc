"""One attempt at a fit: taken, run, and ended in one of its ways. Imports the engine: for the child alone."""

import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import structlog

from fitting.faults import OutOfMemory, PassingFault, UserFault
from fitting.first_values import complete_request
from fitting.inputs import load_images
from fitting.memory_faults import memory_faults
from fitting.methods.progress import Cancelled
from fitting.results import FitResult, write_result
from fitting.results.provenance import InputFile, with_origin
from fitting.run import run, torch_device
from fitting.spec import FitRequest, Notice, parse_request
from jobs.lifecycle import transitions
from jobs.lifecycle.outcomes import Outcome, out_of_time, problem
from jobs.lifecycle.transitions import Claim
from jobs.operation.retention import forget_checkpoints
from jobs.operation.tracing import span
from jobs.storage import records, uploads
from jobs.storage.blobs import BlobMissing, StorageTrouble
from jobs.storage.schema import UploadRecord
from worker.bench import Bench, bench
from worker.checkpoints import BlobShelf
from worker.counting import count_attempt
from worker.lease import Ending, Heartbeat
from worker.limits import memory_bound
from worker.reporting import Reporter
from worker.residual_pictures import ResidualPictures

_MOST_ATTEMPTS = 10
"""A fit that meets passing trouble (database, files) so often fails."""

_log = structlog.get_logger("photfit.worker")


class UploadGone(UserFault):
    """An upload that a request names was deleted before its fit ran."""

    def __init__(self, upload: str) -> None:
        super().__init__(f"{upload} was deleted before the fit ran: upload the file again.")


def attempt(fit_id: str, task_id: str | None) -> None:
    """Take the fit if it is still to be had, run it, and store what came out."""
    tools = bench()
    settings = tools.settings
    claim = transitions.claim(
        tools.engine, fit_id, tools.worker, task_id, settings.lease_seconds, settings.most_running
    )
    if claim is None:
        return
    tools.publisher.publish(fit_id)
    structlog.contextvars.bind_contextvars(fit=fit_id, attempt=claim.attempt, request_id=claim.request_id)
    _log.info("taken")
    result = None
    try:
        with (
            Heartbeat(tools.engine, claim, tools.worker, settings.lease_seconds) as heartbeat,
            span("fit", claim.request_id or fit_id, fit=fit_id, attempt=claim.attempt),
        ):
            result = _work(tools, claim, heartbeat)
    finally:
        tools.publisher.publish(fit_id)
        count_attempt(tools, claim, result.stages if result else ())
        structlog.contextvars.clear_contextvars()
        if settings.accounts:
            _wake_next(tools, claim)


def _wake_next(tools: Bench, claim: Claim) -> None:
    """Ring for the owner's next fit: its own bell may have been answered while as many of his ran as may."""
    waiting = records.next_of(tools.engine, claim.owner)
    if waiting is not None:
        tools.doorbell.ring(waiting.id, waiting.queue)


def _work(tools: Bench, claim: Claim, heartbeat: Heartbeat) -> FitResult | None:
    """Run a claimed fit to one of its ends; its result where it has one."""
    pictures = ResidualPictures(tools.blobs, claim)
    reporter = Reporter(tools.engine, tools.publisher, claim, heartbeat, pictures)
    try:
        with memory_faults(), memory_bound(claim.memory_limit), pictures:
            result = _fit(tools, claim, reporter)
        size = _store(tools, claim, result)
        if result.stopped is None:
            _finish(tools, claim, "succeeded", notices=result.notices, progress=reporter.final(), result_bytes=size)
        else:
            found = f"Kept is what it had found: {result.stopped}."
            _finish(
                tools,
                claim,
                "failed",
                error=out_of_time(found),
                notices=result.notices,
                progress=reporter.latest,
                result_bytes=size,
            )
        return result
    except Cancelled:
        _stop(tools, claim, heartbeat.ending or Ending.CANCELLED, reporter)
    except UserFault as fault:
        _finish(tools, claim, "failed", error=_user_problem(fault))
    except PassingFault as fault:
        _passing(tools, claim, fault)
    except OutOfMemory:
        _finish(tools, claim, "failed", error=_memory_problem(claim.memory_limit))
    except Exception as error:  # noqa: BLE001 - OwnFault, and whatever nobody has named: photfit should have
        _finish(tools, claim, "failed", error=_own_problem(error))
    return None


def _finish(
    tools: Bench,
    claim: Claim,
    outcome: Outcome,
    *,
    error: dict[str, Any] | None = None,
    notices: Sequence[Notice] = (),
    progress: dict[str, Any] | None = None,
    result_bytes: int = 0,
) -> None:
    """End the fit, and with it what was kept for a next attempt."""
    if transitions.finish(
        tools.engine, claim, outcome, error=error, notices=notices, progress=progress, result_bytes=result_bytes
    ):
        forget_checkpoints(tools.blobs, claim.fit_id)
        _log.info("ended", state=outcome)


def _fit(tools: Bench, claim: Claim, reporter: Reporter) -> FitResult:
    """Read the inputs and run the stages."""
    request = parse_request(claim.request)
    with ExitStack() as stack:
        known = _inputs(tools, claim, request)
        paths = {name: stack.enter_context(_local(tools, name, record)) for name, record in known.items()}
        images = load_images(request, paths.__getitem__)
    complete, shelf = complete_request(request, images), BlobShelf(tools.blobs, claim)
    device = str(torch_device(request.device))
    transitions.record_device(tools.engine, claim, device)
    result = run(complete, images, device=device, report=reporter, shelf=shelf)
    files = [InputFile(record.id, record.filename, record.sha256, record.size) for record in known.values()]
    return with_origin(result, request, files, fit=claim.fit_id, attempt=claim.attempt, worker=tools.worker)


def _inputs(tools: Bench, claim: Claim, request: FitRequest) -> dict[str, UploadRecord]:
    """The uploads that the request names."""
    names = {reference.file for _, reference in request.references()}
    known = uploads.get_uploads(tools.engine, claim.owner, names)
    for name in names - known.keys():
        raise UploadGone(name)
    return known


@contextmanager
def _local(tools: Bench, upload: str, record: UploadRecord) -> Iterator[Path]:
    """Where an upload's file can be read; its record may have outlived it by a moment."""
    with ExitStack() as stack:
        try:
            path = stack.enter_context(tools.blobs.local(uploads.blob_key(record.sha256)))
        except BlobMissing as error:
            raise UploadGone(upload) from error
        yield path


def _store(tools: Bench, claim: Claim, result: FitResult) -> int:
    """Write the result's files under the attempt; they count only once `finish` has said so. Returns their bytes."""
    stored = 0
    with tempfile.TemporaryDirectory(prefix="photfit-result-") as name:
        folder = Path(name)
        try:
            with memory_faults():
                write_result(result, folder)
        except OSError as error:
            raise StorageTrouble(f"the worker's own disk takes no files: {error}") from error
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            tools.blobs.put_file(f"{claim.folder}/{path.relative_to(folder).as_posix()}", path)
            stored += path.stat().st_size
    return stored


def _stop(tools: Bench, claim: Claim, ending: Ending, reporter: Reporter) -> None:
    """End a fit that was stopped on the way."""
    _log.info("stopped", why=ending.value)
    if ending is Ending.CANCELLED:
        _finish(tools, claim, "cancelled", progress=reporter.latest)
    elif ending is Ending.OUT_OF_TIME:
        _finish(tools, claim, "failed", error=out_of_time(), progress=reporter.latest)
    elif ending is Ending.RELEASED:
        transitions.release(tools.engine, claim)


def _passing(tools: Bench, claim: Claim, fault: PassingFault) -> None:
    """Trouble that may be over next time: back to the queue, within limits."""
    _log.warning("passing trouble", error=str(fault))
    if claim.attempt < _MOST_ATTEMPTS:
        transitions.release(tools.engine, claim)
        return
    failure = problem("The service's storage does not answer", f"Tried {claim.attempt} times. Run the fit again later.")
    _finish(tools, claim, "failed", error=failure)


def _user_problem(fault: UserFault) -> dict[str, Any]:
    title = "An upload is gone" if isinstance(fault, UploadGone) else "The request does not fit its images"
    return problem(title, str(fault), 422)


def _memory_problem(limit: int | None) -> dict[str, Any]:
    what = "The worker's memory does" if limit is None else f"The {limit} MiB that the fit may take do"
    more = "" if limit is None else ", or more `memory_mib` in `limits`"
    detail = f"{what} not suffice: use a smaller window or fewer components{more}, and run the fit again."
    return problem("Out of memory", detail, 422)


def _own_problem(error: Exception) -> dict[str, Any]:
    """The user gets a number to quote, the log the rest."""
    number = secrets.token_hex(4)
    _log.error("the fit failed by a fault of photfit", number=number, exc_info=error)
    detail = f"This is photfit's fault, not yours. The log has it under the number {number}."
    return problem("The fit failed unexpectedly", detail)
