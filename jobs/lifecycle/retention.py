"""Retention: what is kept until a fit is final, or for so many days, and no longer; and files that no record knows.

remove_old_fits(engine, blobs, days=30.0)    # ids of those that are gone, with their results
list(orphans(engine, blobs))                 # keys of blobs that a crash at the wrong moment left behind
"""

from collections.abc import Iterator

import structlog
from sqlalchemy import Engine, Float, select, type_coerce
from sqlalchemy.orm import Session

from jobs.clock import database_now
from jobs.lifecycle import catalogues, transitions
from jobs.storage import records, uploads
from jobs.storage.blobs import BlobStore, StorageTrouble, checkpoint_folder, live_folder, result_folder
from jobs.storage.schema import FINAL_STATES, CatalogueRecord, FitRecord, UploadRecord

_DAY = 86_400.0
"""Seconds."""
_AT_ONCE = 50
"""Fits, and uploads, that one look removes: a look is not to outlast the reconciler's lock. Chosen by hand."""

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
        FitRecord.catalogue_id.is_(None),  # parts go with their catalogue
        type_coerce(FitRecord.finished_at, Float) < database_now() - days * _DAY,
    )
    with Session(engine) as session:
        old = [(fit_id, owner) for fit_id, owner in session.execute(query.order_by(FitRecord.id).limit(_AT_ONCE))]
    removed = [fit_id for fit_id, owner in old if transitions.remove(engine, owner, fit_id)]
    for fit_id in removed:
        delete_folder(blobs, f"fits/{fit_id}")
    return removed


def remove_old_catalogues(engine: Engine, blobs: BlobStore, days: float) -> list[str]:
    """Remove catalogues that have been final for so many days, with their parts; some at a time. Returns their ids."""
    query = select(CatalogueRecord.id, CatalogueRecord.owner).where(
        CatalogueRecord.state.in_(sorted(FINAL_STATES)),
        type_coerce(CatalogueRecord.finished_at, Float) < database_now() - days * _DAY,
    )
    with Session(engine) as session:
        old = [(name, owner) for name, owner in session.execute(query.order_by(CatalogueRecord.id).limit(_AT_ONCE))]
    removed = []
    for name, owner in old:
        parts = catalogues.remove(engine, owner, name)
        if parts is not None:
            for folder in (f"catalogues/{name}", *(f"fits/{part}" for part in parts)):
                delete_folder(blobs, folder)
            removed.append(name)
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
        if records.unfinished_fit_with(engine, owner, upload_id) is not None:
            continue
        uploads.remove_upload(engine, owner, upload_id, blobs.delete)
        removed.append(upload_id)
    return removed


def orphans(engine: Engine, blobs: BlobStore) -> Iterator[str]:
    """Keys of blobs that belong to no upload and no fit, of results of attempts that came to nothing, and of what was
    there to look at while a fit ran.

    What is being stored at this moment is among neither: an upload's bytes are looked for again once its record is
    made, and the attempt under way belongs to its fit.
    """
    # The files are listed first: a record that is made in between then speaks for its files, never against them.
    stored_uploads, results, tables = blobs.keys("uploads"), blobs.keys("fits"), blobs.keys("catalogues")
    with Session(engine) as session:
        known = {uploads.blob_key(sha256) for sha256 in session.scalars(select(UploadRecord.sha256))}
        attempts = {row.id: row.attempt for row in session.execute(select(FitRecord.id, FitRecord.attempt))}
        final = {row.id for row in session.execute(select(FitRecord.id).where(FitRecord.finished_at.is_not(None)))}
    with Session(engine) as session:
        named = set(session.scalars(select(CatalogueRecord.id)))
    yield from (key for key in stored_uploads if key not in known)
    yield from (key for key in tables if key.split("/")[1] not in named)
    for key in results:
        fit_id = key.split("/")[1]
        if fit_id not in attempts or (fit_id in final and not _belongs(key, fit_id, attempts[fit_id])):
            yield key


def _belongs(key: str, fit_id: str, attempt: int) -> bool:
    """Whether a blob belongs to the result of a final fit."""
    live = f"{live_folder(fit_id, attempt)}/"
    return key.startswith(f"{result_folder(fit_id, attempt)}/") and not key.startswith(live)
