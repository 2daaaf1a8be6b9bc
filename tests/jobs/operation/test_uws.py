"""Jobs of the Universal Worker Service in the database."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from jobs.lifecycle import transitions
from jobs.operation import uws
from tests.jobs.conftest import claim_fit, new_fit


def running(engine: Engine, duration: int) -> str:
    """The id of a fit that runs for a job that allows it so many seconds."""
    job = uws.create(engine, "vera", {"images": []}, None)
    fit = transitions.create(engine, new_fit(owner="vera"))
    assert fit is not None
    uws.change(engine, "vera", job.id, execution_duration=duration)
    uws.change(engine, "vera", job.id, fit_id=fit.id)
    assert claim_fit(engine, fit.id, "worker", None, 60) is not None
    return fit.id


def test_fits_that_run_for_longer_than_their_jobs_allow_are_found_until_they_are_cancelled(any_engine: Engine) -> None:
    late, _, _ = running(any_engine, 1), running(any_engine, 0), running(any_engine, 1000)
    with any_engine.begin() as connection:
        connection.exec_driver_sql("update fits set started_at = started_at - 100")
    assert uws.overdue(any_engine) == [("vera", late)]
    transitions.request_cancel(any_engine, "vera", late)
    assert uws.overdue(any_engine) == []


@pytest.mark.parametrize("jump", [7200, -7200])
def test_a_clock_that_jumps_ends_no_fit_and_lets_none_run_for_ever(any_engine: Engine, jump: int) -> None:
    young, old, idle = running(any_engine, 1000), running(any_engine, 50), running(any_engine, 65)
    with any_engine.begin() as connection:  # as workers have said, and as a clock that was put right leaves it
        connection.exec_driver_sql("update fits set elapsed = 60.0")
        connection.exec_driver_sql(f"update fits set started_at = started_at - {jump}")
        connection.exec_driver_sql(f"update fits set lease_until = lease_until - {jump}")
    assert uws.overdue(any_engine) == [("vera", old)]
    with any_engine.begin() as connection:  # ten seconds after its renewal
        connection.exec_driver_sql(f"update fits set lease_until = lease_until + {jump} - 10")
    assert {fit for _, fit in uws.overdue(any_engine)} == {old, idle}
    assert young


def test_a_job_that_has_its_fit_is_changed_no_more(any_engine: Engine) -> None:
    job = uws.create(any_engine, "vera", {"images": []}, "a word")
    assert uws.change(any_engine, "vera", job.id, fit_id="fit_1")
    assert not uws.change(any_engine, "vera", job.id, fit_id="fit_2")
    assert not uws.change(any_engine, "henrietta", job.id, execution_duration=5)


def test_a_job_is_its_owner_s_alone_and_gone_when_its_time_has_come(any_engine: Engine) -> None:
    job = uws.create(any_engine, "vera", {"images": []}, None)
    assert uws.get(any_engine, "henrietta", job.id) is None
    assert [one.record.id for one in uws.list_jobs(any_engine, "vera")] == [job.id]
    uws.set_destruction(any_engine, "vera", job.id, datetime(2020, 1, 1, tzinfo=UTC).timestamp())
    assert uws.get(any_engine, "vera", job.id) is None
    assert uws.list_jobs(any_engine, "vera") == []
    assert uws.drop_destroyed(any_engine) == 1


def test_jobs_that_wait_are_counted_and_few_are_read_where_few_are_asked_for(
    any_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uws, "_PAGE", 3)
    ids = [uws.create(any_engine, "annie", {"n": number}, None).id for number in range(8)][::-1]
    uws.create(any_engine, "henrietta", {}, None)
    assert uws.count_pending(any_engine, "annie") == 8
    assert uws.count_pending(any_engine, "annie", but=ids[0]) == 7
    assert [job.record.id for job in uws.list_jobs(any_engine, "annie")] == ids
    looked: list[str] = []

    def even(job: uws.Job) -> bool:
        looked.append(job.record.id)
        return bool(job.record.request["n"] % 2 == 0)

    assert [job.record.request["n"] for job in uws.list_jobs(any_engine, "annie", even, last=2)] == [6, 4]
    assert len(looked) < 8
