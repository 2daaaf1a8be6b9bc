"""Liveness of children: whether a process that runs also goes on, or hangs.

    watch = LifeWatch(lambda: api_answers(url), patience=8)
    watch.begin()                 # the child has just started
    watch.look(now)               # True once it has been silent for so many looks in a row

Looks are counted and not seconds: while this program itself was stopped (a suspended machine, a debugger) nobody
looked, and nothing is held against the child. Until its first sign a child may take as long as a start may.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

LOOK_SECONDS = 5.0
"""Seconds between looks. Chosen by hand: a worker gives a sign as often (`worker.application`)."""
ANSWER_LOOKS = 8
"""Looks in a row without an answer after which API or broker hang. Chosen by hand: 40 s and more, while `/healthz`
answers within a second under any load that tests make."""
WORKER_LOOKS = 18
"""The same of a worker's sign: 90 s. Chosen by hand, three leases: ending it costs a fit its way since its last
checkpoint."""
START_SECONDS = 600.0
"""Seconds that a child has until its first sign. Chosen by hand: it may wait for its database."""
_ANSWER_SECONDS = 3.0
"""Seconds that the API has for an answer. Chosen by hand: the supervisor does nothing else meanwhile."""


@dataclass
class LifeWatch:
    """Looks at one child; `sign` says whether there was one since it was last asked."""

    sign: Callable[[], bool]
    patience: int
    _silent: int = 0
    _seen: bool = False
    _began: float = field(default_factory=time.monotonic)
    _looked: float = 0.0

    def begin(self) -> None:
        """The child has just been started."""
        self.sign()  # what an earlier process of this child left is no sign of this one
        self._silent, self._seen, self._began = 0, False, time.monotonic()

    def look(self, now: float) -> bool:
        """Whether the child hangs, as far as one can see; asks for a sign every `LOOK_SECONDS`."""
        if now - self._looked < LOOK_SECONDS:
            return False
        self._looked = now
        if self.sign():
            self._silent, self._seen = 0, True
        elif self._seen or now - self._began > START_SECONDS:
            self._silent += 1
        return self._silent >= self.patience


class TouchedFile:
    """A sign of life that is a file: whether it was touched since it was last asked for. Clocks do not matter."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last: int | None = None

    def __call__(self) -> bool:
        """Whether it was."""
        try:
            found = self._path.stat().st_mtime_ns
        except OSError:
            return False
        before, self._last = self._last, found
        return found != before


def api_answers(url: str) -> bool:
    """Whether the API at `url` answers at all."""
    try:
        return httpx.get(f"{url}/healthz", timeout=_ANSWER_SECONDS, trust_env=False).is_success
    except httpx.HTTPError:
        return False
