"""Freed memory: kept from one evaluation for the next, and given back where many different ones have left gaps."""

import ctypes
import time
from functools import cache

_TRIM_THRESHOLD = -1
"""`M_TRIM_THRESHOLD` of glibc's malloc.h."""
_MMAP_THRESHOLD = -3
"""`M_MMAP_THRESHOLD` of glibc's malloc.h."""
_TIDY_SECONDS = 10.0
"""Seconds between two times of giving back; chosen by hand: gaps grow over minutes."""


@cache
def keep_freed_memory() -> None:
    """Ask glibc not to give arrays of a few megabytes back to the system after every use.

    By default each goes through mmap, and its pages are faulted in anew at every evaluation, which costs a third of the
    time of the normal equations. Elsewhere (musl, macOS) nothing is done.
    """
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return
    mallopt(_MMAP_THRESHOLD, 32 * 2**20)
    mallopt(_TRIM_THRESHOLD, 128 * 2**20)


def give_back_freed_memory() -> None:
    """Give pages that nothing uses back to the system.

    Thousands of evaluations of batches of different sizes leave gaps that together grow to gigabytes.
    """
    try:
        trim = ctypes.CDLL("libc.so.6").malloc_trim
    except (OSError, AttributeError):
        return
    trim(0)


class MemoryTidier:
    """Gives freed memory back when called, but only now and then."""

    def __init__(self) -> None:
        self._last = time.perf_counter()

    def __call__(self) -> None:
        """See the class."""
        now = time.perf_counter()
        if now - self._last >= _TIDY_SECONDS:
            self._last = now
            give_back_freed_memory()
