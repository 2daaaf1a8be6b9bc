"""What the reconciler leaves of fits whose worker is gone, with real stores; the broker is away."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from jobs.lifecycle import transitions
from jobs.lifecycle.events import Publisher
from jobs.lifecycle.reconciler import Reconciler
from jobs.queues.doorbell import Doorbell
from jobs.settings import Settings
from jobs.storage import records
from jobs.storage.blobs import checkpoint_folder
from tests.jobs.conftest import claim_fit, new_fit


@pytest.fixture
def reconciler(engine: Engine, tmp_path: Path) -> Reconciler:
    settings = Settings(data_dir=tmp_path, broker_url=f"redis+socket://{tmp_path}/nobody.sock", max_crashes=2)
    return Reconciler.build(engine, Doorbell(settings), Publisher(settings.broker_url), settings)


def abandoned(engine: Engine, reconciler: Reconciler) -> str:
    """A running fit with a checkpoint, whose worker is silent."""
    record = transitions.create(engine, new_fit())
    assert record is not None
    assert claim_fit(engine, record.id, "worker", None, -1.0) is not None
    reconciler.blobs.put_file(f"{checkpoint_folder(record.id)}/stage-0", Path(__file__))
    return record.id


def state_of(engine: Engine, fit_id: str) -> str:
    record = records.get_fit(engine, "local", fit_id)
    assert record is not None
    return record.state


def test_a_checkpoint_stays_for_the_next_attempt_and_goes_with_the_last(engine: Engine, reconciler: Reconciler) -> None:
    fit_id = abandoned(engine, reconciler)
    reconciler.look()
    assert state_of(engine, fit_id) == "queued"
    assert reconciler.blobs.keys(f"fits/{fit_id}")
    assert claim_fit(engine, fit_id, "worker", None, -1.0) is not None
    reconciler.look()
    assert state_of(engine, fit_id) == "failed"
    assert not reconciler.blobs.keys(f"fits/{fit_id}")


def test_a_checkpoint_goes_with_a_fit_that_was_being_cancelled(engine: Engine, reconciler: Reconciler) -> None:
    fit_id = abandoned(engine, reconciler)
    transitions.request_cancel(engine, "local", fit_id)
    reconciler.look()
    assert state_of(engine, fit_id) == "cancelled"
    assert not reconciler.blobs.keys(f"fits/{fit_id}")
