"""Checkpoints of a running fit in the blob store: beside its attempts, so that they outlive the worker.

    fits/<id>/checkpoints/stage-1/checkpoint.npz   the sampler's state
    fits/<id>/checkpoints/stage-1/draws-0.f64      rows as they were drawn, from row 0 on

What they hold is told by `fitting.methods.samplers.chain_store`; a file's name from `stage-` on is what its `Shelf` is
asked for. The next attempt's sampler goes on from them to the same chain. They go when the fit is final
(`jobs.lifecycle.retention.forget_checkpoints`). One after the first, or with draws, says that the fit gets further
than the attempts before it, whatever befell those.
"""

import tempfile
from pathlib import Path

import structlog
from sqlalchemy import Engine

from fitting.methods.samplers import CHECKPOINT_NAME
from jobs.faults import DatabaseAway
from jobs.lifecycle import transitions
from jobs.lifecycle.transitions import Claim
from jobs.storage.blobs import BlobMissing, BlobStore, StorageTrouble, checkpoint_folder

_log = structlog.get_logger("photfit.checkpoints")


class BlobShelf:
    """A `fitting.methods.samplers.chain_store.Shelf`: what cannot be stored is logged, and the fit goes on without."""

    def __init__(self, blobs: BlobStore, claim: Claim, engine: Engine) -> None:
        self._blobs = blobs
        self._claim = claim
        self._engine = engine
        self._folder = checkpoint_folder(claim.fit_id)
        self._further = False

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
            return
        # The first checkpoint of an attempt may be where the last one ended; its draws are new, and so is the next.
        if self._further and name.endswith(CHECKPOINT_NAME):
            self._note_advance()
        self._further = True

    def _note_advance(self) -> None:
        try:
            transitions.record_advance(self._engine, self._claim)
        except DatabaseAway as error:
            _log.warning("the database does not answer", error=str(error))
