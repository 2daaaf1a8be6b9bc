"""Turns: whose fit a worker takes next, decided as it asks; the broker's order counts for nothing.

In one queue, in this order:

1. fits that an administrator has put ahead, and fits that had their turn and were given back: they pay no other;
2. else the account whose turn it is: turns go round the accounts that wait, `weight` turns a round each; between
   accounts whose turns are due at once administrators come first, then whoever's fit is older;
3. of that account the oldest fit that is due.

An account as many of whose fits run as may is passed over. A worker of several queues takes `quick` first, and after
`QUICK_IN_A_ROW` of those one of another queue, the others in turn (`QueueRotation`).

Turns are start-time fair queueing (Goyal, Vin & Cheng 1997, IEEE/ACM Trans. Netw. 5, 690) with fits of length one:
an account whose last turn began at tick s has the next at s + `TURN_TICKS`/weight, the queue's clock is the tick at
which the last turn began, and who has not waited joins at the clock. So between two turns of an account that waits,
another has at most ⌊its weight / his weight⌋ + 1, whatever waits; and who was idle has saved up nothing.

    >>> order = QueueTurns(QueueClock(), {"vera": deque(["fit_1", "fit_2"]), "jan": deque(["fit_3"])})
    >>> [turn.fit_id for turn in iter(order.take, None)]
    ['fit_1', 'fit_3', 'fit_2']

`claim_next` of `jobs.lifecycle.transitions` takes by it, and `jobs.queues.queue_forecast` plays it through. Why it is
so: docs/decisions/0030-whose-turn-it-is.md.
"""

import functools
import heapq
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    FromClause,
    Select,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from jobs.clock import database_now
from jobs.storage.schema import FitRecord, TurnRecord, UserRecord

TURN_TICKS = 720_720
"""Ticks from one turn to the next of an account of weight 1. Divisible by all weights up to 16, so that rounds of such
weights are exact."""
MOST_WEIGHT = 100
"""Largest weight of an account. Chosen by hand: more would be a queue of its own."""
LONGEST_DUE_SECONDS = 600.0
"""Seconds ahead that a fit that waits may be due: twice the longest pause (`jobs.lifecycle.setbacks`)."""
QUICK_IN_A_ROW = 2
"""Quick fits that a worker of several queues takes before one of another: at two seconds at most each
(`jobs.queues.queue_choice.QUICK_SECONDS`) they hold up no other fit by more than four."""
GIVEN_BACK = 1
"""Priority of a fit that was given back to its queue: its turn is paid."""
PUT_AHEAD = 10
"""Priority of a fit that an administrator has put ahead. Chosen by hand: above `GIVEN_BACK`, with room between."""

_CLAIM_LOCK = 7_305_462
"""Key of the advisory lock under which PostgreSQL takes fits; any number that others do not use."""
_LOCK_SECONDS = 5
"""Seconds that a claim waits for another, and that one which has stopped in the middle keeps others waiting, in
PostgreSQL. Chosen by hand: a claim takes milliseconds."""

_FITS = FitRecord.__table__


@dataclass(frozen=True)
class Share:
    """An account's share of the workers: turns a round, and how many more of its fits may run (None: no limit)."""

    weight: int = 1
    administrator: bool = False
    room: int | None = None


@dataclass(frozen=True)
class QueueClock:
    """Ticks of a queue: at which its last turn began, and at which each account has its next."""

    now: int = 0
    due: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class AheadFit:
    """A waiting fit that comes before all turns; the highest priority first, then the oldest."""

    fit_id: str
    owner: str
    priority: int


@dataclass(frozen=True)
class QueueTurn:
    """A fit to be taken: `start` is the tick at which its owner's turn begins, None of one that comes before turns.
    `due` is when he has the next.
    """

    fit_id: str
    owner: str
    start: int | None = None
    due: int | None = None


@dataclass
class _Waiter:
    """An account that waits in a queue, with its fits, oldest first."""

    owner: str
    fits: deque[str]
    due: int
    share: Share

    def rank(self) -> tuple[bool, str, str]:
        """Among those whose turns are due at once: the smallest is next."""
        return (not self.share.administrator, self.fits[0], self.owner)


class QueueTurns:
    """The order of one queue, as of the moment at which it was read; each `take` is the next turn.

    Args:
        clock: of the queue.
        waiting: each account's fits, the oldest first; not those that are ahead.
        shares: by account; who is not there has weight 1 and no limit.
        ahead: fits that come before all turns.
        rooms: how many more fits of an account may run, where there is a limit; `take` counts down. Several queues
            share one.
    """

    def __init__(
        self,
        clock: QueueClock,
        waiting: Mapping[str, deque[str]],
        shares: Mapping[str, Share] | None = None,
        ahead: Iterable[AheadFit] = (),
        rooms: dict[str, int] | None = None,
    ) -> None:
        self._now = clock.now
        self._ahead = sorted(ahead, key=lambda fit: (-fit.priority, fit.fit_id))
        given = shares or {}
        self._rooms = rooms_of(given) if rooms is None else rooms
        self._ready: list[tuple[tuple[bool, str, str], _Waiter]] = []
        self._later: list[tuple[int, str, _Waiter]] = []
        self._passed_over: dict[str, _Waiter] = {}
        for owner, fits in waiting.items():
            if fits:
                self._wait(_Waiter(owner, fits, clock.due.get(owner, 0), given.get(owner, Share())))

    def take(self) -> QueueTurn | None:
        """The next turn; None where nothing waits that may be taken."""
        for place, fit in enumerate(self._ahead):
            if self._occupy(fit.owner):
                del self._ahead[place]
                return QueueTurn(fit.fit_id, fit.owner)
        waiter = self._next_waiter()
        if waiter is None:
            return None
        start = self._now = max(self._now, waiter.due)
        waiter.due = start + TURN_TICKS // waiter.share.weight
        turn = QueueTurn(waiter.fits.popleft(), waiter.owner, start, waiter.due)
        if waiter.fits:
            self._wait(waiter)
        return turn

    def let_in(self, owner: str) -> None:
        """Consider an account again that was passed over: `rooms` has room for it now."""
        waiter = self._passed_over.pop(owner, None)
        if waiter is not None:
            self._wait(waiter)

    def _next_waiter(self) -> _Waiter | None:
        reach = self._now
        while True:
            while self._later and self._later[0][0] <= reach:
                waiter = heapq.heappop(self._later)[2]
                heapq.heappush(self._ready, (waiter.rank(), waiter))
            if self._ready:
                waiter = heapq.heappop(self._ready)[1]
                if self._occupy(waiter.owner):
                    return waiter
                self._passed_over[waiter.owner] = waiter
            elif self._later:
                reach = self._later[0][0]
            else:
                return None

    def _wait(self, waiter: _Waiter) -> None:
        heapq.heappush(self._later, (waiter.due, waiter.owner, waiter))

    def _occupy(self, owner: str) -> bool:
        """Count one more running fit of an account; False where it may have no more."""
        room = self._rooms.get(owner)
        if room is None:
            return True
        if room <= 0:
            return False
        self._rooms[owner] = room - 1
        return True


def rooms_of(shares: Mapping[str, Share]) -> dict[str, int]:
    """How many more fits of each account may run, of those that have a limit."""
    return {owner: share.room for owner, share in shares.items() if share.room is not None}


class QueueRotation:
    """The order in which a worker looks through its queues: `quick` first, then the others in turn; after
    `QUICK_IN_A_ROW` quick fits the others once first.

    >>> rotation = QueueRotation(("quick", "cpu"))
    >>> rotation.order()
    ('quick', 'cpu')
    >>> rotation.took("quick"), rotation.took("quick")
    (None, None)
    >>> rotation.order()
    ('cpu', 'quick')
    """

    def __init__(self, queues: Iterable[str]) -> None:
        served = tuple(queues)
        self._quick = tuple(queue for queue in served if queue == "quick")
        self._others = deque(queue for queue in served if queue != "quick")
        self._in_a_row = 0

    def order(self) -> tuple[str, ...]:
        """The queues, the first of which has the next turn."""
        if self._in_a_row >= QUICK_IN_A_ROW:
            return (*self._others, *self._quick)
        return (*self._quick, *self._others)

    def took(self, queue: str) -> None:
        """A fit of this queue was taken."""
        if queue in self._quick:
            self._in_a_row += 1
            return
        self._in_a_row = 0
        if queue in self._others:
            self._others.remove(queue)
            self._others.append(queue)


def queues_with_work(engine: Engine, queues: Collection[str], most_running: int | None = None) -> tuple[str, ...]:
    """Those of the queues in which a fit waits that `claim_next` would give out now. Takes a millisecond, and no lock.

    Args:
        engine: of the service's database.
        queues: to look at.
        most_running: fits of an account that run at once, where it has no limit of its own.
    """
    waits = select(FitRecord.queue).where(FitRecord.state == "queued", FitRecord.queue.in_(queues)).limit(1)
    with engine.connect() as connection:
        if connection.scalar(waits) is None:
            return ()
        return tuple(queue for queue in queues if next_turn(connection, queue, most_running) is not None)


def lock_turns(connection: Connection) -> None:
    """Have all other claims wait until the connection's transaction, which begins here, is over: so that each sees what
    the last has taken. It lasts milliseconds, and a claim that stops in the middle is ended by PostgreSQL.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("begin immediate")
        return
    connection.exec_driver_sql(f"set local lock_timeout = '{_LOCK_SECONDS}s'")
    connection.exec_driver_sql(f"set local idle_in_transaction_session_timeout = '{_LOCK_SECONDS}s'")
    connection.exec_driver_sql(f"select pg_advisory_xact_lock({_CLAIM_LOCK})")


def next_turn(connection: Connection, queue: str, most_running: int | None = None) -> QueueTurn | None:
    """The fit of a queue whose turn it is, None where none waits that may be taken. Nothing is changed."""
    heads = {owner: deque([fit]) for owner, fit in connection.execute(_heads(), {"queue": queue}) if owner and fit}
    if not heads:
        return None
    ahead = [AheadFit(*row) for row in connection.execute(_ahead(), {"queue": queue})]
    clock, shares = read_clock(connection, queue, heads), read_shares(connection, heads, most_running)
    return QueueTurns(clock, heads, shares, ahead).take()


def count_turn(connection: Connection, queue: str, turn: QueueTurn) -> None:
    """Note that a turn was taken, so that its owner's next comes after the others'."""
    if turn.start is None:
        return
    insert = sqlite_insert if connection.dialect.name == "sqlite" else postgresql_insert
    ticks = {"started": turn.start, "due": turn.due}
    statement = insert(TurnRecord).values({"queue": queue, "owner": turn.owner} | ticks)
    connection.execute(statement.on_conflict_do_update(index_elements=["queue", "owner"], set_=ticks))


def read_clock(connection: Connection, queue: str, owners: Collection[str]) -> QueueClock:
    """A queue's clock, with the next turns of these owners."""
    now = connection.scalar(select(func.max(TurnRecord.started)).where(TurnRecord.queue == queue)) or 0
    due = select(TurnRecord.owner, TurnRecord.due).where(TurnRecord.queue == queue, TurnRecord.owner.in_(owners))
    return QueueClock(now, {row.owner: row.due for row in connection.execute(due)})


def read_shares(connection: Connection, owners: Collection[str], most_running: int | None) -> dict[str, Share]:
    """Share of each account; of owners without an account, the default."""
    query = select(UserRecord.id, UserRecord.weight, UserRecord.administrator, UserRecord.running_fits)
    accounts = {row.id: row for row in connection.execute(query.where(UserRecord.id.in_(owners)))}
    limits = {
        owner: accounts[owner].running_fits if owner in accounts and accounts[owner].running_fits else most_running
        for owner in owners
    }
    running: dict[str, int] = {}
    if any(limit is not None for limit in limits.values()):
        count = select(FitRecord.owner, func.count().label("fits")).where(FitRecord.state == "running")
        running = {row.owner: row.fits for row in connection.execute(count.group_by(FitRecord.owner))}
    shares = {}
    for owner, limit in limits.items():
        account = accounts.get(owner)
        weight = min(max(account.weight or 1, 1), MOST_WEIGHT) if account else 1
        room = None if limit is None else limit - running.get(owner, 0)
        shares[owner] = Share(weight, bool(account and account.administrator), room)
    return shares


def put_ahead(engine: Engine, fit_id: str) -> bool:
    """Have a fit come before all turns in its queue, as an administrator may; False where it does not wait."""
    waits = update(FitRecord).where(FitRecord.id == fit_id, FitRecord.state == "queued")
    with engine.begin() as connection:
        values = {"priority": PUT_AHEAD, "version": FitRecord.version + 1}
        return connection.execute(waits.values(values)).rowcount == 1


def paid() -> ColumnElement[int]:
    """The priority of a fit that is given back to its queue: at least that of one whose turn is paid."""
    return case((FitRecord.priority < GIVEN_BACK, GIVEN_BACK), else_=FitRecord.priority)


def _of_queue(fits: FromClause) -> ColumnElement[bool]:
    """Condition on fits: they wait in the queue that a statement is given."""
    return and_(fits.c.state == "queued", fits.c.queue == bindparam("queue"))


def _due(fits: FromClause) -> ColumnElement[bool]:
    # What is due later than any pause lasts was written by a clock that was ahead.
    now = database_now()
    return or_(fits.c.due_at.is_(None), fits.c.due_at <= now, fits.c.due_at > now + LONGEST_DUE_SECONDS)


@functools.cache
def _heads() -> Select[str | None, str | None]:
    """Every owner who waits in a queue, with the oldest fit of his that is due; and one row without an owner.

    One step of the index `fits_turns` an owner, however many fits wait: each step asks for the next owner. Built once:
    that takes longer than asking.
    """
    first, further, fit = (_FITS.alias() for _ in range(3))
    owners = select(func.min(first.c.owner).label("owner")).where(_of_queue(first)).cte("owners", recursive=True)
    next_owner = select(func.min(further.c.owner)).where(_of_queue(further), further.c.owner > owners.c.owner)
    step = select(next_owner.correlate(owners).scalar_subquery()).where(owners.c.owner.is_not(None))
    owners = owners.union_all(step)
    oldest = select(fit.c.id).where(_of_queue(fit), fit.c.owner == owners.c.owner, _due(fit)).order_by(fit.c.id)
    return select(owners.c.owner, oldest.limit(1).correlate(owners).scalar_subquery())


@functools.cache
def _ahead() -> Select[str, str, int]:
    """Fits of a queue that come before all turns."""
    waits = and_(_of_queue(_FITS), _FITS.c.priority > 0, _due(_FITS))
    return select(_FITS.c.id, _FITS.c.owner, _FITS.c.priority).where(waits)
