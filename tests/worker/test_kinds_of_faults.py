"""What becomes of a fit is decided by the class of what stopped it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from sqlalchemy import update

from fitting.faults import OutOfMemory, OwnFault
from fitting.files import FileInvalid
from fitting.spec import Fault, RequestInvalid
from jobs.faults import DatabaseAway, StorageTrouble
from jobs.lifecycle import transitions
from jobs.lifecycle.outcomes import has_result
from jobs.lifecycle.transitions import NewFit
from jobs.queues.turns import QueueRotation
from jobs.settings import Settings
from jobs.storage import records, uploads
from jobs.storage.blobs import open_blobs
from jobs.storage.database import connect, migrate
from jobs.storage.schema import FitRecord
from jobs.storage.stored_files import sha256_of
from tests.fitting.scene import fitted, flat_sky, image_of, noisy, rendered, sersic
from worker import running
from worker.connections import Connections
from worker.lease import Ending


@pytest.fixture
def connections(tmp_path: Path) -> Iterator[Connections]:
    """A worker's connections; its broker is away."""
    settings = Settings(data_dir=tmp_path, lease_seconds=30.0)
    engine = connect(settings)
    migrate(engine)
    connections = Connections(
        settings, engine, open_blobs(settings.blobs), Mock(), Mock(), "one", QueueRotation(["cpu"])
    )
    yield connections
    engine.dispose()


def after(connections: Connections, monkeypatch: pytest.MonkeyPatch, error: Exception, attempts: int = 1) -> FitRecord:
    """The record of a fit whose attempts met an error."""

    def stop(*_: Any) -> None:
        raise error

    monkeypatch.setattr(running, "_fit", stop)
    created = transitions.create(
        connections.engine, NewFit("local", "a fit", {}, "cpu", "auto", "0" * 64, memory_limit=4096)
    )
    assert created is not None
    for _ in range(attempts):
        running.attempt(connections, None)
        with connections.engine.begin() as connection:  # its pause is over
            connection.execute(update(FitRecord).values(due_at=None))
    record = records.get_fit(connections.engine, "local", created.id)
    assert record is not None
    return record


@pytest.mark.parametrize(
    ("error", "title", "detail", "status"),
    [
        (
            RequestInvalid([Fault("$.images[0].psf", "is wider than the image")]),
            "The request does not fit its images",
            "$.images[0].psf: is wider than the image",
            422,
        ),
        (FileInvalid("is truncated"), "The request does not fit its images", "is truncated", 422),
        (running.UploadGone("upl_1"), "An upload is gone", "upl_1 was deleted before the fit ran", 422),
        (OutOfMemory("no more"), "Out of memory", "The 4096 MiB that the fit may take do not suffice", 422),
        (MemoryError(), "Out of memory", "The 4096 MiB that the fit may take do not suffice", 422),
        (OwnFault("a stack without members"), "The fit failed unexpectedly", "photfit's fault", 500),
        (RuntimeError("illegal memory access"), "The fit failed unexpectedly", "photfit's fault", 500),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_a_fit_fails_with_what_its_user_can_do(
    connections: Connections, monkeypatch: pytest.MonkeyPatch, error: Exception, title: str, detail: str, status: int
) -> None:
    record = after(connections, monkeypatch, error)
    assert record.error is not None
    assert (record.state, record.error["title"], record.error["status"]) == ("failed", title, status)
    assert detail in record.error["detail"]


@pytest.mark.parametrize(
    ("failure", "ending", "state", "title"),
    [
        (
            RequestInvalid([Fault("$.stages[1]", "does not suit")]),
            None,
            "failed",
            "The request does not fit its images",
        ),
        (OutOfMemory("no more"), None, "failed", "Out of memory"),
        (RuntimeError("singular"), None, "failed", "The fit failed unexpectedly"),
        (RuntimeError("singular"), Ending.CANCELLED, "failed", "The fit failed unexpectedly"),
        (None, Ending.OUT_OF_TIME, "failed", "Out of time"),
        (None, Ending.CANCELLED, "cancelled", None),
    ],
    ids=str,
)
def test_what_a_fit_had_found_is_served_however_it_ended(
    connections: Connections,
    monkeypatch: pytest.MonkeyPatch,
    failure: Exception | None,
    ending: Ending | None,
    state: str,
    title: str | None,
) -> None:
    result = fitted([flat_sky(), sersic()], image_of(noisy(rendered([flat_sky(), sersic()]))))
    partial = replace(result, stopped="stage 2, nuts, came to no end", failure=failure)
    beat = Mock()
    beat.return_value.__enter__ = Mock(return_value=Mock(ending=ending))
    beat.return_value.__exit__ = Mock(return_value=None)
    monkeypatch.setattr(running, "Heartbeat", beat)
    monkeypatch.setattr(running, "_fit", lambda *_: partial)
    created = transitions.create(connections.engine, NewFit("local", "a fit", {}, "cpu", "auto", "0" * 64))
    assert created is not None
    running.attempt(connections, None)
    record = records.get_fit(connections.engine, "local", created.id)
    assert record is not None
    assert record.state == state
    assert has_result(record.state, record.error, record.result_bytes)
    assert {"parameters.json", "covariance.json", "best-fit.json"} <= {
        key.rsplit("/")[-1] for key in connections.blobs.keys(f"fits/{record.id}/1")
    }
    if title is None:
        assert record.error is None
    else:
        assert record.error is not None
        assert record.error["title"] == title
        assert "Kept is what it had found: stage 2, nuts, came to no end." in record.error["detail"]


@pytest.mark.parametrize("error", [StorageTrouble("503"), DatabaseAway("restarting")], ids=repr)
def test_passing_trouble_repeats_a_fit_within_limits(
    connections: Connections, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    once = after(connections, monkeypatch, error)
    assert (once.state, once.crashes, once.attempt) == ("queued", 0, 1)
    transitions.request_cancel(connections.engine, "local", once.id)
    often = after(connections, monkeypatch, error, attempts=10)
    assert often.error is not None
    assert (often.state, often.error["title"]) == ("failed", "The service's storage does not answer")


def test_a_worker_reads_no_damaged_upload(connections: Connections, tmp_path: Path) -> None:
    sound = tmp_path / "sound.fits"
    sound.write_bytes(bytes(2880))
    sha256 = sha256_of(sound)
    described = {"filename": "a.fits", "size": 2880, "sha256": sha256, "description": {}}
    upload, _ = uploads.add_upload(connections.engine, "local", **described)  # type: ignore[arg-type]
    connections.blobs.put_file(uploads.blob_key(sha256), sound)
    image = {"name": "r", "data": upload.id}
    sky = {"name": "sky", "profile": "flat_sky", "parameters": {"i": 1.0}}
    document = {"name": "a fit", "images": [image], "components": [sky], "stages": [{"method": "lm"}]}
    with running._local(connections, upload.id, upload) as path:
        assert path.read_bytes() == bytes(2880)
    (tmp_path / "blobs" / uploads.blob_key(sha256)).write_bytes(bytes(2879) + b"x")
    created = transitions.create(connections.engine, NewFit("local", "a fit", document, "cpu", "auto", "0" * 64))
    running.attempt(connections, None)
    record = records.get_fit(connections.engine, "local", created.id)
    assert record is not None
    assert record.error is not None
    assert (record.state, record.error["title"]) == ("failed", "An upload is damaged")
    assert "upload the file again" in record.error["detail"]


def test_what_is_written_stays_within_the_memory_of_the_fit(
    connections: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = fitted([flat_sky()], image_of(noisy(rendered([flat_sky()]), 0.7), 0.49))
    monkeypatch.setattr(running, "_fit", lambda *_: result)
    monkeypatch.setattr(running, "write_result", lambda *_: bytearray(8 << 30))
    created = transitions.create(
        connections.engine, NewFit("local", "a fit", {}, "cpu", "auto", "0" * 64, memory_limit=256)
    )
    assert created is not None
    running.attempt(connections, None)
    record = records.get_fit(connections.engine, "local", created.id)
    assert record is not None
    assert record.error is not None
    assert (record.state, record.error["title"], record.crashes) == ("failed", "Out of memory", 0)
