"""`/readyz` on workers: none yet, some, silent ones, one that came back."""

from collections.abc import Iterator

import pytest
from sqlalchemy import delete, update

from jobs.queues import presence
from jobs.storage.schema import WorkerRecord
from tests.app.in_process import InProcess


@pytest.fixture
def workers(running: InProcess) -> Iterator[InProcess]:
    def forget() -> None:
        with running.services.engine.begin() as connection:
            connection.execute(delete(WorkerRecord))

    forget()
    yield running
    forget()


def silence(running: InProcess, worker: str, seconds: float) -> None:
    """Let a worker's last report be so old."""
    with running.services.engine.begin() as connection:
        told = update(WorkerRecord).where(WorkerRecord.id == worker)
        connection.execute(told.values(last_seen=WorkerRecord.last_seen - seconds))


def answer(running: InProcess) -> tuple[int, str | None]:
    got = running.client.get("/readyz")
    return got.status_code, got.json()["checks"]["workers"].get("detail")


def test_a_worker_that_falls_silent_is_missed_until_another_serves_its_queues(workers: InProcess) -> None:
    engine = workers.services.engine
    assert answer(workers) == (200, "No worker has reported itself: fits wait until one does.")
    presence.report(engine, "box:1", ["quick", "cpu"], ["cpu"], "first")
    assert answer(workers) == (200, None)
    silence(workers, "box:1", 20.0)
    status, detail = answer(workers)
    assert (status, detail) == (503, "No worker serves cpu, quick: nothing was heard of box:1 any more.")
    presence.report(engine, "box:2", ["quick"], ["cpu"], "other")
    assert answer(workers) == (503, "No worker serves cpu: nothing was heard of box:1 any more.")
    presence.report(engine, "box:3", ["cpu"], ["cpu"], "other")
    assert answer(workers) == (200, "Nothing was heard of box:1 any more; others serve its queues.")


def test_a_name_that_returns_is_a_worker_again(workers: InProcess) -> None:
    engine = workers.services.engine
    presence.report(engine, "box:1", ["cpu"], ["cpu"], "first")
    presence.mark_stopping(engine, "box:1", "first")
    silence(workers, "box:1", 20.0)
    presence.report(engine, "box:1", ["cpu"], ["cpu"], "second")
    assert answer(workers) == (200, None)
    assert not presence.is_stopping(engine, "box:1", "second")


def test_workers_that_ended_in_good_order_are_not_missed(workers: InProcess) -> None:
    engine = workers.services.engine
    presence.report(engine, "box:1", ["cpu"], ["cpu"], "first")
    presence.withdraw(engine, "box:1", "first")
    assert answer(workers)[0] == 200


def test_who_is_silent_for_long_is_not_missed_for_ever(workers: InProcess) -> None:
    presence.report(workers.services.engine, "box:1", ["gpu"], ["cuda"], "first")
    silence(workers, "box:1", presence.MISSED_SECONDS + 1.0)
    assert answer(workers)[0] == 200
