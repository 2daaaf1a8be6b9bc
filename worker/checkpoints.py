"""Checkpoints of a running fit in the blob store: beside its attempts, so that they outlive the worker."""

import tempfile
from pathlib import Path

import structlog

from jobs.lifecycle.transitions import Claim
from jobs.storage.blobs import BlobMissing, BlobStore, StorageTrouble, checkpoint_folder

_log = structlog.get_logger("photfit.checkpoints")


class BlobShelf:
    """A `fitting.methods.samplers.chain_store.Shelf`: what cannot be stored is logged, and the fit goes on without."""

    def __init__(self, blobs: BlobStore, claim: Claim) -> None:
        self._blobs = blobs
        self._folder = checkpoint_folder(claim.fit_id)

    def read(self, name: str) -> bytes | None:
        """A checkpoint's bytes, or None where there is none."""
        try:
            return self._blobs.read(f"{self._folder}/{name}")
        except BlobMissing:
            return None

    def write(self, name: str, content: bytes) -> None:
        """Store a checkpoint whole."""
        try:
            with tempfile.NamedTemporaryFile(prefix="photfit-checkpoint-") as file:
                file.write(content)
                file.flush()
                self._blobs.put_file(f"{self._folder}/{name}", Path(file.name))
        except (StorageTrouble, OSError) as error:  # the second of this machine's own disk
            _log.warning("a checkpoint could not be stored", name=name, error=str(error))
