"""What is kept for some days only."""

from pathlib import Path

from sqlalchemy import Engine, update

from jobs.clock import database_now
from jobs.lifecycle import transitions
from jobs.lifecycle.retention import remove_old_fits, remove_old_uploads
from jobs.storage import records, uploads
from jobs.storage.blobs import FolderBlobs
from jobs.storage.schema import FitRecord, UploadRecord
from tests.jobs.conftest import claim_fit, new_fit

DAYS = 86_400.0


def finished(engine: Engine, blobs: FolderBlobs, days_ago: float, request: dict[str, object] | None = None) -> str:
    record = transitions.create(engine, new_fit(request=request or {"images": []}))
    assert record is not None
    claim = claim_fit(engine, record.id, "worker", None, 30.0)
    assert claim is not None
    assert transitions.finish(engine, claim, "succeeded")
    aged = update(FitRecord).where(FitRecord.id == record.id)
    with engine.begin() as connection:
        connection.execute(aged.values(finished_at=database_now() - days_ago * DAYS))
    blobs.put_file(f"fits/{record.id}/1/parameters.json", Path(__file__))
    return record.id


def uploaded(engine: Engine, blobs: FolderBlobs, days_ago: float, sha256: str) -> str:
    record, _ = uploads.add_upload(engine, "local", filename="a", size=1, sha256=sha256, description={})
    blobs.put_file(uploads.blob_key(sha256), Path(__file__))
    with engine.begin() as connection:
        aged = update(UploadRecord).where(UploadRecord.id == record.id)
        connection.execute(aged.values(created_at=database_now() - days_ago * DAYS))
    return record.id


def test_old_fits_go_with_their_results_and_running_ones_stay(any_engine: Engine, tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path)
    old, new = finished(any_engine, blobs, 8.0), finished(any_engine, blobs, 6.0)
    queued = transitions.create(any_engine, new_fit())
    assert queued is not None
    assert remove_old_fits(any_engine, blobs, 7.0) == [old]
    assert [records.get_fit(any_engine, "local", fit) is not None for fit in (old, new, queued.id)] == [
        False,
        True,
        True,
    ]
    assert blobs.keys("fits") == [f"fits/{new}/1/parameters.json"]


def test_old_uploads_go_unless_an_unfinished_fit_needs_them(any_engine: Engine, tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path)
    old, new, needed = (
        uploaded(any_engine, blobs, days, sha * 64) for days, sha in ((8.0, "a"), (6.0, "b"), (9.0, "c"))
    )
    transitions.create(any_engine, new_fit(request={"images": [{"data": f"{needed}[0]"}]}))
    assert remove_old_uploads(any_engine, blobs, 7.0) == [old]
    left = {record.id for record in uploads.list_uploads(any_engine, "local", limit=10).items}
    assert left == {new, needed}
    assert len(blobs.keys("uploads")) == 2
