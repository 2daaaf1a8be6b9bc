"""A thread that does something every few seconds, until it is stopped."""

import threading
from collections.abc import Callable

import structlog

_log = structlog.get_logger("photfit.periodic")


class PeriodicThread:
    """Calls `look` with a pause between; what goes wrong is logged, and the next look comes."""

    def __init__(self, look: Callable[[], None], pause_seconds: float, name: str) -> None:
        self._look = look
        self._pause_seconds = pause_seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after the look that is under way."""
        self._stop.set()
        self._thread.join(timeout=5.0)

    def _run(self) -> None:
        while not self._stop.wait(self._pause_seconds):
            try:
                self._look()
            except Exception:  # noqa: BLE001 - whatever failed, the next look is due
                _log.exception("a look failed; the next one comes", what=self._thread.name)
