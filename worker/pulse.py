"""Pulse of a worker's main loop, by which the supervisor tells a worker that hangs from one that has nothing to do.

Celery's loop beats every few seconds (`PulseStep`). It does not while it waits for a broker that is away, which is no
reason to end a worker whose child computes: so silence counts only where the broker has answered for just as long.
"""

import time
from collections.abc import Callable
from typing import Any

from celery import bootsteps

PATIENCE_SECONDS = 90.0
"""Seconds of silence, and of a broker that answers, after which the main loop hangs. Chosen by hand: Celery waits for
up to 32 s before it looks for a broker again."""
_BEAT_SECONDS = 5.0
"""Seconds between beats. Chosen by hand: as often as the worker reports itself."""


class Pulse:
    """When the main loop last beat, and since when the broker has answered; `clock` in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._beat = clock()
        self._broker_since: float | None = None

    def beat(self) -> None:
        """The main loop goes on."""
        self._beat = self._clock()

    def is_missed(self, broker_answers: bool) -> bool:
        """Whether the main loop hangs; to be asked every few seconds."""
        now = self._clock()
        if not broker_answers:
            self._broker_since = None
        elif self._broker_since is None:
            self._broker_since = now
        since = self._broker_since
        return since is not None and min(now - self._beat, now - since) > PATIENCE_SECONDS


pulse = Pulse()
"""Of this process."""


class PulseStep(bootsteps.StartStopStep):
    """Has Celery's main loop beat."""

    requires = ("celery.worker.components:Timer",)

    def start(self, parent: Any) -> None:
        """As the worker starts."""
        pulse.beat()
        self._entry = parent.timer.call_repeatedly(_BEAT_SECONDS, pulse.beat, priority=10)

    def stop(self, parent: Any) -> None:  # noqa: ARG002 - as Celery calls it
        """As it ends."""
        self._entry.cancel()
