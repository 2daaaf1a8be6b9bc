"""Waking workers and telling listeners beside the request, so that a broker that is slow or away costs it nothing."""

from concurrent.futures import Future, ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import Any

from jobs.lifecycle.events import Publisher
from jobs.queues.doorbell import Doorbell

_MOST_PENDING = 1000


class Waker:
    """Rings and publishes from a thread of its own, in order. What is lost here the reconciler makes good."""

    def __init__(self, doorbell: Doorbell, publisher: Publisher) -> None:
        self._doorbell = doorbell
        self._publisher = publisher
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="waker")
        self._room = BoundedSemaphore(_MOST_PENDING)

    def warm(self) -> None:
        """Connect to the broker before the first fit needs it."""
        self._executor.submit(self._doorbell.waiting, "cpu")

    def new_fit(self, fit_id: str, queue: str) -> None:
        """A fit was queued: wake a worker."""
        if not self._room.acquire(blocking=False):
            return
        self._executor.submit(self._doorbell.ring, fit_id, queue).add_done_callback(self._release)

    def changed(self, fit_id: str) -> None:
        """A fit's record was changed: tell who listens."""
        if not self._room.acquire(blocking=False):
            return
        self._executor.submit(self._publisher.publish, fit_id).add_done_callback(self._release)

    def stop(self) -> None:
        """Let go of what is pending."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _release(self, _: Future[Any]) -> None:
        self._room.release()
