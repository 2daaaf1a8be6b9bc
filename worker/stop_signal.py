"""SIGTERM as a worker's child takes it: with a fit in hand it gives that back, without one it ends.

    stop = StopSignal()
    stop.watch()              # in the main thread, before it starts others
    with stop.busy():
        …                     # SIGTERM sets stop.told; outside of the context it ends the process

A service manager sends it to every process of a service at once (systemd's KillMode=control-group), where the parent
alone would have been enough. A thread waits for it, since the main thread may be in one long evaluation of the engine,
during which Python runs no handler.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class StopSignal:
    """Whether the process was told to stop while it had a fit; `told` is an event to be watched."""

    def __init__(self) -> None:
        self.told = threading.Event()
        self._busy = threading.Lock()

    def watch(self) -> None:
        """Take SIGTERM from now on. Threads that are started later leave it to the one that waits here."""
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        threading.Thread(target=self._wait, name="stop-signal", daemon=True).start()

    @contextmanager
    def busy(self) -> Iterator[None]:
        """While inside there is something to give back."""
        with self._busy:
            yield
        # Who sent it to this process alone has what he wanted; who stops the worker has told its parent as well.
        self.told.clear()

    def _wait(self) -> None:
        while True:
            signal.sigwait({signal.SIGTERM})
            if not self._busy.locked():
                os._exit(0)
            self.told.set()
