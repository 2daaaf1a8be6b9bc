"""Stopping a local fit: the first Ctrl-C, or SIGTERM, ends it with what it has found, the second at once."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType

STOPPED_EXIT_CODE = 130
"""As shells have it for a program that SIGINT ended: 128 + 2."""

_WORKED_OUT = "stopping: what was found so far is being worked out"


class GentleStop:
    """Takes signals, for the engine to heed where it reports.

    Attributes:
        wanted: whether a signal came.
    """

    def __init__(self, tell: Callable[[str], None], words: str = _WORKED_OUT) -> None:
        self.wanted = False
        self._tell = tell
        self._words = words
        self._runs = False

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """While inside, signals are taken here."""
        before = {number: signal.signal(number, self._take) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def look(self) -> bool:
        """Whether the fit should end; to be called with each report of the engine."""
        self._runs = True
        return self.wanted

    def _take(self, number: int, frame: FrameType | None) -> None:
        # Before the engine reports there is nothing to keep, and nobody would look; the second time somebody means it.
        if self.wanted or not self._runs:
            signal.default_int_handler(number, frame)
        self.wanted = True
        self._tell(f"{self._words}; once more ends it at once")
