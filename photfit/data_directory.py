"""The folder that holds a service's whole state, and the lock that keeps it to one service."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import IO

from photfit.failures import UserMistake


class DataDirectory:
    """A folder, made if it is not there and locked (flock) while in use as a context manager.

    The lock goes with the process that holds it, however that ends. Entering raises UserMistake where another service
    holds the folder or it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._lock: IO[str] | None = None

    def __enter__(self) -> DataDirectory:
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = (self.path / "serve.lock").open("a+", encoding="ascii")
        except OSError as error:
            reason = error.strerror or error
            raise UserMistake(f"the data directory {self.path} cannot be used: {reason}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            holder = lock.read().strip()
            lock.close()
            who = f" (process {holder})" if holder else ""
            raise UserMistake(
                f"the data directory {self.path} is in use by another photfit serve{who}; "
                "stop it, or choose another with --data-dir"
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lock is not None:
            self._lock.truncate(0)
            self._lock.close()
            self._lock = None
