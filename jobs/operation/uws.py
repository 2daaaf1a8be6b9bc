"""Jobs of the IVOA's Universal Worker Service: what is asked for, before and beside the fit that does it.

A job waits (PENDING) without a fit until it is told to run; from then on its fit says where it stands.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Engine, Float, and_, case, delete, func, select, type_coerce, update
from sqlalchemy.orm import Session

from jobs.clock import database_now
from jobs.ids import new_id
from jobs.storage.schema import FitRecord, UwsJobRecord

DEFAULT_RETENTION_SECONDS = 30 * 86_400.0
"""Seconds that a job is kept unless its owner sets another time of destruction. Chosen by hand: a month."""
_PAGE = 50
"""Jobs that are read at once. Chosen by hand: a page of requests is some mebibytes at most."""


@dataclass(frozen=True)
class Job:
    """A job and its fit. `fit` is None before it runs, and when its fit was deleted."""

    record: UwsJobRecord
    fit: FitRecord | None


def create(engine: Engine, owner: str, request: dict[str, Any], run_id: str | None) -> UwsJobRecord:
    """A new job, which waits."""
    job = UwsJobRecord(
        id=new_id("uws"),
        owner=owner,
        request=request,
        run_id=run_id,
        created_at=database_now(),
        destruction=database_now() + DEFAULT_RETENTION_SECONDS,
        execution_duration=0,
    )
    with Session(engine, expire_on_commit=False) as session, session.begin():
        session.add(job)
        session.flush()
        session.refresh(job)
    return job


def get(engine: Engine, owner: str, job_id: str) -> Job | None:
    """The owner's job, or None: also where its time of destruction has come."""
    found = _find(engine, UwsJobRecord.owner == owner, UwsJobRecord.id == job_id)
    return found[0] if found else None


def list_jobs(
    engine: Engine, owner: str, wanted: Callable[[Job], bool] = lambda _: True, last: int | None = None
) -> list[Job]:
    """The owner's jobs that are wanted, newest first; no more are read than it takes for the last so many."""
    return list(islice(filter(wanted, _jobs_of(engine, owner)), last))


def _jobs_of(engine: Engine, owner: str) -> Iterator[Job]:
    last: str | None = None
    while page := _find(engine, UwsJobRecord.owner == owner, *_before(last), most=_PAGE):
        yield from page
        last = page[-1].record.id


def _before(job_id: str | None) -> tuple[ColumnElement[bool], ...]:
    return () if job_id is None else (UwsJobRecord.id < job_id,)


def count_pending(engine: Engine, owner: str, but: str | None = None) -> int:
    """The owner's jobs that wait to be told to run, but for one."""
    pending = (UwsJobRecord.fit_id.is_(None), UwsJobRecord.aborted_at.is_(None), UwsJobRecord.id != (but or ""))
    query = select(func.count()).where(UwsJobRecord.owner == owner, UwsJobRecord.destruction > database_now(), *pending)
    with engine.connect() as connection:
        return connection.scalar(query) or 0


def change(engine: Engine, owner: str, job_id: str, **changes: Any) -> bool:
    """Change columns of a job that waits; False where it does not, or is unknown."""
    statement = _mine(owner, job_id).where(UwsJobRecord.fit_id.is_(None), UwsJobRecord.aborted_at.is_(None))
    with engine.begin() as connection:
        return connection.execute(statement.values(**changes)).rowcount == 1


def set_destruction(engine: Engine, owner: str, job_id: str, at: float) -> None:
    """When the job is to be forgotten, in seconds since 1970."""
    with engine.begin() as connection:
        connection.execute(_mine(owner, job_id).values(destruction=at))


def remove(engine: Engine, owner: str, job_id: str) -> None:
    """Forget a job; its fit is another matter."""
    with engine.begin() as connection:
        connection.execute(delete(UwsJobRecord).where(UwsJobRecord.id == job_id, UwsJobRecord.owner == owner))


def drop_destroyed(engine: Engine) -> int:
    """Remove jobs whose time of destruction has come; how many there were."""
    with engine.begin() as connection:
        return connection.execute(delete(UwsJobRecord).where(UwsJobRecord.destruction <= database_now())).rowcount


def overdue(engine: Engine) -> list[tuple[str, str]]:
    """Owner and id of fits that have run for longer than their jobs allow and are not being cancelled yet.

    Time runs by the worker's own clock, which does not jump and stands still while its machine is suspended: what it
    said when it last renewed its lease, and what has passed since. Until it has said it once, by the database's.
    """
    since = database_now() - FitRecord.lease_until + FitRecord.lease_length
    passed = case((and_(since >= 0.0, since <= FitRecord.lease_length), since), else_=0.0)
    by_wall_clock = type_coerce(FitRecord.started_at, Float) + UwsJobRecord.execution_duration < database_now()
    query = select(FitRecord.owner, FitRecord.id).where(
        UwsJobRecord.fit_id == FitRecord.id,
        UwsJobRecord.execution_duration > 0,
        FitRecord.state == "running",
        FitRecord.cancel_requested_at.is_(None),
        case(
            (FitRecord.elapsed.is_(None), by_wall_clock),
            else_=FitRecord.elapsed + passed > UwsJobRecord.execution_duration,
        ),
    )
    with engine.connect() as connection:
        return [(owner, fit_id) for owner, fit_id in connection.execute(query)]


def _find(engine: Engine, *conditions: ColumnElement[bool], most: int | None = None) -> list[Job]:
    query = (
        select(UwsJobRecord, FitRecord)
        .outerjoin(FitRecord, FitRecord.id == UwsJobRecord.fit_id)
        .where(UwsJobRecord.destruction > database_now(), *conditions)
        .order_by(UwsJobRecord.id.desc())
        .limit(most)
    )
    with Session(engine) as session:
        return [Job(record, fit) for record, fit in session.execute(query)]


def _mine(owner: str, job_id: str) -> Any:
    return update(UwsJobRecord).where(UwsJobRecord.id == job_id, UwsJobRecord.owner == owner)
