"""Checkpoints of a running fit in the blob store: beside its attempts, so that they outlive the worker.

    fits/<id>/checkpoints/stage-1/checkpoint.npz   the sampler's state
    fits/<id>/checkpoints/stage-1/draws-0.f64      rows as they were drawn, from row 0 on

What they hold is told by `fitting.methods.samplers.chain_store`; a file's name from `stage-` on is what its `Shelf` is
asked for. The next attempt's sampler goes on from them to the same chain. They go when the fit is final
(`jobs.lifecycle.retention.forget_checkpoints`).
"""

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
