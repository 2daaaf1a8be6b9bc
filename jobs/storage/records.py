"""Records of fits, to be read, listed and named: every question but those of operation names the owner who asks."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, Float, String, cast, func, or_, select, type_coerce, update
from sqlalchemy.orm import Session, defer

from jobs.clock import database_now
from jobs.storage.schema import CatalogueRecord, FitRecord, SearchRecord


@dataclass(frozen=True)
class Page:
    """Part of a list, newest first; `cursor` asks for the next part, None on the last."""

    items: tuple[FitRecord, ...]
    cursor: str | None


@dataclass(frozen=True)
class FitFilter:
    """Which fits of a list are wanted: those that meet every condition.

    Attributes:
        states: any of these; none means any.
        name: exactly this one.
        labels: all of these.
        text: words, each somewhere in name, labels or id, in whatever case and order.
    """

    states: frozenset[str] = frozenset()
    name: str | None = None
    labels: tuple[str, ...] = ()
    text: str | None = None


def get_fit(engine: Engine, owner: str, fit_id: str) -> FitRecord | None:
    """The owner's fit, or None."""
    with Session(engine) as session:
        query = select(FitRecord).where(FitRecord.id == fit_id, FitRecord.owner == owner)
        return session.scalar(query.where(FitRecord.catalogue_id.is_(None)))


def get_fit_or_part(engine: Engine, owner: str, fit_id: str) -> FitRecord | None:
    """The owner's fit, or the life of a part of a catalogue of his, or None: for who runs it."""
    with Session(engine) as session:
        return session.scalar(select(FitRecord).where(FitRecord.id == fit_id, FitRecord.owner == owner))


def find_by_key(engine: Engine, owner: str, idempotency_key: str) -> FitRecord | None:
    """The fit that the owner made with this idempotency key, or None."""
    query = select(FitRecord).where(FitRecord.owner == owner, FitRecord.idempotency_key == idempotency_key)
    with Session(engine) as session:
        return session.scalar(query)


def newest_success(engine: Engine, owner: str, request_sha256: str) -> FitRecord | None:
    """The owner's newest fit of this request and these files that has succeeded, or None."""
    query = select(FitRecord).where(
        FitRecord.owner == owner, FitRecord.request_sha256 == request_sha256, FitRecord.state == "succeeded"
    )
    with Session(engine) as session:
        return session.scalar(query.order_by(FitRecord.id.desc()).limit(1))


def list_fits(
    engine: Engine, owner: str, *, limit: int, cursor: str | None = None, wanted: FitFilter | None = None
) -> Page:
    """The owner's fits, newest first; `cursor` is the id of the last one seen."""
    query = select(FitRecord).where(FitRecord.owner == owner, FitRecord.catalogue_id.is_(None))
    query = query.order_by(FitRecord.id.desc()).limit(limit + 1)
    query = query.options(defer(FitRecord.result_files))  # long, and no list tells it
    if cursor is not None:
        query = query.where(FitRecord.id < cursor)
    if wanted is not None:
        query = query.where(*_conditions(wanted))
    with Session(engine) as session:
        found = tuple(session.scalars(query))
    more = len(found) > limit
    return Page(found[:limit], found[limit - 1].id if more else None)


def _conditions(wanted: FitFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.states:
        yield FitRecord.state.in_(sorted(wanted.states))
    if wanted.name is not None:
        yield FitRecord.name == wanted.name
    # Labels are stored as JSON text and hold no quote: one in its quotes is found there whole or not at all.
    listed = cast(FitRecord.labels, String)
    for label in wanted.labels:
        yield listed.contains(json.dumps(label), autoescape=True)
    for word in (wanted.text or "").split():
        within = json.dumps(word)[1:-1]
        yield or_(
            FitRecord.name.icontains(word, autoescape=True),
            FitRecord.id.icontains(word, autoescape=True),
            listed.icontains(within, autoescape=True),
        )


def rename(
    engine: Engine, owner: str, fit_id: str, *, name: str | None = None, labels: Sequence[str] | None = None
) -> FitRecord | None:
    """Change what is given and leave the rest; the fit as it is then, or None where the owner has none of this id."""
    given = {"name": name, "labels": None if labels is None else list(labels)}
    values: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    own = (FitRecord.id == fit_id, FitRecord.owner == owner, FitRecord.catalogue_id.is_(None))
    statement = update(FitRecord).where(*own)
    statement = statement.values(values | {"version": FitRecord.version + 1})
    with Session(engine, expire_on_commit=False) as session, session.begin():
        return session.scalars(statement.returning(FitRecord)).one_or_none()


def unfinished_fit_with(engine: Engine, owner: str, upload_id: str) -> str | None:
    """Id of a queued or running fit, catalogue or search of the owner whose request names the upload, or None."""
    with Session(engine) as session:
        for table in (FitRecord, CatalogueRecord, SearchRecord):
            query = select(table.id).where(
                table.owner == owner,
                table.state.in_(("queued", "running")),
                cast(table.request, String).contains(upload_id, autoescape=True),
            )
            found = session.scalar(query.limit(1))
            if found is not None:
                return found
    return None


def fits_of_all_owners(
    engine: Engine, *, owner: str | None = None, state: str | None = None, limit: int = 50
) -> list[FitRecord]:
    """Fits of all owners, or of one, newest first: for operation, not for users."""
    query = select(FitRecord).order_by(FitRecord.id.desc()).limit(limit)
    if owner is not None:
        query = query.where(FitRecord.owner == owner)
    if state is not None:
        query = query.where(FitRecord.state == state)
    with Session(engine) as session:
        return list(session.scalars(query))


def owner_of(engine: Engine, fit_id: str) -> str | None:
    """Whose fit this is, or None where there is none: for operation, not for users."""
    with Session(engine) as session:
        return session.scalar(select(FitRecord.owner).where(FitRecord.id == fit_id))


def tasks_that_hold(engine: Engine, task_ids: Iterable[str]) -> set[str]:
    """Those of some tasks that hold a running fit: for operation, not for users."""
    query = select(FitRecord.task_id).where(FitRecord.state == "running", FitRecord.task_id.in_(list(task_ids)))
    with engine.connect() as connection:
        return {task_id for task_id in connection.scalars(query) if task_id is not None}


@dataclass(frozen=True)
class Queue:
    """Fits that wait in a queue, and for how long the oldest has."""

    name: str
    length: int
    oldest_seconds: float


def queues(engine: Engine) -> list[Queue]:
    """Every queue in which fits wait, of all owners: for operation, not for users."""
    oldest = database_now() - func.min(type_coerce(FitRecord.created_at, Float))
    query = select(FitRecord.queue, func.count(), oldest).where(FitRecord.state == "queued").group_by(FitRecord.queue)
    with engine.connect() as connection:
        return [Queue(name, length, max(0.0, seconds)) for name, length, seconds in connection.execute(query)]


def count_running(engine: Engine) -> int:
    """How many fits run, of all owners: for operation, not for users."""
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).where(FitRecord.state == "running")) or 0
