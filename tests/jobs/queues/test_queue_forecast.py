"""Forecasts of queues, played through by hand; and what they are made from, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, update

from jobs.lifecycle import transitions
from jobs.queues import presence, queue_forecast
from jobs.queues.queue_forecast import QueueStanding, Server, WaitingFit, forecast
from jobs.queues.turns import PUT_AHEAD, Share
from jobs.storage.schema import FitRecord
from tests.jobs.conftest import claim_fit, new_fit


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


def test_a_worker_takes_what_is_quick_first_and_then_one_of_another_queue() -> None:
    found = forecast([Server(("quick", "cpu"))], {"quick": queue(q1=1, q2=1, q3=1), "cpu": queue(c1=10, c2=10)})
    starts = {name: standing.starts_in for name, standing in found.fits.items()}
    assert starts == {"q1": 0.0, "q2": 1.0, "c1": 2.0, "q3": 12.0, "c2": 13.0}


def of_owner(owner: str, **seconds: float) -> list[WaitingFit]:
    return [WaitingFit(name, length, owner) for name, length in seconds.items()]


def test_turns_go_round_the_owners_whoever_asked_first() -> None:
    waiting = {"cpu": [*of_owner("vera", a=10, b=10, c=10), *of_owner("jan", d=1, e=1)]}
    found = forecast([Server(("cpu",))], waiting)
    assert [name for name, _ in sorted(found.fits.items(), key=lambda item: item[1].position)] == list("adbec")
    assert found.fits["d"] == QueueStanding(2, 10.0)
    assert found.of("new", "cpu", "vera") == QueueStanding(6, 32.0), "his own fits come first"
    assert found.of("new", "cpu", "jan") == QueueStanding(6, 32.0), "at once with vera's third, which is older"
    assert found.of("new", "cpu", "somebody") == QueueStanding(3, 11.0), "a new account joins the round"


def test_an_account_of_twice_the_weight_has_twice_the_turns() -> None:
    waiting = {"cpu": [*of_owner("vera", a=1, b=1, c=1, d=1), *of_owner("jan", e=1, f=1)]}
    found = forecast([Server(("cpu",))], waiting, shares={"vera": Share(weight=2)})
    assert [name for name, _ in sorted(found.fits.items(), key=lambda item: item[1].position)] == list("aebcfd")


def test_a_fit_that_was_put_ahead_starts_first() -> None:
    waiting = {"cpu": [*queue(a=10, b=10), WaitingFit("c", 1.0, priority=PUT_AHEAD)]}
    assert forecast([Server(("cpu",))], waiting).fits["c"] == QueueStanding(1, 0.0)


def test_an_owner_s_limit_of_running_fits_lets_the_others_pass() -> None:
    servers = [Server(("cpu",), 5.0, "vera"), Server(("cpu",))]
    waiting = {"cpu": [*of_owner("vera", a=3, b=3), *of_owner("jan", c=1, d=1)]}
    found = forecast(servers, waiting, shares={"vera": Share(room=0)})
    assert {name: standing.starts_in for name, standing in found.fits.items()} == {"c": 0, "d": 1, "a": 5, "b": 8}


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
    claim = claim_fit(engine, record.id, "worker", None, 30.0)
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
    claim = claim_fit(any_engine, running.id, "worker", None, 30.0)
    assert claim is not None
    found = queue_forecast.forecast_now(any_engine)
    assert [found.fits[fit.id].position for fit in sorted((first, second), key=lambda fit: fit.id)] == [1, 2]
    starts = sorted(standing.starts_in or 0.0 for standing in found.fits.values())
    assert starts == pytest.approx([30.0, 60.0], abs=2.0)
    transitions.record_progress(any_engine, claim, {"eta_seconds": 5.0})
    starts = sorted(standing.starts_in or 0.0 for standing in queue_forecast.forecast_now(any_engine).fits.values())
    assert starts == pytest.approx([5.0, 35.0], abs=1.0)
