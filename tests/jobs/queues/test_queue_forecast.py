"""Forecasts of queues, played through by hand; and what they are made from, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, update

from jobs.lifecycle import transitions
from jobs.queues import presence, queue_forecast
from jobs.queues.queue_forecast import QueueStanding, Server, WaitingFit, forecast
from jobs.storage.schema import FitRecord
from tests.jobs.conftest import new_fit


def queue(**seconds: float) -> list[WaitingFit]:
    return [WaitingFit(name, length) for name, length in seconds.items()]


def test_one_worker_takes_the_oldest_first() -> None:
    found = forecast([Server(("cpu",), free_at=5.0)], {"cpu": queue(a=10, b=20, c=1)})
    assert found.fits == {"a": QueueStanding(1, 5.0), "b": QueueStanding(2, 15.0), "c": QueueStanding(3, 35.0)}
    assert found.of("newer", "cpu") == QueueStanding(4, 36.0)


def test_whoever_is_free_first_takes_the_next() -> None:
    servers = [Server(("cpu",), free_at=0.0), Server(("cpu",), free_at=4.0)]
    found = forecast(servers, {"cpu": queue(a=10, b=3, c=1)})
    assert [found.fits[name].starts_in for name in "abc"] == [0.0, 4.0, 7.0]


def test_a_worker_takes_its_queues_in_turn() -> None:
    found = forecast([Server(("quick", "cpu"))], {"quick": queue(q1=1, q2=1), "cpu": queue(c1=10, c2=10)})
    assert {name: standing.starts_in for name, standing in found.fits.items()} == {
        "q1": 0.0,
        "c1": 1.0,
        "q2": 11.0,
        "c2": 12.0,
    }


def test_a_queue_that_nobody_serves_has_positions_and_no_times() -> None:
    found = forecast([Server(("cpu",))], {"gpu": queue(a=1, b=1)})
    assert found.fits == {"a": QueueStanding(1, None), "b": QueueStanding(2, None)}
    assert forecast([], {}).of("a", "cpu") == QueueStanding(1, None)


def test_an_empty_queue_starts_when_its_worker_is_free() -> None:
    assert forecast([Server(("cpu",), 2.0)], {"cpu": []}).of("new", "cpu") == QueueStanding(1, 2.0)


def finished(engine: Engine, expected: float, taken: float) -> None:
    """A fit of the queue cpu that has succeeded."""
    record = transitions.create(engine, new_fit(expected_seconds=expected))
    assert record is not None
    claim = transitions.claim(engine, record.id, "worker", None, 30.0)
    assert claim is not None
    assert transitions.finish(engine, claim, "succeeded")
    end = datetime.now(UTC)
    with engine.begin() as connection:
        times = {"started_at": end - timedelta(seconds=taken), "finished_at": end}
        connection.execute(update(FitRecord).where(FitRecord.id == record.id).values(**times))


def test_the_pace_is_what_fits_took_over_what_was_expected(any_engine: Engine) -> None:
    assert queue_forecast.pace(any_engine, "cpu") == 1.0
    for taken in (2.0, 4.0, 60.0):
        finished(any_engine, expected=2.0, taken=taken)
    assert queue_forecast.pace(any_engine, "cpu") == pytest.approx(2.0, rel=1e-3)
    assert queue_forecast.pace(any_engine, "gpu") == 1.0


def test_the_database_tells_who_works_on_what_and_what_waits(any_engine: Engine) -> None:
    finished(any_engine, expected=1.0, taken=3.0)
    presence.report(any_engine, "worker", ["quick", "cpu"], ["cpu"])
    running, first, second = (transitions.create(any_engine, new_fit(expected_seconds=10.0)) for _ in range(3))
    assert running is not None
    assert first is not None
    assert second is not None
    claim = transitions.claim(any_engine, running.id, "worker", None, 30.0)
    assert claim is not None
    found = queue_forecast.forecast_now(any_engine)
    assert [found.fits[fit.id].position for fit in sorted((first, second), key=lambda fit: fit.id)] == [1, 2]
    starts = sorted(standing.starts_in or 0.0 for standing in found.fits.values())
    assert starts == pytest.approx([30.0, 60.0], abs=2.0)
    transitions.record_progress(any_engine, claim, {"eta_seconds": 5.0})
    starts = sorted(standing.starts_in or 0.0 for standing in queue_forecast.forecast_now(any_engine).fits.values())
    assert starts == pytest.approx([5.0, 35.0], abs=1.0)
