"""What is kept until a fit is final, or for so many days, where the settings say so, and no longer."""

import structlog
from sqlalchemy import Engine, Float, select, type_coerce
from sqlalchemy.orm import Session

from jobs.clock import database_now
from jobs.lifecycle import transitions
from jobs.storage import records, uploads
from jobs.storage.blob_keys import checkpoint_folder
from jobs.storage.blobs import BlobStore, StorageTrouble
from jobs.storage.schema import FINAL_STATES, FitRecord, UploadRecord

_DAY = 86_400.0
_AT_ONCE = 50

_log = structlog.get_logger("photfit.retention")


def delete_folder(blobs: BlobStore, folder: str) -> None:
    """Delete every blob whose key begins with a folder."""
    for key in blobs.keys(folder):
        blobs.delete(key)


def forget_checkpoints(blobs: BlobStore, fit_id: str) -> None:
    """Remove what a fit kept for its next attempt, now that it is final; what cannot be removed is logged."""
    try:
        delete_folder(blobs, checkpoint_folder(fit_id))
    except StorageTrouble as error:
        _log.warning("checkpoints could not be removed", fit=fit_id, error=str(error))


def remove_old_fits(engine: Engine, blobs: BlobStore, days: float) -> list[str]:
    """Remove fits that have been final for so many days, with their results; some at a time. Returns their ids."""
    query = select(FitRecord.id, FitRecord.owner).where(
        FitRecord.state.in_(sorted(FINAL_STATES)),
        type_coerce(FitRecord.finished_at, Float) < database_now() - days * _DAY,
    )
    with Session(engine) as session:
        old = [(fit_id, owner) for fit_id, owner in session.execute(query.order_by(FitRecord.id).limit(_AT_ONCE))]
    removed = [fit_id for fit_id, owner in old if transitions.remove(engine, owner, fit_id)]
    for fit_id in removed:
        delete_folder(blobs, f"fits/{fit_id}")
    return removed


def remove_old_uploads(engine: Engine, blobs: BlobStore, days: float) -> list[str]:
    """Remove uploads that are so many days old and that no unfinished fit needs; some at a time. Returns their ids."""
    query = select(UploadRecord.id, UploadRecord.owner).where(
        type_coerce(UploadRecord.created_at, Float) < database_now() - days * _DAY
    )
    with Session(engine) as session:
        old = [(name, owner) for name, owner in session.execute(query.order_by(UploadRecord.id).limit(_AT_ONCE))]
    removed = []
    for upload_id, owner in old:
        if records.unfinished_naming(engine, owner, upload_id) is not None:
            continue
        key = uploads.remove_upload(engine, owner, upload_id)
        if key is not None:
            blobs.delete(key)
        removed.append(upload_id)
    return removed
