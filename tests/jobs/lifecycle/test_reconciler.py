"""What the reconciler leaves of fits whose worker is gone, with real stores; the broker is away."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update

from jobs.clock import database_now
from jobs.lifecycle import transitions
from jobs.lifecycle.events import Publisher
from jobs.lifecycle.reconciler import Reconciler
from jobs.lifecycle.setbacks import MOST_SETBACKS
from jobs.queues.doorbell import Doorbell
from jobs.settings import Settings
from jobs.storage import records
from jobs.storage.blobs import checkpoint_folder
from jobs.storage.schema import FitRecord, ReconcilerLock
from tests.jobs.conftest import claim_fit, new_fit


def set_columns(engine: Engine, table: type[FitRecord] | type[ReconcilerLock], **values: object) -> None:
    with engine.begin() as connection:
        connection.execute(update(table).values(values))


@pytest.fixture
def reconciler(engine: Engine, tmp_path: Path) -> Reconciler:
    settings = Settings(data_dir=tmp_path, broker_url=f"redis+socket://{tmp_path}/nobody.sock")
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
    set_columns(engine, FitRecord, setbacks=MOST_SETBACKS - 1)
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


def test_whoever_could_not_renew_may_do_so_before_its_lease_is_over(engine: Engine, reconciler: Reconciler) -> None:
    record = transitions.create(engine, new_fit())
    assert record is not None
    reconciler.look()
    claim = claim_fit(engine, record.id, "worker", None, -1.0)  # as if all had been suspended for longer than the lease
    assert claim is not None
    assert reconciler.last.at is not None
    reconciler.last.at -= 60.0
    reconciler.look()
    assert transitions.renew(engine, claim, 30.0).held
    reconciler.look()
    assert state_of(engine, record.id) == "running"


def test_a_task_whose_lease_is_over_is_ended(
    engine: Engine, reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[str] = []
    monkeypatch.setattr(Doorbell, "end_task", lambda _, task_id: ended.append(task_id))
    record = transitions.create(engine, new_fit())
    assert record is not None
    claim_fit(engine, record.id, "worker", "the task", -1.0)
    reconciler.look()
    assert ended == ["the task"]


@pytest.mark.parametrize(("ahead", "free"), [(5.0, False), (7200.0, True)])
def test_a_lock_from_the_future_does_not_hold(engine: Engine, reconciler: Reconciler, ahead: float, free: bool) -> None:
    set_columns(engine, ReconcilerLock, holder="another", until=database_now() + ahead)
    fit_id = abandoned(engine, reconciler)
    reconciler.look()
    assert (state_of(engine, fit_id) == "queued") == free


def test_a_lease_from_the_future_runs_out_as_soon_as_a_right_one(engine: Engine, reconciler: Reconciler) -> None:
    fit_id = abandoned(engine, reconciler)
    set_columns(engine, FitRecord, lease_until=database_now() + 7200.0, lease_length=30.0)
    reconciler.look()
    record = records.get_fit(engine, "local", fit_id)
    assert record is not None
    with engine.connect() as connection:
        left = connection.scalar(select(FitRecord.lease_until - database_now()))
    assert left is not None
    assert left <= 30.0


def test_the_fits_of_a_worker_that_is_gone_are_free_before_their_leases_are_over(
    engine: Engine, reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[str] = []
    monkeypatch.setattr(Doorbell, "ring", lambda _, queue: rung.append(queue) or True)
    set_columns(engine, ReconcilerLock, holder="a process that was killed", until=database_now() + 10.0)
    fits = {worker: transitions.create(engine, new_fit()) for worker in ("box:1", "box:10")}
    for worker, record in fits.items():
        assert record is not None
        assert claim_fit(engine, record.id, worker, None, 3600.0) is not None
    reconciler.take_from("box:1")
    states = {worker: state_of(engine, record.id) for worker, record in fits.items() if record is not None}
    assert states == {"box:1": "queued", "box:10": "running"}
    assert rung == ["cpu"]
    again = records.get_fit(engine, "local", fits["box:1"].id)  # type: ignore[union-attr]
    assert again is not None
    assert (again.crashes, again.setbacks, again.due_at) == (0, 1, None)
