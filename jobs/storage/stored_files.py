"""Stored files as they have to be: their size and SHA-256, told when they were made and held against what is read.

    known = {"parameters.json": described(path)}      # kept in the fit's record, as `result_files`
    fault_of(blobs, key, known["parameters.json"])    # None, or what is wrong, in words

An upload's hash is its key, and its record's.
"""

import hashlib
from pathlib import Path
from typing import Any

from jobs.storage.blobs import BlobMissing, BlobStore

GONE = "is gone"
"""What is wrong with a file that is not there."""


def described(path: Path) -> dict[str, Any]:
    """Size and hash of a file, as a record keeps them."""
    return {"size": path.stat().st_size, "sha256": sha256_of(path)}


def sha256_of(path: Path) -> str:
    """Hash of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def stored_sha256(blobs: BlobStore, key: str) -> str:
    """Hash of a blob; raises BlobMissing."""
    digest = hashlib.sha256()
    for chunk in blobs.chunks(key):
        digest.update(chunk)
    return digest.hexdigest()


def fault_of(blobs: BlobStore, key: str, known: dict[str, Any]) -> str | None:
    """What is wrong with a blob of which size and hash are known, or None where it is as it was stored."""
    size = blobs.size(key)
    if size is None:
        return GONE
    if size != known["size"]:
        return f"has {size} bytes of the {known['size']} that were stored"
    try:
        return None if stored_sha256(blobs, key) == known["sha256"] else "has other bytes than were stored"
    except BlobMissing:
        return GONE
