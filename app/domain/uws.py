"""UWS jobs (the IVOA's Universal Worker Service 1.1) as a façade: a job's phases are its fit's states."""

import asyncio
import hashlib
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from starlette.concurrency import run_in_threadpool
from vo_models.uws.types import ExecutionPhase

from app.domain import fits, limits
from app.domain.dry_run import plan_fit
from app.domain.submission import Submission, submit_fit
from app.errors import Conflict, NotFound, RequestFaulty, ServiceProblem
from app.lifetime.queue_board import Place
from app.lifetime.services import Services
from fitting.spec import Fault, RequestInvalid, parse_request
from jobs.lifecycle import transitions
from jobs.operation import uws
from jobs.operation.uws import Job
from jobs.storage.schema import FINAL_STATES

LONGEST_WAIT_SECONDS = 60.0
"""What `WAIT=-1` comes to: as `app.http.request_parameters.LONGEST_WAIT`, by hand."""
_PAUSE_SECONDS = 0.5
"""Seconds between looks at a job, where no nudge comes: as in `app.domain.fit_changes`."""
_LONGEST_RUN_ID = 200
"""Letters: the width of the column of jobs' run ids."""
_PHASES = {
    "queued": ExecutionPhase.QUEUED,
    "running": ExecutionPhase.EXECUTING,
    "succeeded": ExecutionPhase.COMPLETED,
    "failed": ExecutionPhase.ERROR,
    "cancelled": ExecutionPhase.ABORTED,
}
WAITING = frozenset({ExecutionPhase.PENDING, ExecutionPhase.QUEUED, ExecutionPhase.EXECUTING})
"""Phases that can still change."""


def phase_of(job: Job) -> ExecutionPhase:
    """Where a job stands."""
    if job.fit is not None:
        return _PHASES[job.fit.state]
    if job.record.aborted_at is not None:
        return ExecutionPhase.ABORTED
    return ExecutionPhase.PENDING if job.record.fit_id is None else ExecutionPhase.ARCHIVED


def expected_end(services: Services, owner: str, job: Job) -> datetime | None:
    """When a job is expected to end: of one that is pending, were it told to run now. None where nobody can say."""
    if phase_of(job) is not ExecutionPhase.PENDING:
        return quote_of(job, None if job.fit is None else services.board.place(job.fit))
    try:
        plan = plan_fit(services, owner, Submission(job.record.request, {}, None, ""))
    except (ServiceProblem, RequestInvalid):
        return None  # It would be refused; why is told where it is told to run.
    start = plan.place.estimated_start
    return None if start is None else start + timedelta(seconds=plan.expected_seconds)


def quote_of(job: Job, place: Place | None) -> datetime | None:
    """When a job that runs, or is queued at a place, is expected to end; None where nobody can say."""
    fit = job.fit
    if fit is None:
        return None
    if fit.state == "queued":
        if place is None or place.estimated_start is None or fit.expected_seconds is None:
            return None
        return place.estimated_start + timedelta(seconds=fit.expected_seconds)
    seconds = (fit.progress or {}).get("eta_seconds") if fit.state == "running" else None
    return None if seconds is None else datetime.now(UTC) + timedelta(seconds=seconds)


def create(services: Services, owner: str, parameters: dict[str, str]) -> str:
    """A job from its parameters; its id. Raises RequestFaulty or RequestInvalid, with nothing stored."""
    document = _document(parameters)
    run_id = parameters.get("RUNID")
    if run_id is not None and len(run_id) > _LONGEST_RUN_ID:
        raise _faulty("RUNID", f"it has {len(run_id)} letters", f"at most {_LONGEST_RUN_ID}")
    limits.require_turn(services, owner)
    job = uws.create(services.engine, owner, document, run_id)
    if "PHASE" in parameters:
        try:
            set_phase(services, owner, job.id, parameters["PHASE"])
        except Exception:
            uws.remove(services.engine, owner, job.id)
            raise
    return job.id


def get(services: Services, owner: str, job_id: str) -> Job:
    """The owner's job. Raises NotFound."""
    job = uws.get(services.engine, owner, job_id)
    if job is None:
        raise NotFound(f"There is no job {job_id[:80]!r}.")
    return job


def list_jobs(
    services: Services, owner: str, phases: Sequence[ExecutionPhase], after: str | None, last: int | None
) -> list[Job]:
    """The owner's jobs, newest first: in one of the phases, after a moment, the last so many. Raises RequestFaulty."""
    since = None if after is None else moment(after, "AFTER")

    def is_wanted(job: Job) -> bool:
        of_phase = phase_of(job) in phases if phases else phase_of(job) is not ExecutionPhase.ARCHIVED
        return of_phase and (since is None or job.record.created_at > since)

    return uws.list_jobs(services.engine, owner, is_wanted, last)


async def wait_for_change(services: Services, owner: str, job_id: str, phase: str | None, seconds: float) -> Job:
    """The job, once its phase is no longer `phase` (by default the one that it is in), or the seconds are over."""
    deadline = time.monotonic() + (LONGEST_WAIT_SECONDS if seconds < 0 else min(seconds, LONGEST_WAIT_SECONDS))
    job = await run_in_threadpool(get, services, owner, job_id)
    first = phase_of(job)
    if phase is not None and phase != first.value:
        return job
    with services.watcher.nudges_of(job.record.fit_id or job_id) as nudge:
        while phase_of(job) is first and first in WAITING and (left := deadline - time.monotonic()) > 0:
            try:
                await asyncio.wait_for(nudge.wait(), min(_PAUSE_SECONDS, left))
                nudge.clear()
            except TimeoutError:
                pass
            job = await run_in_threadpool(get, services, owner, job_id)
    return job


def set_phase(services: Services, owner: str, job_id: str, wanted: str) -> None:
    """Run a job that waits, or abort one that is not finished. Twice is fine. Raises NotFound or RequestFaulty."""
    job = get(services, owner, job_id)
    if wanted not in ("RUN", "ABORT"):
        raise _faulty("PHASE", f"{wanted[:40]!r} is not a phase that a job can be told to take", "RUN or ABORT")
    if wanted == "RUN":
        if phase_of(job) is ExecutionPhase.PENDING:
            body_hash = hashlib.sha256(orjson.dumps(job.record.request)).hexdigest()
            # The job's id as the key: told twice to run, it still has one fit.
            fit = submit_fit(services, owner, Submission(job.record.request, {}, job.record.id, body_hash))
            uws.change(services.engine, owner, job.record.id, fit_id=fit.id)
    elif job.fit is None:
        uws.change(services.engine, owner, job.record.id, aborted_at=datetime.now(UTC))
    elif job.fit.state not in FINAL_STATES:
        transitions.request_cancel(services.engine, owner, job.fit.id)
        services.waker.tell_listeners(job.fit.id)


def set_parameters(services: Services, owner: str, job_id: str, parameters: dict[str, str]) -> None:
    """Another request for a job that waits. Raises NotFound, Conflict, RequestFaulty or RequestInvalid."""
    get(services, owner, job_id)
    _change(services, owner, job_id, request=_document(parameters))


def set_execution_duration(services: Services, owner: str, job_id: str, text: str) -> None:
    """Seconds that the job may run, 0 for any number. Raises NotFound, Conflict or RequestFaulty."""
    get(services, owner, job_id)
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise _faulty("EXECUTIONDURATION", f"{text[:40]!r} is no number of seconds", "a whole number, 0 for no limit")
    _change(services, owner, job_id, execution_duration=int(text))


def set_destruction(services: Services, owner: str, job_id: str, text: str) -> None:
    """When the job is to be forgotten. Raises NotFound or RequestFaulty."""
    get(services, owner, job_id)
    uws.set_destruction(services.engine, owner, job_id, moment(text, "DESTRUCTION").timestamp())


def require_value(parameters: dict[str, str], name: str, value: str) -> None:
    """Raise RequestFaulty where a parameter has another value, or none."""
    if parameters.get(name) != value:
        raise _faulty(name, f"{parameters.get(name, '')[:40]!r} is not what it can be", value)


def delete(services: Services, owner: str, job_id: str) -> None:
    """Forget a job: its fit is cancelled where it runs, deleted with its results where it is finished."""
    job = get(services, owner, job_id)
    if job.fit is not None:
        if job.fit.state not in FINAL_STATES:
            fits.cancel(services, owner, job.fit.id)
        if job.fit.state != "running":
            fits.delete(services, owner, job.fit.id)
    uws.remove(services.engine, owner, job_id)


def moment(text: str, name: str) -> datetime:
    """A time in ISO 8601, UTC where it names no zone. Raises RequestFaulty."""
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _faulty(name, f"{text[:40]!r} is no time", "a time as 2026-01-31T12:00:00Z") from error


def _change(services: Services, owner: str, job_id: str, **changes: Any) -> None:
    if not uws.change(services.engine, owner, job_id, **changes):
        raise Conflict(f"The job {job_id} was told to run already; only one that waits can be changed.")


def _document(parameters: dict[str, str]) -> dict[str, Any]:
    """The request for a fit, checked as far as it can be without its files."""
    text = parameters.get("REQUEST")
    if text is None:
        raise _faulty("REQUEST", "the parameter is missing", "the JSON of a request, as for POST /v1/fits")
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _faulty(
            "REQUEST", f"it is not JSON: {error.msg}", "the JSON of a request, as for POST /v1/fits"
        ) from error
    parse_request(document)
    accepted: dict[str, Any] = document
    return accepted


def _faulty(name: str, message: str, expected: str) -> RequestFaulty:
    return RequestFaulty([Fault(name, message, expected)])
