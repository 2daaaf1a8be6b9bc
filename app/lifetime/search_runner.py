"""Search runner: threads of the API that take searches for sources from the database and have them run, one each.

runner.start(partial(searches.run, services))    # as the service starts
runner.wake()                                    # a search was asked for: look now, not in a second

Several processes may run one each on one database: a search is taken by a change of its record that one of them wins.
"""

import threading
import time
from collections.abc import Callable

import structlog
from sqlalchemy import Engine

from app.sandbox.pool import Sandbox
from fitting.faults import PassingFault
from jobs.lifecycle import searches
from jobs.lifecycle.searches import SearchClaim

_PAUSE_SECONDS = 1.0
"""Seconds between looks for searches that another process was asked for. Chosen by hand: two small queries."""
_EXPIRY_SECONDS = 5.0
"""Seconds between looks for leases that are over. Chosen by hand: a sixth of a lease."""
_END_SECONDS = 5.0
"""Seconds that a thread has for giving its search back as the service stops. Chosen by hand, over a look's."""

_log = structlog.get_logger("photfit.searches")


class SearchRunner:
    """Runs searches, so many at once, in a sandbox of their own, which is started with the first of them."""

    def __init__(self, engine: Engine, sandbox: Sandbox, *, at_once: int, lease_seconds: float) -> None:
        self.sandbox = sandbox
        self.lease_seconds = lease_seconds
        self._engine = engine
        self._at_once = at_once
        self._stopping = threading.Event()
        self._bell = threading.Event()
        self._threads: list[threading.Thread] = []
        self._expired_at = 0.0

    @property
    def is_stopping(self) -> bool:
        """Whether the service stops, so that what runs is to be given back."""
        return self._stopping.is_set()

    def start(self, run: Callable[[SearchClaim], None]) -> None:
        """Begin; `run` carries out one search and writes down how it ended."""
        for number in range(self._at_once):
            thread = threading.Thread(target=self._work, args=(run,), name=f"searches-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def wake(self) -> None:
        """A search was asked for, or was given back."""
        self._bell.set()

    def stop(self) -> None:
        """Have what runs given back, and end."""
        self._stopping.set()
        self._bell.set()
        until = time.monotonic() + _END_SECONDS
        for thread in self._threads:
            thread.join(timeout=max(until - time.monotonic(), 0.0))
        self.sandbox.stop()

    def _work(self, run: Callable[[SearchClaim], None]) -> None:
        while not self.is_stopping:
            try:
                held = self._next()
                if held is not None:
                    self.sandbox.start_once()
                    run(held)
                    continue
            except PassingFault as error:
                _log.debug("searches wait for a part of the service", error=str(error))
            except Exception:  # noqa: BLE001 - whatever failed, the next search is due
                _log.exception("a look for searches failed; the next one comes")
            self._bell.wait(_PAUSE_SECONDS)
            self._bell.clear()

    def _next(self) -> SearchClaim | None:
        now = time.monotonic()
        if now - self._expired_at > _EXPIRY_SECONDS:
            self._expired_at = now
            searches.expire(self._engine)
        return searches.claim(self._engine, self.lease_seconds)
