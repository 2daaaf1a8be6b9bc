"""Nudges through the broker: workers are woken and listeners told, beside the request, and changes of fits are heard.

All of it only saves time, so that a broker that is slow or away costs a request nothing: what is lost here the
reconciler and a look at the record make good (docs/decisions/0001-broker-as-doorbell.md).
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock
from typing import Any

import structlog

from jobs.faults import BrokerAway
from jobs.lifecycle.events import Publisher, changes
from jobs.queues.doorbell import Doorbell

_RECONNECT_SECONDS = 1.0
"""Seconds between tries to reach a broker that is away; meanwhile whoever waits looks at the record by himself."""

_log = structlog.get_logger("photfit.watcher")
_MOST_PENDING = 1000
"""Nudges that wait to be sent; more are dropped. Chosen by hand: little memory against nudges lost in a burst."""


class Waker:
    """Rings and publishes from a thread of its own, in order. What is lost here the reconciler makes good."""

    def __init__(self, doorbell: Doorbell, publisher: Publisher) -> None:
        self._doorbell = doorbell
        self._publisher = publisher
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="waker")
        self._room = BoundedSemaphore(_MOST_PENDING)
        self._lock = Lock()
        self._about_to_ring: set[str] = set()

    def warm(self) -> None:
        """Connect to the broker before the first fit needs it."""
        self._executor.submit(self._doorbell.waiting, "cpu")

    def wake_worker(self, queue: str) -> None:
        """A fit was queued: wake a worker. While a bell is about to ring, one more fit needs no other."""
        with self._lock:
            if queue in self._about_to_ring or not self._room.acquire(blocking=False):
                return
            self._about_to_ring.add(queue)
        self._executor.submit(self._ring, queue).add_done_callback(self._release)

    def _ring(self, queue: str) -> None:
        with self._lock:  # from here on what is queued may come too late for this bell
            self._about_to_ring.discard(queue)
        self._doorbell.ring(queue)

    def tell_listeners(self, fit_id: str) -> None:
        """A fit's record was changed: tell who listens."""
        if not self._room.acquire(blocking=False):
            return
        self._executor.submit(self._publisher.publish, fit_id).add_done_callback(self._release)

    def stop(self) -> None:
        """Let go of what is pending."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _release(self, _: Future[Any]) -> None:
        self._room.release()


class Watcher:
    """Passes the broker's nudges on to asyncio events. Where the broker is away, none come; nobody may rely on them."""

    def __init__(self, broker_url: str) -> None:
        self._broker_url = broker_url
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    async def listen(self) -> None:
        """Listen until cancelled; a lost connection is made again."""
        while True:
            try:
                async for fit_id in changes(self._broker_url):
                    for event in self._waiting.get(fit_id, ()):
                        event.set()
            except BrokerAway as error:
                _log.debug("the broker does not answer", error=str(error))
            await asyncio.sleep(_RECONNECT_SECONDS)

    @contextmanager
    def nudges_of(self, fit_id: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever the fit changes, while the context lasts."""
        event = asyncio.Event()
        self._waiting[fit_id].add(event)
        try:
            yield event
        finally:
            self._waiting[fit_id].discard(event)
            if not self._waiting[fit_id]:
                del self._waiting[fit_id]
