"""Attempts at a fit: claimed, run, and ended in one of its ways, within its limits. For a worker's child alone.

    claim ─▶ _fit: uploads ─▶ images ─▶ first values ─▶ engine ─▶ _store ─▶ _finish: succeeded; failed or cancelled,
                                         │                                           with what had been found
            Cancelled ─▶ _stop           │ UserFault, OutOfMemory, whatever else ─▶ failed
            (cancelled, released, lost)  │ PassingFault ─▶ _passing: back to the queue, up to ten times

Importing this module loads torch and the engine: the child does so when it starts, Celery's parent never. What becomes
of a fit is decided by the class of what stopped it (docs/decisions/0026-errors-are-classes.md).
"""

import resource
import secrets
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import structlog
import torch

from fitting.faults import OutOfMemory, PassingFault, UserFault
from fitting.first_values import complete_request
from fitting.inputs import load_images
from fitting.memory_faults import memory_faults
from fitting.methods.progress import Cancelled
from fitting.profiles.sersic import half_light_b
from fitting.render import compiled
from fitting.results import FitResult, InputFile, StageRecord, with_origin, write_result
from fitting.run import run, torch_device
from fitting.spec import Notice, parse_request
from jobs.accounts.accounts import reserve_results
from jobs.faults import DatabaseAway
from jobs.lifecycle import catalogues, transitions
from jobs.lifecycle.outcomes import Outcome, out_of_time, problem, with_kept
from jobs.lifecycle.retention import forget_checkpoints
from jobs.lifecycle.setbacks import MOST_TROUBLES, pause_after_troubles
from jobs.lifecycle.transitions import Claim
from jobs.operation import tallies
from jobs.operation.tracing import span
from jobs.queues import presence, turns
from jobs.queues.queue_choice import QUEUES
from jobs.storage import records, uploads
from jobs.storage.blobs import BlobMissing, StorageTrouble
from jobs.storage.schema import UploadRecord
from jobs.storage.stored_files import described, sha256_of
from worker.checkpoints import BlobShelf
from worker.connections import Connections
from worker.lease import Ending, Heartbeat, give_back
from worker.parts import TableDamaged, fit_part
from worker.reporting import Reporter
from worker.residual_pictures import ResidualPictures

_STATUS = Path("/proc/self/status")
_log = structlog.get_logger("photfit.worker")


class UploadGone(UserFault):
    """An upload that a request names was deleted before its fit ran."""

    def __init__(self, upload: str) -> None:
        super().__init__(f"{upload} was deleted before the fit ran: upload the file again.")


class NoRoomForResults(UserFault):
    """The results of a fit are more than its account may still store."""

    def __init__(self, size: int) -> None:
        super().__init__(f"The results take {size} bytes, more than your quota has left: delete what you do not need.")


class UploadDamaged(UserFault):
    """The bytes of an upload are not those that were uploaded."""

    def __init__(self, upload: str) -> None:
        super().__init__(
            f"the stored bytes of {upload} are damaged, by a fault of the service: upload the file again, which mends "
            "it, and run the fit again."
        )


def warm_engine(threads: int) -> None:
    """Touch what is slow the first time, so that the first fit is as quick as the next.

    Args:
        threads: of the engine: its share of the cores (docs/decisions/0011-threads.md).
    """
    torch.set_num_threads(threads)
    half_light_b(torch.tensor([1.0], dtype=torch.float64))
    compiled.compile_beside()


def attempt(connections: Connections, task_id: str | None) -> str | None:
    """Take the fit whose turn it is, run it, and store what came out; its id, None where none waits."""
    with connections.stop.busy():
        return _attempt(connections, task_id)


def _attempt(connections: Connections, task_id: str | None) -> str | None:
    settings, rotation = connections.settings, connections.rotation
    compiled.load()
    if not _storage_answers(connections):
        return None
    claim = transitions.claim_next(
        connections.engine,
        rotation.order(),
        connections.worker,
        task_id,
        settings.lease_seconds,
        settings.most_running,
    )
    if claim is None:
        return None
    rotation.took(claim.queue)
    connections.publisher.publish(claim.fit_id)
    _settle(connections, claim)
    _ring_for_the_next(connections)
    structlog.contextvars.bind_contextvars(fit=claim.fit_id, attempt=claim.attempt, request_id=claim.request_id)
    _log.info("taken")
    result = None
    try:
        with (
            Heartbeat(
                connections.engine,
                claim,
                connections.worker,
                settings.lease_seconds,
                connections.incarnation,
                connections.stop.told,
            ) as heartbeat,
            span("fit", claim.request_id or claim.fit_id, fit=claim.fit_id, attempt=claim.attempt),
        ):
            result = _work(connections, claim, heartbeat)
    finally:
        connections.publisher.publish(claim.fit_id)
        _settle(connections, claim)
        _count(connections, claim, result.stages if result else ())
        structlog.contextvars.clear_contextvars()
        _ring_for_the_next(connections)
    return claim.fit_id


def _storage_answers(connections: Connections) -> bool:
    """Whether a fit may be taken: after one that met trouble with the files, only once the store answers again.

    Else each fit in turn would be computed for nothing. The reconciler rings again for those that wait.
    """
    if not connections.storage_trouble.is_set():
        return True
    try:
        connections.blobs.check()
    except StorageTrouble as error:
        _log.warning("no fit is taken while the files do not answer", error=str(error))
        return False
    connections.storage_trouble.clear()
    return True


def _settle(connections: Connections, claim: Claim) -> None:
    """Let a part's catalogue know that it was taken, or that it ended: the next part is made, states follow."""
    if claim.catalogue_id is None:
        return
    try:
        catalogues.settle(connections.engine, claim.catalogue_id, changed=True)
    except DatabaseAway as error:  # the reconciler does it once it is back
        _log.warning("the database does not answer", error=str(error))
    connections.publisher.publish(claim.catalogue_id)


def _ring_for_the_next(connections: Connections) -> None:
    """Have a bell hang at each queue in which a fit may be taken: for whoever is free, this worker included.

    It is rung as a fit is taken, so that it does not depend on this fit's end; and as one ends, since its owner may
    have been passed over while it ran. Of all queues, for the same reason.
    """
    try:
        for queue in turns.queues_with_work(connections.engine, QUEUES, connections.settings.most_running):
            connections.doorbell.ring(queue)
    except DatabaseAway as error:  # the reconciler rings once it is back
        _log.warning("the database does not answer", error=str(error))


def _work(connections: Connections, claim: Claim, heartbeat: Heartbeat) -> FitResult | None:
    """Run a claimed fit to one of its ends; its result where it has one."""
    pictures = ResidualPictures(connections.blobs, claim)
    reporter = Reporter(connections.engine, connections.publisher, claim, heartbeat, pictures)
    try:
        with memory_faults(), memory_bound(_least(claim.memory_limit, connections.settings.fit_memory_mib)):
            if claim.catalogue_id is not None:
                with pictures:
                    files = _store_part(connections, claim, heartbeat)
                _finish(connections, claim, "succeeded", files=files)
                return None
            with pictures:
                result = _fit(connections, claim, reporter)
            files = _store(connections, claim, result)
        outcome, error = _outcome_of(result, claim, heartbeat)
        progress = reporter.final() if outcome == "succeeded" else reporter.latest
        _finish(connections, claim, outcome, error=error, notices=result.notices, progress=progress, files=files)
        return result
    except Cancelled:
        _stop(connections, claim, heartbeat.ending or Ending.CANCELLED, reporter)
    except PassingFault as fault:
        _passing(connections, claim, fault)
    except Exception as error:  # noqa: BLE001 - whose fault it is decides its class
        _finish(connections, claim, "failed", error=_problem_of(error, claim))
    return None


def _least(asked: int | None, most: int | None) -> int | None:
    """The smaller of what a fit was promised and what this worker's machine has; None is no limit."""
    return min((mebibytes for mebibytes in (asked, most) if mebibytes is not None), default=None)


def _outcome_of(result: FitResult, claim: Claim, heartbeat: Heartbeat) -> tuple[Outcome, dict[str, Any] | None]:
    """How a fit ends that has a result, whole or not, and why it failed where it did."""
    if result.stopped is None:
        return "succeeded", None
    found = f"Kept is what it had found: {result.stopped}."
    if result.failure is not None:
        return "failed", with_kept(_problem_of(result.failure, claim), found)
    if heartbeat.ending is Ending.CANCELLED:
        return "cancelled", None
    return "failed", out_of_time(found)


def _problem_of(error: Exception, claim: Claim) -> dict[str, Any]:
    """What a fit failed of, by whose fault it is; what nobody has named counts as photfit's own."""
    if isinstance(error, UserFault):
        if isinstance(error, NoRoomForResults):
            return problem("The account's quota is used up", str(error), 403)
        titles = {
            UploadGone: "An upload is gone",
            UploadDamaged: "An upload is damaged",
            TableDamaged: "The catalogue's table is damaged",
        }
        title = titles.get(type(error), "The request does not fit its images")
        return problem(title, str(error), 422)
    if isinstance(error, OutOfMemory):
        return _memory_problem(claim.memory_limit)
    return _own_problem(error)


def _finish(
    connections: Connections,
    claim: Claim,
    outcome: Outcome,
    *,
    error: dict[str, Any] | None = None,
    notices: Sequence[Notice] = (),
    progress: dict[str, Any] | None = None,
    files: dict[str, Any] | None = None,
) -> None:
    """End the fit, and with it what was kept for a next attempt; `files` are those of its result."""
    if transitions.finish(
        connections.engine,
        claim,
        outcome,
        error=error,
        notices=notices,
        progress=progress,
        result_bytes=sum(known["size"] for known in (files or {}).values()),
        result_files=files,
    ):
        forget_checkpoints(connections.blobs, claim.fit_id)
        _log.info("ended", state=outcome)


def _fit(connections: Connections, claim: Claim, reporter: Reporter) -> FitResult:
    """Read the inputs and run the stages."""
    request = parse_request(claim.request)
    with ExitStack() as stack:
        names = {reference.file for _, reference in request.references()}
        known = uploads.get_uploads(connections.engine, claim.owner, names)
        for name in names - known.keys():
            raise UploadGone(name)
        paths = {name: stack.enter_context(_local(connections, name, record)) for name, record in known.items()}
        images = load_images(request, paths.__getitem__)
    complete, shelf = complete_request(request, images), BlobShelf(connections.blobs, claim, connections.engine)
    device = str(torch_device(request.device))
    transitions.record_device(connections.engine, claim, device)
    result = run(complete, images, device=device, report=reporter, shelf=shelf)
    files = [InputFile(record.id, record.filename, record.sha256, record.size) for record in known.values()]
    return with_origin(result, request, files, fit=claim.fit_id, attempt=claim.attempt, worker=connections.worker)


def _store_part(connections: Connections, claim: Claim, heartbeat: Heartbeat) -> dict[str, Any]:
    """Fit the rows of a part and store their table. Returns bytes and hash of its file, by name."""

    def look(_: int) -> None:
        if heartbeat.ending is not None:
            raise Cancelled

    with ExitStack() as stack:

        def located(names: Iterable[str]) -> dict[str, Path]:
            known = uploads.get_uploads(connections.engine, claim.owner, set(names))
            for name in set(names) - known.keys():
                raise UploadGone(name)
            return {name: stack.enter_context(_local(connections, name, record)) for name, record in known.items()}

        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="photfit-part-")))
        path = fit_part(connections.engine, connections.blobs, claim, located, look, folder)
        files = {path.name: described(path)}
        _require_room(connections, claim, files)
        connections.blobs.put_file(f"{claim.folder}/{path.name}", path)
    return files


@contextmanager
def _local(connections: Connections, upload: str, record: UploadRecord) -> Iterator[Path]:
    """Where an upload's file can be read, byte for byte as it came; its record may have outlived it by a moment."""
    with ExitStack() as stack:
        try:
            path = stack.enter_context(connections.blobs.local(uploads.blob_key(record.sha256)))
        except BlobMissing as error:
            raise UploadGone(upload) from error
        try:
            damaged = sha256_of(path) != record.sha256
        except OSError as error:
            raise StorageTrouble(f"the bytes of {upload} cannot be read: {error}") from error
        if damaged:
            _log.error("the bytes of an upload are damaged", upload=upload, sha256=record.sha256)
            raise UploadDamaged(upload)
        yield path


def _store(connections: Connections, claim: Claim, result: FitResult) -> dict[str, Any]:
    """Write the result's files under the attempt; they count only once `finish` has said so. Returns bytes and hash of
    each, by name.
    """
    with ExitStack() as stack:
        try:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="photfit-result-")))
            with memory_faults():  # else an ENOMEM here would pass for a full disk
                write_result(result, folder)
            paths = sorted(path for path in folder.rglob("*") if path.is_file())
            files = {path.relative_to(folder).as_posix(): described(path) for path in paths}
        except OSError as error:
            raise StorageTrouble(f"the worker's own disk takes no files: {error}") from error
        _require_room(connections, claim, files)
        for name in files:
            connections.blobs.put_file(f"{claim.folder}/{name}", folder / name)
    return files


def _require_room(connections: Connections, claim: Claim, files: Mapping[str, Any]) -> None:
    """Raise NoRoomForResults where the files are more than the account may have."""
    stored = sum(known["size"] for known in files.values())
    most = connections.settings.quota_stored_bytes
    if connections.settings.accounts and not reserve_results(
        connections.engine, claim.owner, claim.fit_id, stored, most
    ):
        raise NoRoomForResults(stored)


def _stop(connections: Connections, claim: Claim, ending: Ending, reporter: Reporter) -> None:
    """End a fit that was stopped on the way."""
    _log.info("stopped", why=ending.value)
    if ending is Ending.CANCELLED:
        _finish(connections, claim, "cancelled", progress=reporter.latest)
    elif ending is Ending.OUT_OF_TIME:
        _finish(connections, claim, "failed", error=out_of_time(), progress=reporter.latest)
    elif ending is Ending.RELEASED and give_back(connections.engine, claim):
        forget_checkpoints(connections.blobs, claim.fit_id)


def _passing(connections: Connections, claim: Claim, fault: PassingFault) -> None:
    """Trouble that may be over next time: back to the queue for a pause that doubles, within limits."""
    _log.warning("passing trouble", error=str(fault))
    if isinstance(fault, StorageTrouble):
        connections.storage_trouble.set()
    troubles = claim.troubles + 1
    if troubles < MOST_TROUBLES:
        transitions.release(connections.engine, claim, pause_after_troubles(troubles), trouble=True)
        return
    failure = problem("The service's storage does not answer", f"Tried {troubles} times. Run the fit again later.")
    _finish(connections, claim, "failed", error=failure)


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


def _count(connections: Connections, claim: Claim, stages: Sequence[StageRecord]) -> None:
    """Note how an attempt ended, how long its fit and its stages took, how far the forecast was off, GPUs' memory."""
    try:
        stage_tallies = [tally for stage in stages for tally in tallies.duration("stage", stage.method, stage.seconds)]
        tallies.add(connections.engine, [*_attempt_tallies(connections, claim), *stage_tallies])
        if memory := _gpu_memory():
            presence.report_memory(connections.engine, connections.worker, memory)
    except Exception:  # noqa: BLE001 - figures for operators must not fail a fit
        _log.exception("an attempt was not counted")


def _attempt_tallies(connections: Connections, claim: Claim) -> list[tallies.Tally]:
    record = records.get_fit_or_part(connections.engine, claim.owner, claim.fit_id)
    if record is None:
        return []
    counted = [tallies.event("finished", record.state)]
    if claim.attempt == 1 and record.started_at is not None:
        waited = (record.started_at - record.created_at).total_seconds()
        counted += tallies.duration("wait", record.queue, waited)
        if record.expected_wait is not None:
            late = waited - record.expected_wait
            counted += tallies.duration("start_late" if late >= 0.0 else "start_early", record.queue, abs(late))
    return counted


def _gpu_memory() -> dict[str, dict[str, int]]:
    """Bytes in use and in all, of each GPU; the most that this worker held at once."""
    if not torch.cuda.is_available():
        return {}
    figures = {}
    for number in range(torch.cuda.device_count()):
        free, total = torch.cuda.mem_get_info(number)
        held = torch.cuda.max_memory_allocated(number)
        figures[f"cuda:{number}"] = {"used": total - free, "total": total, "most_held": held}
    return figures


@contextmanager
def memory_bound(mebibytes: int | None) -> Iterator[None]:
    """While inside, this process can take no more than so much memory beyond what it has.

    An allocation beyond that fails there (see `fitting.memory_faults`) and harms nobody else. Data that is on a GPU
    does not count. Linux alone: elsewhere the kernel keeps no such account, and nothing is bound.
    """
    taken = data_bytes()
    if mebibytes is None or taken is None:
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = taken + (mebibytes << 20)
    hard = before[1]
    resource.setrlimit(resource.RLIMIT_DATA, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def data_bytes() -> int | None:
    """Private, writable memory of this process, which RLIMIT_DATA counts; None where the kernel does not tell."""
    if sys.platform != "linux":
        return None
    for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("VmData:"):
            return int(line.split()[1]) << 10
    return None
