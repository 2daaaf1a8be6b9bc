"""Verified files: stored bytes held against size and hash before they are handed out, so that no damaged ones are.

    fault = fault_of_stored(blobs, key, {"size": 2880, "sha256": "…"})    # None, or what is wrong, in words

A small file is read each time. A large one is read once by each process and then again only when somebody has written
it since, since it is asked for in parts; what a disk does to it unseen, `photfit admin check` finds.
"""

from typing import Any

from jobs.storage.blobs import BlobStore
from jobs.storage.stored_files import GONE, fault_of

_SMALL = 1 << 20
"""Bytes up to which a file is held against its hash each time it is asked for. Chosen by hand: a millisecond."""
_MOST_VERIFIED = 10_000
"""Large files that a process remembers to be as they were stored. Chosen by hand: some megabytes."""
_verified: dict[str, str] = {}


def fault_of_stored(blobs: BlobStore, key: str, known: dict[str, Any]) -> str | None:
    """What is wrong with a blob of which size and hash are known, or None where it may be handed out."""
    stamp = blobs.stamp(key)
    if stamp is None:
        return GONE
    if _verified.get(key) == stamp:
        return None
    fault = fault_of(blobs, key, known)
    if fault is None and known["size"] > _SMALL:
        _verified[key] = stamp
        while len(_verified) > _MOST_VERIFIED:
            _verified.pop(next(iter(_verified)), None)
    return fault
