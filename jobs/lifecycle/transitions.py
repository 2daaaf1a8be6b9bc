"""A fit's life: every transition of its record, each by conditional SQL statements; nothing else writes `state`.

                 create          claim_next            finish
    asked for ───────────▶ queued ───────▶ running ─────────────────▶ succeeded ─┐
                            ▲  │            │ │ │   finish, fail_overdue,        │
                            │  │            │ │ └────────────────────▶ failed ───┤
                            └──┼────────────┘ │     bury (third crash), expire   ├─ remove ─▶ deleted
               release,        │              │ request_cancel                   │
               expire, bury    │              ▼                                  │
                               │           running* ────────────────▶ cancelled ─┘
                               │              finish (seen in time),      ▲
                               │              cancel_overdue (not seen),  │
                               │              release, expire, bury       │
                               └──────────────────────────────────────────┘
                                              request_cancel

| event                                   | from              | to        | function        | called by               |
|-----------------------------------------|-------------------|-----------|-----------------|-------------------------|
| asked for                               | –                 | queued    | create          | submission              |
| claimed by a worker, in its turn        | queued            | running   | claim_next      | running                 |
| lease renewed by the heartbeat          | running, running* | as before | renew           | lease                   |
| device known                            | running, running* | as before | record_device   | running                 |
| progress                                | running, running* | as before | record_progress | reporting               |
| out of time or cancel seen: may wrap up | running, running* | as before | allow_more_time | reporting               |
| done                                    | running, running* | succeeded | finish          | running                 |
| failed, or out of time and wrapped up   | running, running* | failed    | finish          | running                 |
| cancel seen by the heartbeat            | running*          | cancelled | finish          | running                 |
| cancel not seen within the grace        | running*          | cancelled | cancel_overdue  | reconciler              |
| out of time, not seen within the grace  | running, running* | failed    | fail_overdue    | reconciler              |
| its worker stops                        | running           | queued    | release         | lease                   |
| stopped so for the twentieth time       | running           | failed    | finish          | lease                   |
| trouble that may pass                   | running           | queued    | release         | running                 |
| the same where a cancel was asked for   | running*          | cancelled | release         | running, lease          |
| its process was seen to die             | running           | queued    | bury            | children                |
| the same for the third time, of its own | running           | failed    | bury            | children                |
| the same where a cancel was asked for   | running*          | cancelled | bury            | children                |
| lease over: nothing heard of the worker | running           | queued    | expire          | reconciler              |
| the same for the twentieth time         | running           | failed    | expire          | reconciler              |
| lease over where a cancel was asked for | running*          | cancelled | expire          | reconciler              |
| its worker starts anew, the former gone | running           | queued    | expire          | reconciler              |
| lease may not be over: the clock jumped | running, running* | as before | spare           | reconciler              |
| got further than attempts before it     | running, running* | as before | record_advance  | checkpoints             |
| cancel asked for                        | queued            | cancelled | request_cancel  | fits, uws, admin, parts |
| cancel asked for                        | running, running* | running*  | request_cancel  | fits, uws, admin, parts |
| its UWS job allows no more time         | running           | running*  | request_cancel  | reconciler              |
| a part whose catalogue ends             | queued            | cancelled | end_parts       | parts                   |
| a part that is halved                   | queued            | failed    | end_parts       | parts                   |
| deleted by its owner                    | final             | –         | remove          | fits                    |
| final for `fit_days`                    | final             | –         | remove          | retention               |

`running*` is running where a cancel was asked for (`cancel_requested_at`); it may still be done first. `final` is
succeeded, failed or cancelled. Callers: `submission`, `fits` and `uws` of app/domain, `running`, `lease`,
`reporting`, `checkpoints` and `children` of worker, `reconciler` of jobs/lifecycle, `retention` of jobs/lifecycle,
`admin` is photfit/commands/admin/jobs.py. `parts` is `catalogues` of
jobs/lifecycle, whose parts live the lives of fits.

Only what was seen is held against a fit: `bury` counts a crash where a process died of its own, by a signal that nobody
sent it or an exit code. An attempt of which nothing was heard any more (`expire`) may have ended by a power cut, a
machine that was suspended, a database that was away: it is a setback, as one that was given back is, and many in a row
end a fit. A fit that gets further (`record_advance`) starts all counts anew.

A statement names the state, and where a worker speaks the attempt, that it expects: whoever comes second changes
nothing and is told so. Leases are reckoned by the database's clock, and a lease further ahead than it is long was
reckoned by one that was wrong. A cancel that was asked for is never taken back, so
where two statements make one transition, the one for fits that nobody wants comes last and misses none.

    record = create(engine, NewFit("local", "a fit", request, queue="cpu", device="auto", body_hash=body_hash))
    held = claim_next(engine, ["quick", "cpu"], worker="host:1", task_id=None, lease_seconds=30.0)   # None: none waits
    renew(engine, held, 30.0)             # ClaimStanding(held=True, cancel_requested=False)
    finish(engine, held, "succeeded")     # False, and nothing changed, where the claim is lost

Whose fit `claim_next` takes is decided in `jobs.queues.turns`.

Why it is so: docs/decisions/0001-broker-as-doorbell.md. The broker may lose, double or delay any message; what is true
stands in the record, and every change of it is safe to try twice.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Float,
    and_,
    case,
    delete,
    func,
    null,
    or_,
    type_coerce,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from fitting.spec.notices import Notice, each_once
from jobs.clock import database_now
from jobs.ids import new_id
from jobs.lifecycle.outcomes import Outcome, too_many_crashes, too_many_setbacks
from jobs.lifecycle.setbacks import MOST_SETBACKS, pause_after_setbacks
from jobs.queues import turns
from jobs.storage.blobs import result_folder
from jobs.storage.schema import FINAL_STATES, FitRecord

_SLACK_SECONDS = 1.0
"""Seconds by which a lease may be further ahead than its length: clocks of drivers and servers round."""


@dataclass(frozen=True)
class NewFit:
    """What a new record is made of; `idempotency_key` is unique for an owner."""

    owner: str
    name: str
    request: dict[str, Any]
    queue: str
    device: str
    body_hash: str
    notices: tuple[Notice, ...] = ()
    idempotency_key: str | None = None
    request_id: str | None = None
    labels: tuple[str, ...] = ()
    request_sha256: str | None = None
    expected_seconds: float | None = None
    time_limit: float | None = None
    memory_limit: int | None = None
    webhook: str | None = None
    expected_wait: float | None = None
    catalogue_id: str | None = None
    crashes: int = 0

    def values(self) -> dict[str, Any]:
        """Columns of a new record, which waits: for `create`, and for parts, which are made with others in one
        transaction (`jobs.lifecycle.catalogues`).
        """
        return vars(self) | {
            "id": new_id("fit"),
            "labels": list(self.labels),
            "state": "queued",
            "created_at": database_now(),
            "attempt": 0,
            "setbacks": 0,
            "troubles": 0,
            "priority": 0,
            "webhook_due": None if self.webhook is None else database_now(),
            "webhook_tries": 0,
            "version": 1,
        }


@dataclass(frozen=True)
class Claim:
    """A worker's hold on a fit: valid while the record is running with this attempt."""

    fit_id: str
    attempt: int
    owner: str
    request: dict[str, Any]
    device: str
    crashes: int
    time_limit: float | None = None
    memory_limit: int | None = None
    request_id: str | None = None
    notices: tuple[Notice, ...] = ()
    queue: str = ""
    setbacks: int = 0
    troubles: int = 0
    catalogue_id: str | None = None

    @property
    def folder(self) -> str:
        """Where this attempt's results go in the blob store."""
        return result_folder(self.fit_id, self.attempt)


@dataclass(frozen=True)
class ClaimStanding:
    """What a renewal found: whether the claim still holds, and whether its owner wants it cancelled."""

    held: bool
    cancel_requested: bool


def create(engine: Engine, new: NewFit) -> FitRecord | None:
    """Record a queued fit; None where the owner's idempotency key is taken."""
    insert = sqlite_insert if engine.dialect.name == "sqlite" else postgresql_insert
    statement = insert(FitRecord).values(new.values())
    statement = statement.on_conflict_do_nothing(index_elements=["owner", "idempotency_key"])
    return _one(engine, statement.returning(FitRecord))


def claim_next(
    engine: Engine,
    queues: Iterable[str],
    worker: str,
    task_id: str | None,
    lease_seconds: float,
    most_running: int | None = None,
) -> Claim | None:
    """Take the fit whose turn it is for one more attempt; None where none waits that may be taken.

    One transaction, under a lock that lets one claim at a time look: so no fit is taken twice, no turn is given twice,
    and no more fits of an owner run than may.

    Args:
        engine: of the service's database.
        queues: that the worker serves, the one to look through first at the front.
        worker: what it is called.
        task_id: of the task in which it works, by which it can be ended.
        lease_seconds: how long the claim holds unless it is renewed.
        most_running: fits of an owner that run at once, where his account has no limit of its own.
    """
    taken = {
        "state": "running",
        "attempt": FitRecord.attempt + 1,
        "worker": worker,
        "task_id": task_id,
        "lease_until": database_now() + lease_seconds,
        "lease_length": lease_seconds,
        "elapsed": None,
        "started_at": database_now(),
        "progress": None,
        "version": FitRecord.version + 1,
    }
    with Session(engine, expire_on_commit=False) as session, session.begin():
        turns.lock_turns(session.connection())
        for queue in queues:
            while (turn := turns.next_turn(session.connection(), queue, most_running)) is not None:
                waits = update(FitRecord).where(FitRecord.id == turn.fit_id, FitRecord.state == "queued")
                record = session.scalar(waits.values(taken).returning(FitRecord))
                if record is not None:  # else it was cancelled since we looked
                    turns.count_turn(session.connection(), queue, turn)
                    return _claim_of(record)
    return None


def _claim_of(record: FitRecord) -> Claim:
    return Claim(
        record.id,
        record.attempt,
        record.owner,
        record.request,
        record.device,
        record.crashes,
        record.time_limit,
        record.memory_limit,
        record.request_id,
        record.notices,
        record.queue,
        record.setbacks,
        record.troubles,
        record.catalogue_id,
    )


def renew(engine: Engine, held: Claim, lease_seconds: float, elapsed: float | None = None) -> ClaimStanding:
    """Push the end of the lease away; `elapsed` is how long the attempt has run, by a clock that never jumps."""
    longer = {"lease_until": database_now() + lease_seconds, "lease_length": lease_seconds, "elapsed": elapsed}
    record = _one(engine, update(FitRecord).where(_held(held)).values(longer).returning(FitRecord))
    return ClaimStanding(record is not None, record is not None and record.cancel_requested_at is not None)


def record_device(engine: Engine, held: Claim, device: str) -> None:
    """Record on which device an attempt runs, in the place of the one that was asked for."""
    _changed(engine, update(FitRecord).where(_held(held)).values(device=device))


def allow_more_time(engine: Engine, held: Claim, seconds: float) -> None:
    """Let an attempt that has heeded its limit of time, or a cancel, go on for so long, to work out what it keeps.

    Where a cancel was asked for, its grace is reckoned from so much later.
    """
    later = {
        "time_limit": FitRecord.time_limit + seconds,
        "cancel_requested_at": FitRecord.cancel_requested_at + seconds,
    }
    _changed(engine, update(FitRecord).where(_held(held)).values(later))


def record_progress(engine: Engine, held: Claim, progress: dict[str, Any]) -> bool:
    """Store a snapshot; False where the claim is lost."""
    statement = update(FitRecord).where(_held(held)).values(progress=progress, version=FitRecord.version + 1)
    return _changed(engine, statement) == 1


def record_advance(engine: Engine, held: Claim) -> None:
    """Note that a fit has got further than the attempts before it: what befell those no longer counts."""
    _changed(engine, update(FitRecord).where(_held(held)).values(crashes=0, setbacks=0, troubles=0))


def finish(  # noqa: PLR0913 - an end has as many parts
    engine: Engine,
    held: Claim,
    outcome: Outcome,
    *,
    error: dict[str, Any] | None = None,
    notices: Sequence[Notice] = (),
    progress: dict[str, Any] | None = None,
    result_bytes: int = 0,
    result_files: dict[str, Any] | None = None,
) -> bool:
    """End a fit; False, and nothing changed, where the claim is lost. Its notices join those that it came with.

    `result_files` tells the bytes and the SHA-256 of each file of the result (`jobs.storage.stored_files`).
    """
    values: dict[str, Any] = _final(outcome) | {"error": error, "result_bytes": result_bytes}
    values["result_files"] = result_files
    values["notices"] = each_once((*held.notices, *notices))
    if progress is not None:
        values["progress"] = progress
    return _changed(engine, update(FitRecord).where(_held(held)).values(values)) == 1


def release(engine: Engine, held: Claim, pause_seconds: float = 0.0, *, trouble: bool = False) -> bool:
    """Give a fit back to the queue without blame, due after a pause; one that was being cancelled is cancelled.

    `trouble` says that it met a part of the service that did not answer, and not that its worker was told to stop.
    """
    wanted = update(FitRecord).where(_held(held), FitRecord.cancel_requested_at.is_(None))
    due_at = database_now() + pause_seconds if pause_seconds > 0.0 else None
    count = FitRecord.troubles if trouble else FitRecord.setbacks
    if _changed(engine, wanted.values(_queued_again() | {"due_at": due_at, count.key: count + 1})):
        return True
    return _changed(engine, update(FitRecord).where(_held(held)).values(_final("cancelled"))) == 1


def bury(engine: Engine, worker: str, task_id: str, death: str, *, blamed: bool, max_crashes: int) -> FitRecord | None:
    """Take a fit from a task whose process is dead, as the worker's parent saw; None where the task held none.

    Args:
        worker: what it is called.
        task_id: of the task.
        death: how the process died, such as "was ended by SIGKILL".
        blamed: whether it died of its own, and was not told to end.
        max_crashes: so many such deaths in a row end the fit.
    """
    of_task = and_(FitRecord.state == "running", FitRecord.task_id == task_id, FitRecord.worker == worker)
    wanted = and_(of_task, FitRecord.cancel_requested_at.is_(None))
    cancelled = update(FitRecord).where(of_task, FitRecord.cancel_requested_at.is_not(None)).values(_final("cancelled"))
    crashes, setbacks = FitRecord.crashes + 1, FitRecord.setbacks + 1
    if blamed:
        failed = _final("failed") | {"error": too_many_crashes(max_crashes, death), "crashes": crashes}
        statements = [
            update(FitRecord).where(wanted, crashes < max_crashes).values(_queued_again() | {"crashes": crashes}),
            update(FitRecord).where(wanted, crashes >= max_crashes).values(failed),
        ]
    else:
        statements = [update(FitRecord).where(wanted).values(_queued_again() | {"setbacks": setbacks})]
    for statement in (*statements, cancelled):
        record = _one(engine, statement.returning(FitRecord))
        if record is not None:
            return record
    return None


def expire(engine: Engine, max_setbacks: int, worker: str | None = None) -> list[FitRecord]:
    """Take fits from workers whose lease is over, or all from one that is known to be gone; returns them as they are
    now: queued again, cancelled or failed.

    What became of their workers is not known, so that it is no crash. The records keep the tasks' ids: such a task may
    hang, and is to be ended. A fit that was being cancelled is cancelled; one with `max_setbacks` setbacks fails.
    """
    gone = FitRecord.lease_until < database_now() if worker is None else FitRecord.worker == worker
    over = and_(FitRecord.state == "running", gone)
    wanted = and_(over, FitRecord.cancel_requested_at.is_(None))
    setbacks = FitRecord.setbacks + 1
    again = _queued_again() | {"setbacks": setbacks, "due_at": _due_after(setbacks)}
    del again["task_id"]
    failed = _final("failed") | {"error": too_many_setbacks(max_setbacks), "setbacks": setbacks}
    statements = (
        update(FitRecord).where(wanted, setbacks < max_setbacks).values(again),
        update(FitRecord).where(wanted, setbacks >= max_setbacks).values(failed),
        update(FitRecord).where(over, FitRecord.cancel_requested_at.is_not(None)).values(_final("cancelled")),
    )
    return [record for statement in statements for record in _all(engine, statement.returning(FitRecord))]


def _due_after(setbacks: ColumnElement[int]) -> ColumnElement[Any]:
    """From when on a fit may be taken, by `pause_after_setbacks` in SQL."""
    pauses = [(count, pause_after_setbacks(count)) for count in range(1, MOST_SETBACKS + 1)]
    return case(*((setbacks == count, database_now() + pause) for count, pause in pauses if pause), else_=null())


def spare(engine: Engine, seconds: float, lease_seconds: float, *, all_leases: bool) -> None:
    """Let leases that the clock has made wrong end `seconds` from now, so that workers that live can renew them.

    Args:
        seconds: that a worker has.
        lease_seconds: length of a lease whose record does not tell it.
        all_leases: those that are over too: the clock has jumped, or nobody could renew. Else only those that are
            further ahead than they are long, which a clock that was ahead has left.
    """
    length = func.coalesce(FitRecord.lease_length, lease_seconds)
    ahead = FitRecord.lease_until > database_now() + length + _SLACK_SECONDS
    wrong = or_(ahead, FitRecord.lease_until < database_now() + seconds) if all_leases else ahead
    running = and_(FitRecord.state == "running", FitRecord.lease_until.is_not(None), wrong)
    _changed(engine, update(FitRecord).where(running).values(lease_until=database_now() + seconds))


def request_cancel(engine: Engine, owner: str, fit_id: str) -> FitRecord | None:
    """Cancel a queued fit at once and ask a running one to stop; None where it is unknown or final.

    One statement for both, so that a fit that is claimed or given back in this moment is not missed. Asked again, the
    grace is still reckoned from the first time.
    """
    unfinished = and_(FitRecord.id == fit_id, FitRecord.owner == owner, FitRecord.state.in_(("queued", "running")))
    queued = FitRecord.state == "queued"
    asked_at = func.coalesce(FitRecord.cancel_requested_at, database_now())
    statement = update(FitRecord).where(unfinished)
    statement = statement.values(
        state=case((queued, "cancelled"), else_=FitRecord.state),
        finished_at=case((queued, database_now()), else_=None),
        cancel_requested_at=case((queued, FitRecord.cancel_requested_at), else_=asked_at),
        version=FitRecord.version + 1,
    )
    return _one(engine, statement.returning(FitRecord))


def cancel_overdue(engine: Engine, grace_seconds: float) -> list[FitRecord]:
    """Cancel running fits that did not heed their cancellation in time; returns them, so that their tasks can be
    ended.
    """
    overdue = and_(FitRecord.state == "running", FitRecord.cancel_requested_at < database_now() - grace_seconds)
    return _all(engine, update(FitRecord).where(overdue).values(_final("cancelled")).returning(FitRecord))


def fail_overdue(engine: Engine, grace_seconds: float, error: dict[str, Any]) -> list[FitRecord]:
    """Fail fits that went on past their time by `grace_seconds`; their tasks have to be ended by force."""
    over = and_(
        FitRecord.state == "running",
        FitRecord.time_limit.is_not(None),
        type_coerce(FitRecord.started_at, Float) + FitRecord.time_limit < database_now() - grace_seconds,
        # Its worker's own clock does not jump, and stands still while its machine is suspended.
        or_(FitRecord.elapsed.is_(None), FitRecord.elapsed > FitRecord.time_limit),
    )
    return _all(engine, update(FitRecord).where(over).values(_final("failed") | {"error": error}).returning(FitRecord))


def end_parts(connection: Connection, catalogue_id: str, outcome: Outcome, part_id: str | None = None) -> int:
    """End parts of a catalogue that wait, or one of them; how many did. For `jobs.lifecycle.catalogues`."""
    waits = update(FitRecord).where(FitRecord.catalogue_id == catalogue_id, FitRecord.state == "queued")
    if part_id is not None:
        waits = waits.where(FitRecord.id == part_id)
    return connection.execute(waits.values(_final(outcome))).rowcount


def remove(engine: Engine, owner: str, fit_id: str) -> bool:
    """Delete a final fit's record; False where it is unknown or not final."""
    gone = delete(FitRecord).where(
        FitRecord.id == fit_id, FitRecord.owner == owner, FitRecord.state.in_(sorted(FINAL_STATES))
    )
    return _changed(engine, gone) == 1


def _held(held: Claim) -> ColumnElement[bool]:
    return and_(FitRecord.id == held.fit_id, FitRecord.state == "running", FitRecord.attempt == held.attempt)


def _final(outcome: Outcome) -> dict[str, Any]:
    return {
        "state": outcome,
        "finished_at": database_now(),
        "lease_until": None,
        "version": FitRecord.version + 1,
    }


def _queued_again() -> dict[str, Any]:
    return {
        "state": "queued",
        "worker": None,
        "task_id": None,
        "lease_until": None,
        "priority": turns.paid(),
        "due_at": None,
        "progress": None,
        "version": FitRecord.version + 1,
    }


def _one(engine: Engine, statement: Any) -> FitRecord | None:
    records = _all(engine, statement)
    return records[0] if records else None


def _all(engine: Engine, statement: Any) -> list[FitRecord]:
    """Run a statement that returns records, in a transaction of its own."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        return list(session.scalars(statement).all())


def _changed(engine: Engine, statement: Any) -> int:
    """Run a statement in a transaction of its own; how many rows it changed."""
    with engine.begin() as connection:
        return connection.execute(statement).rowcount
