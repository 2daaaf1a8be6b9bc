"""Searches for sources as jobs: every change of a search's record, each of which names the state that it expects.

             create            claim                finish
    asked for ──────▶ queued ─────────▶ running ────────────▶ succeeded, failed
                       ▲  │              │   │
                       │  │              │   │ request_cancel, then finish by who runs it
                       └──┼──────────────┘   └──────────────▶ cancelled
          release, expire └─────────────────────────────────▶ cancelled
                            request_cancel

A search is run by a process of the API (`app.lifetime.search_runner`), which holds it by a lease. Where that process
ends, the lease runs out, and the next one begins the search anew; one that was begun `MOST_ATTEMPTS` times fails.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, Float, and_, delete, func, null, select, type_coerce, update
from sqlalchemy.orm import Session

from jobs.clock import database_now
from jobs.ids import new_id
from jobs.storage.schema import FINAL_STATES, SearchRecord, State

MOST_ATTEMPTS = 5
"""Times that a search is begun. Chosen by hand: the service may be started anew meanwhile, but a search that ends its
process each time is not to do so for ever."""
_DAY = 86_400.0
"""Seconds."""
_OPEN = ("queued", "running")
_TOO_OFTEN = {
    "type": "urn:photfit:problem:internal",
    "title": "The search was given up",
    "status": 500,
    "detail": f"The service ended {MOST_ATTEMPTS} times while this search ran. Search a smaller window, or ask whoever "
    "runs this service.",
}


@dataclass(frozen=True)
class SearchClaim:
    """Hold on a search: good while its record is running with this attempt."""

    search_id: str
    owner: str
    attempt: int
    request: Mapping[str, Any]


@dataclass(frozen=True)
class SearchPage:
    """Part of a list of searches, newest first; `cursor` asks for the next part, None on the last."""

    items: tuple[SearchRecord, ...]
    cursor: str | None


def create(
    engine: Engine, owner: str, upload_id: str, request: Mapping[str, Any], request_id: str | None = None
) -> SearchRecord:
    """The record of a search that is asked for: queued."""
    record = SearchRecord(
        id=new_id("sea"),
        owner=owner,
        upload_id=upload_id,
        request=dict(request),
        state="queued",
        attempt=0,
        created_at=database_now(),
        progress=null(),
        proposal=null(),
        error=null(),
        version=1,
        request_id=request_id,
    )
    with Session(engine, expire_on_commit=False) as session, session.begin():
        session.add(record)
        session.flush()
        session.refresh(record)
    return record


def claim(engine: Engine, lease_seconds: float) -> SearchClaim | None:
    """Take the search whose turn it is, or None: of the owners who have fewest running the one who waits longest."""
    running = select(SearchRecord.owner, func.count()).where(SearchRecord.state == "running")
    waiting = select(SearchRecord.owner, func.min(SearchRecord.id)).where(SearchRecord.state == "queued")
    with Session(engine, expire_on_commit=False) as session:
        held = {row[0]: int(row[1]) for row in session.execute(running.group_by(SearchRecord.owner))}
        first = [(str(row[0]), str(row[1])) for row in session.execute(waiting.group_by(SearchRecord.owner))]
    for _, name in sorted(first, key=lambda item: (held.get(item[0], 0), item[1])):
        values = {
            "state": "running",
            "attempt": SearchRecord.attempt + 1,
            "lease_until": database_now() + lease_seconds,
            "started_at": database_now(),
            "progress": null(),
        }
        taken = _change(engine, and_(SearchRecord.id == name, SearchRecord.state == "queued"), values)
        if taken is not None:
            return SearchClaim(taken.id, taken.owner, taken.attempt, taken.request)
    return None


def renew(
    engine: Engine, held: SearchClaim, lease_seconds: float, progress: Mapping[str, Any] | None = None
) -> SearchRecord | None:
    """Renew the lease, and tell how far the search is where that is new; None where the claim is lost."""
    values: dict[str, Any] = {"lease_until": database_now() + lease_seconds}
    if progress is not None:
        values["progress"] = dict(progress)
    return _change(engine, _holds(held), values, silent=progress is None)


def finish(
    engine: Engine,
    held: SearchClaim,
    state: State,
    *,
    proposal: Mapping[str, Any] | None = None,
    error: Mapping[str, Any] | None = None,
) -> bool:
    """End a search; False, and nothing is changed, where the claim is lost."""
    values = {
        "state": state,
        "finished_at": database_now(),
        "lease_until": None,
        "proposal": null() if proposal is None else dict(proposal),
        "error": null() if error is None else dict(error),
    }
    return _change(engine, _holds(held), values) is not None


def release(engine: Engine, held: SearchClaim) -> None:
    """Give a search back that cannot go on just now: queued again, or cancelled where that was asked for."""
    _give_up(engine, _holds(held))


def expire(engine: Engine) -> None:
    """Queue searches again whose lease is over: nothing was heard of who ran them."""
    over = and_(SearchRecord.state == "running", SearchRecord.lease_until < database_now())
    with engine.connect() as connection:
        if connection.scalar(select(SearchRecord.id).where(over).limit(1)) is None:
            return  # nothing is written where nothing is to be changed
    _give_up(engine, over)


def _give_up(engine: Engine, which: ColumnElement[bool]) -> None:
    ended: dict[str, Any] = {"finished_at": database_now(), "lease_until": None}
    _change(engine, and_(which, SearchRecord.cancel_requested_at.is_not(None)), {"state": "cancelled", **ended})
    often = and_(which, SearchRecord.attempt >= MOST_ATTEMPTS)
    _change(engine, often, {"state": "failed", "error": _TOO_OFTEN, **ended})
    _change(engine, which, {"state": "queued", "lease_until": None, "progress": null()})


def request_cancel(engine: Engine, owner: str, search_id: str) -> SearchRecord | None:
    """Cancel a search that waits; ask that one which runs be stopped. None where it is unknown or final."""
    own = and_(SearchRecord.id == search_id, SearchRecord.owner == owner)
    ended = {"state": "cancelled", "finished_at": database_now(), "cancel_requested_at": database_now()}
    found = _change(engine, and_(own, SearchRecord.state == "queued"), ended)
    asked = {"cancel_requested_at": func.coalesce(SearchRecord.cancel_requested_at, database_now())}
    return found or _change(engine, and_(own, SearchRecord.state == "running"), asked)


def remove(engine: Engine, owner: str, search_id: str) -> bool:
    """Delete a final search; False where it is unknown or not final."""
    own = and_(SearchRecord.id == search_id, SearchRecord.owner == owner)
    final = SearchRecord.state.in_(sorted(FINAL_STATES))
    with engine.begin() as connection:
        return bool(connection.execute(delete(SearchRecord).where(own, final)).rowcount)


def remove_old(engine: Engine, days: float) -> int:
    """Delete searches that have been final for so many days; how many there were."""
    final = SearchRecord.state.in_(sorted(FINAL_STATES))
    old = type_coerce(SearchRecord.finished_at, Float) < database_now() - days * _DAY
    with engine.begin() as connection:
        return connection.execute(delete(SearchRecord).where(final, old)).rowcount


def get_search(engine: Engine, owner: str, search_id: str) -> SearchRecord | None:
    """The owner's search, or None."""
    with Session(engine) as session:
        return session.scalar(select(SearchRecord).where(SearchRecord.id == search_id, SearchRecord.owner == owner))


def list_searches(
    engine: Engine,
    owner: str,
    *,
    limit: int,
    cursor: str | None = None,
    states: frozenset[str] = frozenset(),
    upload_id: str | None = None,
) -> SearchPage:
    """The owner's searches, newest first; `cursor` is the id of the last one seen."""
    query = select(SearchRecord).where(SearchRecord.owner == owner)
    if cursor is not None:
        query = query.where(SearchRecord.id < cursor)
    if states:
        query = query.where(SearchRecord.state.in_(sorted(states)))
    if upload_id is not None:
        query = query.where(SearchRecord.upload_id == upload_id)
    with Session(engine) as session:
        found = tuple(session.scalars(query.order_by(SearchRecord.id.desc()).limit(limit + 1)))
    return SearchPage(found[:limit], found[limit - 1].id if len(found) > limit else None)


def count_open(engine: Engine, owner: str) -> int:
    """How many of the owner's searches wait or run."""
    query = select(func.count()).where(SearchRecord.owner == owner, SearchRecord.state.in_(_OPEN))
    with engine.connect() as connection:
        return int(connection.scalar(query) or 0)


def count_before(engine: Engine, record: SearchRecord) -> int:
    """How many searches of all owners were asked for before one that waits, and are not final."""
    query = select(func.count()).where(SearchRecord.state.in_(_OPEN), SearchRecord.id < record.id)
    with engine.connect() as connection:
        return int(connection.scalar(query) or 0)


def _holds(held: SearchClaim) -> ColumnElement[bool]:
    return and_(
        SearchRecord.id == held.search_id, SearchRecord.state == "running", SearchRecord.attempt == held.attempt
    )


def _change(
    engine: Engine, which: ColumnElement[bool], values: Mapping[str, Any], *, silent: bool = False
) -> SearchRecord | None:
    """Change those; one of them as it then is, or None where there is none. `silent` keeps the version."""
    counted = {} if silent else {"version": SearchRecord.version + 1}
    statement = update(SearchRecord).where(which).values(dict(values) | counted)
    with Session(engine, expire_on_commit=False) as session, session.begin():
        statement = statement.execution_options(synchronize_session=False)
        return next(iter(session.scalars(statement.returning(SearchRecord)).all()), None)
