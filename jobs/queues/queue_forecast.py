"""Forecast of the queues: when queued fits will start, by playing the workers' next hours through.

Each worker takes one fit at a time, by the same policy as in life: `jobs.queues.turns`. What a fit will take is what
was expected of it times the pace of its queue: the median of actual over expected time of the fits that last succeeded
there. How far the starts so told were off is counted (`start_late` and `start_early` of `jobs.operation.tallies`).

    >>> found = forecast([Server(("cpu",), free_at=5.0)], {"cpu": [WaitingFit("a", 10.0), WaitingFit("b", 20.0)]})
    >>> found.fits["b"]
    QueueStanding(position=2, starts_in=15.0)

`forecast_now` reads servers, queues and turns from the database, for all owners.
"""

import heapq
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from sqlalchemy import Connection, Engine, Float, select, type_coerce
from sqlalchemy.orm import Session

from jobs.clock import database_now
from jobs.queues import presence, turns
from jobs.queues.queue_choice import QUEUES
from jobs.queues.turns import AheadFit, QueueClock, QueueRotation, QueueTurns, Share, rooms_of
from jobs.storage.schema import FitRecord

_MOST_WAITING = 20_000
"""Queued fits that a forecast plays through, the oldest first. Chosen by hand: a tenth of a second of work; who comes
later is told what an account would be that begins to wait."""
_RECENT = 50
"""Finished fits of a queue that its pace is taken from. Chosen by hand: enough for a steady median, few enough to
follow a change of machines within a day's work."""
_UNKNOWN_SECONDS = 10.0
"""Seconds of a fit of which nothing is expected, as of rows older than migration 0005. Chosen by hand: an ordinary
fit's."""
_OVERDUE = 0.2
"""A fit that has taken longer than it should will take this share of its time so far again. Chosen by hand: a late fit
is nearer to its end the longer it runs, in no known proportion."""


@dataclass(frozen=True)
class Server:
    """A worker: the queues that it serves in its own order, in how many seconds it will be free, and of whose fit."""

    queues: tuple[str, ...]
    free_at: float = 0.0
    owner: str | None = None


@dataclass(frozen=True)
class WaitingFit:
    """A queued fit, how long it will take, in seconds, and what decides when it is taken (`jobs.queues.turns`)."""

    fit_id: str
    seconds: float
    owner: str = ""
    priority: int = 0


@dataclass(frozen=True)
class QueueStanding:
    """Where a fit is in its queue: 1 is next; and in how many seconds it will start, None where nobody serves it."""

    position: int
    starts_in: float | None


_SOMEBODY = "~"
"""Owner of a fit that would be queued now, by an account that does not wait yet. Ids of accounts begin otherwise."""


@dataclass(frozen=True)
class Forecast:
    """Every queued fit's standing, and that of one that would be queued now.

    Attributes:
        fits: by id.
        last: by queue and owner; of an owner who is not there, that of any who does not wait yet.
    """

    fits: Mapping[str, QueueStanding]
    last: Mapping[tuple[str, str], QueueStanding] = field(default_factory=dict)

    def of(self, fit_id: str, queue: str, owner: str = "") -> QueueStanding:
        """A fit's standing; where it is newer than the forecast, that of its owner's next one."""
        found = self.fits.get(fit_id) or self.last.get((queue, owner)) or self.last.get((queue, _SOMEBODY))
        return found or QueueStanding(1, None)


def forecast(
    servers: Iterable[Server],
    queues: Mapping[str, Sequence[WaitingFit]],
    clocks: Mapping[str, QueueClock] | None = None,
    shares: Mapping[str, Share] | None = None,
) -> Forecast:
    """Play the queues through.

    Args:
        servers: the workers that are alive.
        queues: what waits in each queue, the oldest first.
        clocks: of the queues, where turns were taken before.
        shares: of the accounts that have others than the default.
    """
    return _Play(list(servers), queues, clocks or {}, shares or {}).forecast()


class _Play:
    """The workers' next hours: at each moment whoever is free takes what `QueueTurns` gives out."""

    def __init__(
        self,
        servers: Sequence[Server],
        queues: Mapping[str, Sequence[WaitingFit]],
        clocks: Mapping[str, QueueClock],
        shares: Mapping[str, Share],
    ) -> None:
        self._servers = servers
        self._rotations = [QueueRotation(server.queues) for server in servers]
        self._working_for = [server.owner for server in servers]
        self._rooms = rooms_of(shares)
        self._waiting = {name: _with_next(queue) for name, queue in queues.items()}
        self._fits = {(name, fit.fit_id): fit for name, queue in self._waiting.items() for fit in queue}
        self._turns = {
            name: QueueTurns(
                clocks.get(name, QueueClock()), _by_owner(queue), shares, list(_ahead_of(queue)), self._rooms
            )
            for name, queue in self._waiting.items()
        }
        self._taken: dict[str, int] = dict.fromkeys(queues, 0)
        self._standings: dict[tuple[str, str], QueueStanding] = {}

    def forecast(self) -> Forecast:
        """The standing of everything that waits."""
        self._serve()
        self._rooms.clear()
        for name, order in self._turns.items():
            for fit in self._waiting[name]:
                order.let_in(fit.owner)
            while self._take(name, None) is not None:
                pass
        fits = {fit_id: found for (_, fit_id), found in self._standings.items() if not fit_id.startswith(_SOMEBODY)}
        last = {
            (name, self._fits[name, fit_id].owner): found
            for (name, fit_id), found in self._standings.items()
            if fit_id.startswith(_SOMEBODY)
        }
        return Forecast(fits, last)

    def _serve(self) -> None:
        """Until all that is served has been taken, and what is left waits for an account's limit without end."""
        free = [(max(server.free_at, 0.0), place) for place, server in enumerate(self._servers)]
        heapq.heapify(free)
        idle: list[int] = []
        while free:
            at, place = heapq.heappop(free)
            unblocked = self._end(place)
            for each in [place, *idle] if unblocked else [place]:
                fit = self._take_by(each, at)
                if fit is not None:
                    self._working_for[each] = fit.owner
                    heapq.heappush(free, (at + fit.seconds, each))
                    idle = [other for other in idle if other != each]
                elif each not in idle:
                    idle.append(each)

    def _end(self, place: int) -> bool:
        """A worker's fit is over; whether its owner had been passed over for it."""
        owner, self._working_for[place] = self._working_for[place], None
        if owner is None or owner not in self._rooms:
            return False
        self._rooms[owner] += 1
        for order in self._turns.values():
            order.let_in(owner)
        return True

    def _take_by(self, place: int, at: float) -> WaitingFit | None:
        for name in self._rotations[place].order():
            fit = self._take(name, at) if name in self._turns else None
            if fit is not None:
                self._rotations[place].took(name)
                return fit
        return None

    def _take(self, name: str, at: float | None) -> WaitingFit | None:
        """The next fit of a queue, with its standing noted; what would be queued now takes neither time nor place."""
        while (turn := self._turns[name].take()) is not None:
            fit = self._fits[name, turn.fit_id]
            self._standings[name, fit.fit_id] = QueueStanding(self._taken[name] + 1, at)
            if not fit.fit_id.startswith(_SOMEBODY):
                self._taken[name] += 1
                return fit
            if fit.owner in self._rooms:
                self._rooms[fit.owner] += 1
        return None


def _with_next(queue: Sequence[WaitingFit]) -> list[WaitingFit]:
    """A queue, and for each account in it the fit that it would queue now, and one of an account that is not."""
    owners = dict.fromkeys([*(fit.owner for fit in queue), _SOMEBODY])
    return [*queue, *(WaitingFit(f"{_SOMEBODY}{owner}", 0.0, owner) for owner in owners)]


def _by_owner(queue: Iterable[WaitingFit]) -> dict[str, deque[str]]:
    found: defaultdict[str, deque[str]] = defaultdict(deque)
    for fit in queue:
        if fit.priority == 0:
            found[fit.owner].append(fit.fit_id)
    return found


def _ahead_of(queue: Iterable[WaitingFit]) -> Iterator[AheadFit]:
    return (AheadFit(fit.fit_id, fit.owner, fit.priority) for fit in queue if fit.priority > 0)


def forecast_now(engine: Engine, most_running: int | None = None) -> Forecast:
    """The standing of every queued fit, of all owners, as it is now.

    Args:
        engine: of the service's database.
        most_running: fits of an account that run at once, where it has no limit of its own.
    """
    paces = {queue: pace(engine, queue) for queue in QUEUES}
    busy = _busy_workers(engine, paces)
    servers = [Server(tuple(worker.queues), *busy.get(worker.id, (0.0, None))) for worker in presence.alive(engine)]
    with engine.connect() as connection:
        waiting = _waiting_fits(connection, paces)
        owners = {queue: sorted({fit.owner for fit in fits}) for queue, fits in waiting.items()}
        clocks = {queue: turns.read_clock(connection, queue, owners[queue]) for queue in waiting}
        shares = turns.read_shares(
            connection, {owner for of_queue in owners.values() for owner in of_queue}, most_running
        )
    return forecast(servers, waiting, clocks, shares)


def pace(engine: Engine, queue: str) -> float:
    """Actual over expected time of the fits that last succeeded in a queue: their median, 1 where there are none."""
    taken = type_coerce(FitRecord.finished_at, Float) - type_coerce(FitRecord.started_at, Float)
    query = (
        select(taken, FitRecord.expected_seconds)
        .where(FitRecord.state == "succeeded", FitRecord.queue == queue, FitRecord.expected_seconds > 0.0)
        .order_by(FitRecord.id.desc())
        .limit(_RECENT)
    )
    with Session(engine) as session:
        ratios = [actual / expected for actual, expected in session.execute(query) if expected]
    return median(ratios) if ratios else 1.0


def _busy_workers(engine: Engine, paces: dict[str, float]) -> dict[str, tuple[float, str]]:
    """Seconds that each worker still needs for the fit that it has, and whose it is."""
    elapsed = database_now() - type_coerce(FitRecord.started_at, Float)
    columns = (FitRecord.worker, FitRecord.owner, FitRecord.queue, FitRecord.expected_seconds, FitRecord.progress)
    with Session(engine) as session:
        rows = session.execute(select(*columns, elapsed).where(FitRecord.state == "running")).all()
    return {
        worker: (_seconds_left(progress, (expected or _UNKNOWN_SECONDS) * paces.get(queue, 1.0), so_far), owner)
        for worker, owner, queue, expected, progress, so_far in rows
        if worker is not None
    }


def _seconds_left(progress: dict[str, object] | None, expected: float, so_far: float) -> float:
    """By the fit's own estimate where it has one, else by what was expected."""
    estimate = (progress or {}).get("eta_seconds")
    if isinstance(estimate, int | float):
        return max(float(estimate), 0.0)
    return max(expected - so_far, _OVERDUE * so_far)


def _waiting_fits(connection: Connection, paces: dict[str, float]) -> dict[str, list[WaitingFit]]:
    columns = (FitRecord.id, FitRecord.queue, FitRecord.owner, FitRecord.priority, FitRecord.expected_seconds)
    query = select(*columns).where(FitRecord.state == "queued").order_by(FitRecord.id).limit(_MOST_WAITING)
    queues: dict[str, list[WaitingFit]] = {queue: [] for queue in paces}
    for fit_id, queue, owner, priority, expected in connection.execute(query):
        seconds = (expected or _UNKNOWN_SECONDS) * paces.get(queue, 1.0)
        queues.setdefault(queue, []).append(WaitingFit(fit_id, seconds, owner, priority))
    return queues
