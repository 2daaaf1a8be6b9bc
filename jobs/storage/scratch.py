"""Scratch: temporary folders and files of a process, which others can tell from those that a killed one left.

    with scratch_folder(parent, "receiving-") as folder:
        …
    sweep(parent, "receiving-")       # how many were left by processes that are gone

Each is locked (flock) for as long as it is used, and the kernel takes the lock back however its holder ends. So what is
not locked is litter, however old or young, whichever process of this machine asks.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROCESS_PREFIX = "photfit-process-"
"""Of the folder in which a process keeps its temporary files, among those of all programs."""

RECEIVING = "receiving-"
"""Of the folders below `receiving` of the data directory that hold the files of a request."""


@contextmanager
def scratch_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """A folder below `parent`, which is made if it is not there; it goes with all that is in it."""
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent, prefix=prefix) as name, locked(Path(name)):
        yield Path(name)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """While inside, `sweep` leaves a file or folder alone."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def use_process_folder() -> None:
    """Have this process keep its temporary files in a folder of its own, for as long as it lives."""
    folder = tempfile.mkdtemp(prefix=PROCESS_PREFIX)
    fcntl.flock(os.open(folder, os.O_RDONLY), fcntl.LOCK_EX)  # never closed: the lock goes with the process
    tempfile.tempdir = folder


def sweep_process_folders() -> int:
    """Remove the temporary files of processes that are gone; of how many."""
    mine = Path(tempfile.gettempdir())
    return sweep(mine.parent if mine.name.startswith(PROCESS_PREFIX) else mine, PROCESS_PREFIX)


def sweep(parent: Path, prefix: str) -> int:
    """Remove files and folders of this prefix whose process is gone; how many there were."""
    return sum(remove_unlocked(path) for path in parent.glob(f"{prefix}*"))


def is_unlocked(path: Path) -> bool:
    """Whether nobody uses a file or folder."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        finally:
            os.close(descriptor)
    return False


def remove_unlocked(path: Path) -> bool:
    """Remove a file or folder that nobody uses; whether it went. What cannot be removed stays."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
            return True
        finally:
            os.close(descriptor)
    return False
