"""A catalogue's life: its parts, made few at a time, and its states, which follow from theirs.

A part is a row of `fits` (its state, attempt, lease and turn: `jobs.lifecycle.transitions`) and one of `parts` (which
rows of the table). So parts are claimed, renewed, ended and given back as fits are, and turns go round owners whatever
they wait with. Few parts of a catalogue wait at a time: the next is made when one is taken, with an id as young as
that, so that among the jobs of one owner, too, each has its turn (docs/decisions/0039-parts-are-fits.md).

| event                                            | from            | to        | function                     |
|--------------------------------------------------|-----------------|-----------|------------------------------|
| asked for                                        | –               | queued    | create                       |
| a part is taken                                  | queued          | running   | settle                       |
| every row has a part, and each has ended         | running         | succeeded | settle                       |
| what all parts need is gone                      | queued, running | failed    | settle                       |
| cancel asked for                                 | queued, running | cancelled | request_cancel, then settle  |
| some rows are to be fitted again                 | succeeded       | running   | retry                        |
| deleted by its owner                             | final           | –         | remove                       |

`settle` may be called at any time, by anybody, twice: it looks at the parts and does what is to be done. Workers call
it when they have taken a part and when one has ended, the reconciler for every catalogue that is not final.

A part that has ended the process of its worker twice, or failed by a fault of photfit's, is halved; of one row, the row
is given up as ``crashed``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, and_, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from fitting.spec.notices import Notice
from jobs.clock import database_now
from jobs.ids import new_id
from jobs.lifecycle import transitions
from jobs.lifecycle.transitions import NewFit
from jobs.queues import presence, turns
from jobs.storage.blobs import result_folder
from jobs.storage.schema import FINAL_STATES, CatalogueRecord, FitRecord, PartRecord

PART_SECONDS = 15.0
"""Seconds that a part is to take: 5 to 30 (the contract of catalogues)."""
_FIRST_ROWS = 64
"""Rows of a part at most while no part has told how long a row takes; chosen by hand."""
_MOST_ROWS = 20_000
"""Rows of a part, at most; chosen by hand for its memory."""
_BLAMED_AT = 2
"""Deaths of its process, after which a part is halved (the contract of catalogues)."""
_STATUSES_OF_ALL = (403, 422)
"""Status of errors that the other parts would meet, too: those of quotas, and those of the request and its uploads."""
PART_FILE = "part.parquet"
"""Name of the one file of a part's result."""
HALVED, CRASHED = "halved", "crashed"


@dataclass(frozen=True)
class NewCatalogue:
    """What a new catalogue is made of; `idempotency_key` is unique for an owner."""

    owner: str
    name: str
    request: dict[str, Any]
    queue: str
    device: str
    rows: int
    row_seconds: float
    parameters: list[dict[str, Any]]
    body_hash: str
    labels: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    objects_file: dict[str, Any] | None = None
    idempotency_key: str | None = None
    request_id: str | None = None


@dataclass(frozen=True)
class RowCounts:
    """Rows of a catalogue by what has become of them: `flagged` and `fitted` have numbers, `failed` have none."""

    total: int
    waiting: int
    running: int
    fitted: int
    flagged: int
    failed: int
    seconds: float = 0.0

    @property
    def done(self) -> int:
        """How many have an end."""
        return self.fitted + self.failed


@dataclass(frozen=True)
class PartFile:
    """A part that is done: its rows, the key of its blob, and size and hash that this has to have; None of one that was
    given up.
    """

    id: str
    start: int
    stop: int
    retry: int
    key: str | None
    known: dict[str, Any] | None = None


def create(engine: Engine, new: NewCatalogue, catalogue_id: str) -> CatalogueRecord | None:
    """Record a queued catalogue without parts; None where the owner's idempotency key is taken."""
    values = vars(new) | {
        "id": catalogue_id,
        "labels": list(new.labels),
        "state": "queued",
        "next_row": 0,
        "retries": [],
        "created_at": database_now(),
        "version": 1,
    }
    statement = (sqlite_insert if engine.dialect.name == "sqlite" else postgresql_insert)(CatalogueRecord)
    statement = statement.values(values).on_conflict_do_nothing(index_elements=["owner", "idempotency_key"])
    with Session(engine, expire_on_commit=False) as session, session.begin():
        return session.scalars(statement.returning(CatalogueRecord)).one_or_none()


def new_catalogue_id() -> str:
    """An id such as ``cat_01k9…``."""
    return new_id("cat")


def settle(engine: Engine, catalogue_id: str, *, changed: bool = False) -> CatalogueRecord | None:
    """Do what a catalogue's parts ask for; the catalogue as it is then, None where there is none.

    Args:
        changed: whether a part has changed, so that its version rises in any case.
    """
    workers = max(len(presence.alive(engine)), 1)
    with Session(engine, expire_on_commit=False) as session, session.begin():
        turns.lock_turns(session.connection())
        record = session.get(CatalogueRecord, catalogue_id)
        if record is None or record.state in FINAL_STATES:
            return record
        parts = _living(session, catalogue_id)
        if record.cancel_requested_at is not None:
            _cancel(session, record, parts)
            return record
        fault = next((part.error for part in parts if part.state == "failed" and _is_of_all(part.error)), None)
        if fault is not None:
            transitions.end_parts(session.connection(), record.id, "cancelled")
            _change(session, record, state="failed", finished_at=database_now(), error=fault)
            return record
        if _replace_lost(session, record, parts):
            parts = _living(session, catalogue_id)
        if _make_parts(session, record, parts, workers + 1):
            parts = _living(session, catalogue_id)
        if record.state == "queued" and any(part.attempt > 0 for part in parts):
            _change(session, record, state="running", started_at=database_now())
        elif record.next_row >= record.rows and all(map(_is_over, parts)):
            _change(session, record, state="succeeded", finished_at=database_now())
        elif changed:
            _change(session, record)
        return record


def unfinished(engine: Engine) -> list[str]:
    """Ids of the catalogues that are not final, of all owners: for operation, not for users."""
    query = select(CatalogueRecord.id).where(CatalogueRecord.state.in_(("queued", "running")))
    with engine.connect() as connection:
        return list(connection.scalars(query.order_by(CatalogueRecord.id)))


def part_of(engine: Engine, part_id: str) -> PartRecord | None:
    """Which rows a part has."""
    with Session(engine) as session:
        return session.get(PartRecord, part_id)


def record_rows(engine: Engine, part_id: str, counts: dict[str, int], seconds: float, shape: str) -> None:
    """Note what has become of a part's rows; it counts once the part has succeeded."""
    values = {"seconds": seconds, "shape": shape[:200], **counts}
    with engine.begin() as connection:
        connection.execute(update(PartRecord).where(PartRecord.id == part_id).values(values))


def request_cancel(engine: Engine, owner: str, catalogue_id: str) -> CatalogueRecord | None:
    """Ask for a catalogue to end; None where it is unknown or final. What is done stays."""
    own = and_(CatalogueRecord.id == catalogue_id, CatalogueRecord.owner == owner)
    open_ = CatalogueRecord.state.in_(("queued", "running"))
    asked_at = func.coalesce(CatalogueRecord.cancel_requested_at, database_now())
    statement = update(CatalogueRecord).where(own, open_)
    statement = statement.values(cancel_requested_at=asked_at, version=CatalogueRecord.version + 1)
    with Session(engine, expire_on_commit=False) as session, session.begin():
        record = session.scalars(statement.returning(CatalogueRecord)).one_or_none()
        if record is None:
            return None
        held = session.scalars(
            select(FitRecord.id).where(FitRecord.catalogue_id == catalogue_id, FitRecord.state == "running")
        ).all()
    for part_id in held:
        transitions.request_cancel(engine, owner, part_id)
    return settle(engine, catalogue_id)


def retry(
    engine: Engine, owner: str, catalogue_id: str, rows: Mapping[str, Sequence[int]], request: dict[str, Any]
) -> bool:
    """Have some rows fitted again, by another request; False where the catalogue is unknown or not final.

    Args:
        rows: numbers of the rows by the part that has them now.
    """
    with Session(engine, expire_on_commit=False) as session, session.begin():
        turns.lock_turns(session.connection())
        record = session.get(CatalogueRecord, catalogue_id)
        if record is None or record.owner != owner or record.state not in FINAL_STATES:
            return False
        retries = [*record.retries, {"request": request, "rows": sum(map(len, rows.values()))}]
        for part in _living(session, catalogue_id):
            if part.id in rows:
                numbers = list(rows[part.id])
                more: dict[str, Any] = {"retry": len(retries), "numbers": numbers, "previous": part.id}
                _add_part(session, record, part.start, part.stop, seconds=len(numbers) * record.row_seconds, **more)
        again = {"state": "running", "finished_at": None, "cancel_requested_at": None, "error": None}
        _change(session, record, retries=retries, **again)
    return True


def remove(engine: Engine, owner: str, catalogue_id: str) -> list[str] | None:
    """Delete a final catalogue and its parts; ids of these, None where it is unknown or not final."""
    with Session(engine) as session, session.begin():
        own = and_(CatalogueRecord.id == catalogue_id, CatalogueRecord.owner == owner)
        final = CatalogueRecord.state.in_(sorted(FINAL_STATES))
        gone = session.scalars(delete(CatalogueRecord).where(own, final).returning(CatalogueRecord.id)).all()
        if not gone:
            return None
        session.execute(delete(PartRecord).where(PartRecord.catalogue_id == catalogue_id))
        of_catalogue = delete(FitRecord).where(FitRecord.catalogue_id == catalogue_id)
        return list(session.scalars(of_catalogue.returning(FitRecord.id)).all())


def count_rows(engine: Engine, record: CatalogueRecord) -> RowCounts:
    """What has become of a catalogue's rows."""
    with Session(engine) as session:
        parts = _living(session, record.id)
    newest = _newest(parts)
    done = [part for part in newest if _is_over(part)]
    running = sum(part.stop - part.start for part in newest if part.state == "running")
    fitted, flagged = sum(part.fitted for part in done), sum(part.flagged for part in done)
    failed = sum(part.failed for part in done)
    waiting = max(record.rows - running - fitted - failed, 0)
    seconds = sum(part.seconds for part in done)
    return RowCounts(record.rows, waiting, running, fitted, flagged, failed, seconds)


def finished_parts(engine: Engine, catalogue_id: str) -> list[PartFile]:
    """The parts that are done, by their first row; those of retries behind those that they replace."""
    with Session(engine) as session:
        parts = _living(session, catalogue_id)
        query = select(FitRecord.id, FitRecord.result_files).where(FitRecord.catalogue_id == catalogue_id)
        files = {part: (known or {}).get(PART_FILE) for part, known in session.execute(query)}
    found = [
        PartFile(
            part.id,
            part.start,
            part.stop,
            part.retry,
            None if part.fate else part_key(part.id, part.attempt),
            files.get(part.id),
        )
        for part in parts
        if _is_over(part)
    ]
    return sorted(found, key=lambda file: (file.retry, file.start))


def part_key(part_id: str, attempt: int) -> str:
    """Key of the blob of a part's result."""
    return f"{result_folder(part_id, attempt)}/{PART_FILE}"


def objects_key(catalogue_id: str) -> str:
    """Key of the blob of a catalogue's object table."""
    return f"catalogues/{catalogue_id}/objects.parquet"


@dataclass(frozen=True, slots=True)
class _Standing:
    """What decides about a part, of its own row and of its life's; catalogues have thousands of them."""

    id: str
    start: int
    stop: int
    retry: int
    fate: str
    fitted: int
    flagged: int
    failed: int
    seconds: float
    state: str
    attempt: int
    crashes: int
    error: dict[str, Any] | None


_OF_PARTS = ("id", "start", "stop", "retry", "fate", "fitted", "flagged", "failed", "seconds")
_OF_LIVES = ("state", "attempt", "crashes", "error")
Parts = list[_Standing]


def _living(session: Session, catalogue_id: str) -> Parts:
    """Parts with their lives, but for those that others stand in the place of."""
    columns = [getattr(PartRecord, name) for name in _OF_PARTS] + [getattr(FitRecord, name) for name in _OF_LIVES]
    query = select(*columns).join(FitRecord, FitRecord.id == PartRecord.id)
    query = query.where(PartRecord.catalogue_id == catalogue_id, PartRecord.fate != HALVED)
    return [_Standing(*row) for row in session.execute(query.order_by(PartRecord.start))]


def _newest(parts: Parts) -> Parts:
    """Parts, without those whose rows are all in a later retry; that they are is told by their beginning."""
    latest: dict[int, int] = {}
    for part in parts:
        latest[part.start] = max(latest.get(part.start, 0), part.retry)
    return [part for part in parts if part.retry == latest[part.start]]


def _is_over(part: _Standing) -> bool:
    return part.state == "succeeded" or part.fate == CRASHED


def _is_of_all(error: dict[str, Any] | None) -> bool:
    """Whether what a part failed of would be met by the others, too: it is the request's, or an upload's."""
    if error is None or "memory" in str(error.get("title")):
        return False
    return error.get("status") in _STATUSES_OF_ALL


def _replace_lost(session: Session, record: CatalogueRecord, parts: Parts) -> bool:
    """Halve parts that failed or ended their process twice; give up those of one row. Whether there were any."""
    lost = [
        part
        for part in parts
        if not part.fate and (part.state == "failed" or (part.state == "queued" and part.crashes >= _BLAMED_AT))
    ]
    for part in lost:
        if part.state == "queued" and not transitions.end_parts(session.connection(), record.id, "failed", part.id):
            continue  # taken since we looked
        one = part.stop - part.start == 1
        fate: dict[str, Any] = {"fate": CRASHED, "failed": 1, "flagged": 1} if one else {"fate": HALVED}
        session.execute(update(PartRecord).where(PartRecord.id == part.id).values(fate))
        if not one:
            middle, whole = (part.start + part.stop) // 2, session.get_one(PartRecord, part.id)
            for start, stop in ((part.start, middle), (middle, part.stop)):
                numbers = None if whole.numbers is None else [row for row in whole.numbers if start <= row < stop]
                more: dict[str, Any] = {"retry": part.retry, "numbers": numbers, "previous": whole.previous}
                _add_part(session, record, start, stop, crashes=_BLAMED_AT - 1, **more)
    return bool(lost)


def _make_parts(session: Session, record: CatalogueRecord, parts: Parts, wanted: int) -> bool:
    """Make parts until so many wait, each sized by what a row has taken so far. Whether any were made."""
    waiting = sum(part.state == "queued" for part in parts)
    done = [part for part in parts if part.state == "succeeded" and part.seconds > 0.0]
    rows = sum(part.stop - part.start for part in done)
    row_seconds = sum(part.seconds for part in done) / rows if rows else record.row_seconds
    size = int(PART_SECONDS / max(row_seconds, 1e-6))
    size = min(max(size, 1), _MOST_ROWS if rows else _FIRST_ROWS)
    start = record.next_row
    while waiting < wanted and start < record.rows:
        stop = min(start + size, record.rows)
        _add_part(session, record, start, stop, seconds=row_seconds * (stop - start))
        start, waiting = stop, waiting + 1
    if start == record.next_row:
        return False
    _change(session, record, next_row=start)
    return True


def _add_part(
    session: Session,
    record: CatalogueRecord,
    start: int,
    stop: int,
    *,
    crashes: int = 0,
    seconds: float | None = None,
    **more: Any,
) -> None:
    """Make a part; `more` are columns of `parts`."""
    new = NewFit(
        owner=record.owner,
        name="",
        request={"catalogue": record.id, "rows": [start, stop]},
        queue=record.queue,
        device=record.device,
        body_hash="",
        request_id=record.request_id,
        expected_seconds=record.row_seconds * (stop - start) if seconds is None else seconds,
        catalogue_id=record.id,
        crashes=crashes,
    )
    values = new.values()
    session.execute(insert(FitRecord).values(values))
    part = {"id": values["id"], "catalogue_id": record.id, "start": start, "stop": stop}
    session.execute(insert(PartRecord).values(part | more))


def _cancel(session: Session, record: CatalogueRecord, parts: Parts) -> None:
    """End the parts that wait; the catalogue once none runs."""
    ended = transitions.end_parts(session.connection(), record.id, "cancelled")
    if not any(part.state == "running" for part in parts):
        _change(session, record, state="cancelled", finished_at=database_now())
    elif ended:
        _change(session, record)


def _change(session: Session, record: CatalogueRecord, **values: Any) -> None:
    statement = update(CatalogueRecord).where(CatalogueRecord.id == record.id)
    statement = statement.values(values | {"version": CatalogueRecord.version + 1})
    session.execute(statement.execution_options(synchronize_session=False))
    session.refresh(record)


@dataclass(frozen=True)
class CataloguePage:
    """Part of a list of catalogues, newest first; `cursor` asks for the next part, None on the last."""

    items: tuple[CatalogueRecord, ...]
    cursor: str | None


def get_catalogue(engine: Engine, owner: str, catalogue_id: str) -> CatalogueRecord | None:
    """The owner's catalogue, or None."""
    query = select(CatalogueRecord).where(CatalogueRecord.id == catalogue_id, CatalogueRecord.owner == owner)
    with Session(engine) as session:
        return session.scalar(query)


def find_catalogue_by_key(engine: Engine, owner: str, idempotency_key: str) -> CatalogueRecord | None:
    """The catalogue that the owner made with this idempotency key, or None."""
    own = and_(CatalogueRecord.owner == owner, CatalogueRecord.idempotency_key == idempotency_key)
    with Session(engine) as session:
        return session.scalar(select(CatalogueRecord).where(own))


def list_catalogues(
    engine: Engine, owner: str, *, limit: int, cursor: str | None = None, states: frozenset[str] = frozenset()
) -> CataloguePage:
    """The owner's catalogues, newest first; `cursor` is the id of the last one seen."""
    query = select(CatalogueRecord).where(*_wanted(owner, cursor, states))
    with Session(engine) as session:
        found = tuple(session.scalars(query.order_by(CatalogueRecord.id.desc()).limit(limit + 1)))
    return CataloguePage(found[:limit], found[limit - 1].id if len(found) > limit else None)


def _wanted(owner: str, cursor: str | None, states: frozenset[str]) -> Iterator[ColumnElement[bool]]:
    yield CatalogueRecord.owner == owner
    if cursor is not None:
        yield CatalogueRecord.id < cursor
    if states:
        yield or_(*(CatalogueRecord.state == state for state in sorted(states)))


def change_catalogue(
    engine: Engine, owner: str, catalogue_id: str, *, name: str | None = None, labels: Sequence[str] | None = None
) -> CatalogueRecord | None:
    """Change what is given and leave the rest; None where the owner has none of this id."""
    given = {"name": name, "labels": None if labels is None else list(labels)}
    values: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    own = and_(CatalogueRecord.id == catalogue_id, CatalogueRecord.owner == owner)
    statement = update(CatalogueRecord).where(own).values(values | {"version": CatalogueRecord.version + 1})
    with Session(engine, expire_on_commit=False) as session, session.begin():
        return session.scalars(statement.returning(CatalogueRecord)).one_or_none()
