"""Files that no record knows any more, as a crash at the wrong moment leaves them."""

from collections.abc import Iterator

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from jobs.storage.blob_keys import live_folder, result_folder
from jobs.storage.blobs import BlobStore
from jobs.storage.schema import FitRecord, UploadRecord
from jobs.storage.uploads import blob_key


def orphans(engine: Engine, blobs: BlobStore) -> Iterator[str]:
    """Keys of blobs that belong to no upload and no fit, of results of attempts that came to nothing, and of what was
    there to look at while a fit ran.

    What is being stored at this moment is among neither: an upload's bytes are looked for again once its record is
    made, and the attempt under way belongs to its fit.
    """
    # The files are listed first: a record that is made in between then speaks for its files, never against them.
    uploads, results = blobs.keys("uploads"), blobs.keys("fits")
    with Session(engine) as session:
        kept = {blob_key(sha256) for sha256 in session.scalars(select(UploadRecord.sha256))}
        attempts = {row.id: row.attempt for row in session.execute(select(FitRecord.id, FitRecord.attempt))}
        final = {row.id for row in session.execute(select(FitRecord.id).where(FitRecord.finished_at.is_not(None)))}
    yield from (key for key in uploads if key not in kept)
    for key in results:
        fit_id = key.split("/")[1]
        if fit_id not in attempts or (fit_id in final and not _belongs(key, fit_id, attempts[fit_id])):
            yield key


def _belongs(key: str, fit_id: str, attempt: int) -> bool:
    """Whether a blob belongs to the result of a final fit."""
    live = f"{live_folder(fit_id, attempt)}/"
    return key.startswith(f"{result_folder(fit_id, attempt)}/") and not key.startswith(live)
