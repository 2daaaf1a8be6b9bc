"""Bounds on what one fit may take of its worker: time is watched by the heartbeat, memory bound here."""

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STATUS = Path("/proc/self/status")


@contextmanager
def memory_bound(mebibytes: int | None) -> Iterator[None]:
    """While inside, this process can take no more than so much memory beyond what it has.

    An allocation beyond that fails there (see `fitting.memory_faults`) and harms nobody else. Data that is on a GPU
    does not count. Linux alone: elsewhere the kernel keeps no such account, and nothing is bound.
    """
    taken = data_bytes()
    if mebibytes is None or taken is None:
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = taken + (mebibytes << 20)
    hard = before[1]
    resource.setrlimit(resource.RLIMIT_DATA, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def data_bytes() -> int | None:
    """Private, writable memory of this process, which RLIMIT_DATA counts; None where the kernel does not tell."""
    if sys.platform != "linux":
        return None
    for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("VmData:"):
            return int(line.split()[1]) << 10
    return None
