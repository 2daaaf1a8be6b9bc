"""Which workers count, when names come back, children are silent and clocks were wrong."""

from sqlalchemy import Engine, update

from jobs.clock import database_now
from jobs.lifecycle import transitions
from jobs.queues import presence
from jobs.storage.schema import WorkerRecord
from tests.jobs.conftest import claim_fit, new_fit


def names(engine: Engine) -> list[str]:
    return [record.id for record in presence.alive(engine)]


def report(engine: Engine, incarnation: str | None = None) -> None:
    presence.report(engine, "box:1", ["cpu"], ["cpu"], incarnation)


def test_a_name_that_returns_was_not_told_to_stop(any_engine: Engine) -> None:
    report(any_engine, "first")
    presence.mark_stopping(any_engine, "box:1", "first")
    assert presence.is_stopping(any_engine, "box:1", "first")
    assert names(any_engine) == []
    report(any_engine, "second")
    assert not presence.is_stopping(any_engine, "box:1", "second")
    assert names(any_engine) == ["box:1"]


def test_a_report_takes_back_no_stop_of_the_same_worker(any_engine: Engine) -> None:
    report(any_engine, "first")
    presence.mark_stopping(any_engine, "box:1", "first")
    report(any_engine, "first")
    assert presence.is_stopping(any_engine, "box:1", "first")


def test_an_earlier_one_of_the_name_neither_stops_nor_withdraws_the_later(any_engine: Engine) -> None:
    report(any_engine, "first")
    report(any_engine, "second")
    presence.mark_stopping(any_engine, "box:1", "first")
    presence.withdraw(any_engine, "box:1", "first")
    assert not presence.is_stopping(any_engine, "box:1", "second")
    assert names(any_engine) == ["box:1"]


def test_a_worker_whose_child_is_silent_does_not_count_and_is_missed(any_engine: Engine) -> None:
    report(any_engine)
    fit = transitions.create(any_engine, new_fit())
    assert fit is not None
    assert claim_fit(any_engine, fit.id, "box:1", None, -1.0) is not None
    assert names(any_engine) == []
    assert [worker.id for worker in presence.missing(any_engine)] == ["box:1"]
    transitions.expire(any_engine, 20)
    assert names(any_engine) == ["box:1"]
    assert presence.missing(any_engine) == []


def test_a_report_from_the_future_does_not_count(any_engine: Engine) -> None:
    report(any_engine)
    with any_engine.begin() as connection:
        connection.execute(update(WorkerRecord).values(last_seen=database_now() + 7200.0))
    assert names(any_engine) == []
    presence.forget_silent(any_engine)
    assert presence.missing(any_engine) == []
