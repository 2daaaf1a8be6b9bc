"""Two workers, a real broker and two owners: whose fit is taken, and what hangs at the broker meanwhile."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from fitting.spec import parse_request
from jobs.ids import new_id
from jobs.lifecycle import transitions
from jobs.queues import presence
from jobs.storage.schema import FitRecord
from tests.worker.conftest import EXAMPLE, Service, wait_until

WORKERS = 2


@pytest.fixture
def two_workers(service: Service) -> Iterator[Service]:
    """The service with a second worker, once both are there."""
    second = service.start_worker()
    try:
        wait_until(lambda: len(presence.alive(service.engine)) == WORKERS, 180, "the second worker")
        yield service
    finally:
        second.stop()


def request_of(service: Service, owner: str) -> dict[str, Any]:
    """The three galaxies, uploaded by the owner."""
    upload = service.upload(EXAMPLE / "three_galaxies.fits", owner)
    document = json.loads((EXAMPLE / "request.json").read_text())
    return parse_request(document).with_references({"three_galaxies.fits": upload}).document()


def submit_many(service: Service, owner: str, number: int) -> None:
    """Fits of an owner, as if he had submitted one after the other; one bell."""
    first = service.submit(request_of(service, owner), owner=owner)
    with service.engine.begin() as connection:
        row = connection.execute(select(FitRecord.__table__).where(FitRecord.id == first)).mappings().one()
        fresh = {**row, "state": "queued", "attempt": 0, "worker": None, "lease_until": None, "started_at": None}
        rows = [{**fresh, "id": new_id("fit")} for _ in range(number - 1)]
        connection.execute(insert(FitRecord.__table__), rows)  # type: ignore[arg-type]
    service.doorbell.ring("cpu")


def fits(service: Service, owner: str, *states: str) -> list[FitRecord]:
    with Session(service.engine) as session:
        return list(session.scalars(select(FitRecord).where(FitRecord.owner == owner, FitRecord.state.in_(states))))


def count(service: Service, state: str) -> int:
    with service.engine.connect() as connection:
        return connection.scalar(select(func.count()).where(FitRecord.state == state)) or 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("crowd", "singles"), [(40, 3), pytest.param(5000, 10, marks=pytest.mark.slow)], ids=["40 wait", "5,000 wait"]
)
def test_a_single_fit_is_next_however_many_of_another_owner_wait(
    two_workers: Service, crowd: int, singles: int
) -> None:
    service, hanging = two_workers, []
    submit_many(service, "vera", crowd)
    request = request_of(service, "jan")
    wait_until(lambda: len(fits(service, "vera", "succeeded")) >= WORKERS, 180, "vera's first fits")

    for _ in range(singles):
        fit_id = service.submit(request, owner="jan")

        def ended(fit_id: str = fit_id) -> FitRecord | None:
            hanging.append(service.doorbell.waiting("cpu") or 0)
            return next((fit for fit in fits(service, "jan", "succeeded") if fit.id == fit_id), None)

        single = wait_until(ended, 180, "jan's fit")
        assert single.started_at is not None
        between = [
            fit
            for fit in fits(service, "vera", "running", "succeeded")
            if fit.started_at is not None and single.created_at < fit.started_at < single.started_at
        ]
        assert len(between) <= 1, "each worker ends the fit that it has, and one may just have been taken"
    assert max(hanging) <= WORKERS, "no more bells than workers hang"
    assert fits(service, "vera", "queued"), "the crowd waits all the while"

    for fit in fits(service, "vera", "queued"):
        transitions.request_cancel(service.engine, "vera", fit.id)
    wait_until(lambda: count(service, "running") == 0, 60, "the end of what runs")
    wait_until(lambda: (service.doorbell.waiting("cpu") or 0) == 0, 10, "an empty queue")
    last = service.finished(service.submit(request, owner="jan"), owner="jan")
    assert last.started_at is not None
    assert (last.started_at - last.created_at).total_seconds() < 5.0
    everything = fits(service, "vera", "succeeded", "cancelled") + fits(service, "jan", "succeeded")
    assert len(everything) == crowd + singles + 1, "nothing is lost"
    assert max(fit.attempt for fit in everything) == 1, "or doubled"


@pytest.mark.slow
def test_a_lost_bell_is_rung_again_and_bells_in_vain_cost_no_task(two_workers: Service) -> None:
    service = two_workers
    request = request_of(service, "local")
    started = [worker.starts for worker in (service.worker, service.broker)]
    for _ in range(200):
        service.doorbell._celery.send_task("photfit.run_fit", args=["fit_gone"], queue="cpu")
    wait_until(lambda: service.doorbell.waiting("cpu") == 0, 30, "the end of what rang in vain")
    assert service.finished(service.submit(request)).state == "succeeded"
    assert "received" in (service.folder / "worker.log").read_text()
    assert (service.folder / "worker.log").read_text().count("succeeded in") < 20, "the child had no task of them"
    fit_id = service.submit(request)
    service.wipe_broker()
    assert service.finished(fit_id, 30.0).state == "succeeded"
    assert [worker.starts for worker in (service.worker, service.broker)] == started
