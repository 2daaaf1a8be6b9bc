"""When queued fits will start: the workers' next hours, played through.

Each worker takes one fit at a time, and its queues in turn, as the broker's client does; within a queue the oldest
comes first. What a fit will take is what was expected of it times the pace of its queue: the median of actual over
expected time of the fits that last succeeded there.
"""

import heapq
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Server:
    """A worker: the queues that it serves in its own order, and when it will be free, in seconds from now."""

    queues: tuple[str, ...]
    free_at: float = 0.0


@dataclass(frozen=True)
class Waiting:
    """A queued fit and how long it will take, in seconds."""

    fit_id: str
    seconds: float


@dataclass(frozen=True)
class QueueStanding:
    """Where a fit is in its queue: 1 is next; and in how many seconds it will start, None where nobody serves it."""

    position: int
    starts_in: float | None


@dataclass(frozen=True)
class Forecast:
    """Every queued fit's standing, and that of one that would be queued now.

    Attributes:
        fits: by id.
        last: by queue; one that is not there is empty.
    """

    fits: Mapping[str, QueueStanding]
    last: Mapping[str, QueueStanding] = field(default_factory=dict)

    def of(self, fit_id: str, queue: str) -> QueueStanding:
        """A fit's standing; where it is newer than the forecast, that of the next one."""
        return self.fits.get(fit_id) or self.last.get(queue) or QueueStanding(1, None)


def forecast(servers: Iterable[Server], queues: Mapping[str, Sequence[Waiting]]) -> Forecast:
    """Play the queues through.

    Args:
        servers: the workers that are alive.
        queues: what waits in each queue, the oldest first.
    """
    workers = list(servers)
    marked = {name: [*queue, Waiting(_next(name), 0.0)] for name, queue in queues.items()}
    starts = _starts(workers, marked)
    fits = {
        item.fit_id: QueueStanding(place, starts.get(item.fit_id))
        for queue in queues.values()
        for place, item in enumerate(queue, start=1)
    }
    last = {name: QueueStanding(len(queue) + 1, starts.get(_next(name))) for name, queue in queues.items()}
    return Forecast(fits, last)


def _next(queue: str) -> str:
    """Stands for the fit that would be queued now."""
    return f"next in {queue}"


def _starts(workers: Sequence[Server], queues: Mapping[str, Sequence[Waiting]]) -> dict[str, float]:
    """When each waiting fit is taken, by its id."""
    left = {name: deque(queue) for name, queue in queues.items()}
    turns = [deque(worker.queues) for worker in workers]
    free = [(max(worker.free_at, 0.0), place) for place, worker in enumerate(workers)]
    heapq.heapify(free)
    starts: dict[str, float] = {}
    while free:
        at, place = heapq.heappop(free)
        chosen = next((name for name in turns[place] if left.get(name)), None)
        if chosen is None:
            continue  # nothing is left that this worker serves
        turns[place].remove(chosen)
        turns[place].append(chosen)
        item = left[chosen].popleft()
        starts[item.fit_id] = at
        heapq.heappush(free, (at + item.seconds, place))
    return starts
