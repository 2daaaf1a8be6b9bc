"""The state machine of a fit, on both databases."""

import json
import threading
from functools import partial

import pytest
from sqlalchemy import Engine, text, update

from fitting.spec import Notice
from jobs.clock import database_now
from jobs.lifecycle import transitions
from jobs.lifecycle.outcomes import out_of_time
from jobs.lifecycle.setbacks import MOST_SETBACKS
from jobs.lifecycle.transitions import Claim, ClaimStanding
from jobs.storage import records
from jobs.storage.records import FitFilter
from jobs.storage.schema import FitRecord
from tests.jobs.conftest import claim_fit, new_fit
from tests.waiting import wait_until


def created(engine: Engine, **changed: object) -> FitRecord:
    record = transitions.create(engine, new_fit(**changed))
    assert record is not None
    return record


def claimed(engine: Engine, fit_id: str, lease: float = 30.0) -> Claim:
    claim = claim_fit(engine, fit_id, "worker", "task", lease)
    assert claim is not None
    return claim


def state_of(engine: Engine, fit_id: str) -> str:
    record = records.get_fit(engine, "local", fit_id)
    assert record is not None
    return record.state


def test_a_fit_runs_from_queued_to_succeeded(any_engine: Engine) -> None:
    fit = created(any_engine)
    claim = claimed(any_engine, fit.id)
    assert transitions.record_progress(any_engine, claim, {"fraction": 0.5})
    assert transitions.finish(any_engine, claim, "succeeded", notices=[Notice("at-limit", "a warning")])
    record = records.get_fit(any_engine, "local", fit.id)
    assert record is not None
    assert (record.state, record.attempt, record.crashes) == ("succeeded", 1, 0)
    assert record.warnings == ["a warning"]
    assert record.started_at is not None
    assert record.finished_at is not None
    assert fit.created_at <= record.started_at <= record.finished_at


def test_a_fit_has_the_notices_of_its_submission_and_of_its_result_each_once(any_engine: Engine) -> None:
    bad = Notice("pixels-not-finite", "3 pixels were masked", "image r")
    away = Notice("no-gpu-worker", "no worker with a GPU is here")
    end = Notice("at-limit", "at a limit: a.n", "parameters a.n")
    fit = created(any_engine, notices=(bad, away))
    assert (fit.notices, fit.warnings) == ((bad, away), [bad.sentence, away.sentence])
    claim = claimed(any_engine, fit.id)
    assert transitions.finish(any_engine, claim, "succeeded", notices=[bad, end])
    record = records.get_fit(any_engine, "local", fit.id)
    assert record is not None
    assert record.notices == (bad, away, end)


def test_rows_from_before_there_were_codes_are_read(any_engine: Engine) -> None:
    fit = created(any_engine)
    with any_engine.begin() as connection:
        connection.execute(text("update fits set warnings = :old"), {"old": json.dumps(["an old warning"])})
    record = records.get_fit(any_engine, "local", fit.id)
    assert record is not None
    assert record.warnings == ["an old warning"]
    assert [notice.code for notice in record.notices] == ["uncoded"]


def test_a_running_fit_says_where_it_runs(any_engine: Engine) -> None:
    fit = created(any_engine)
    assert fit.device != "cuda"
    transitions.record_device(any_engine, claimed(any_engine, fit.id), "cuda")
    record = records.get_fit(any_engine, "local", fit.id)
    assert record is not None
    assert record.device == "cuda"


def test_a_fit_is_claimed_by_one_of_many_at_once(any_engine: Engine) -> None:
    created(any_engine)
    claims: list[Claim | None] = []
    barrier = threading.Barrier(8)

    def take(worker: str) -> None:
        barrier.wait()
        claims.append(transitions.claim_next(any_engine, ["cpu"], worker, None, 30.0))

    threads = [threading.Thread(target=take, args=(f"w{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(claim is not None for claim in claims) == 1


def test_a_fit_whose_lease_ran_out_is_queued_again_and_its_late_holder_is_refused(any_engine: Engine) -> None:
    fit = created(any_engine)
    late = claimed(any_engine, fit.id, lease=-1.0)
    assert [(record.id, record.state) for record in transitions.expire(any_engine, 3)] == [(fit.id, "queued")]
    second = claimed(any_engine, fit.id)
    assert second.attempt == 2
    assert not transitions.finish(any_engine, late, "succeeded")
    assert not transitions.record_progress(any_engine, late, {})
    assert transitions.renew(any_engine, late, 30.0) == ClaimStanding(held=False, cancel_requested=False)
    assert transitions.finish(any_engine, second, "succeeded")


def test_a_renewed_lease_does_not_run_out(any_engine: Engine) -> None:
    fit = created(any_engine)
    claim = claimed(any_engine, fit.id, lease=-1.0)
    assert transitions.renew(any_engine, claim, 30.0).held
    assert transitions.expire(any_engine, 3) == []
    assert state_of(any_engine, fit.id) == "running"


def test_a_fit_that_kills_its_process_three_times_fails_with_what_is_known(any_engine: Engine) -> None:
    fit = created(any_engine)
    died = partial(transitions.bury, any_engine, "worker", "task", "was ended by SIGKILL", blamed=True, max_crashes=3)
    for expected in ("queued", "queued", "failed"):
        claimed(any_engine, fit.id)
        record = died()
        assert record is not None
        assert record.state == expected
    record = records.get_fit(any_engine, "local", fit.id)
    assert record is not None
    assert (record.state, record.crashes) == ("failed", 3)
    assert record.error is not None
    assert "3 processes died while they ran this fit. The last one was ended by SIGKILL." in record.error["detail"]
    assert died() is None


def test_what_nobody_saw_is_held_against_no_fit(any_engine: Engine) -> None:
    fit = created(any_engine)
    for _ in range(5):
        claimed(any_engine, fit.id, lease=-1.0)
        assert [record.state for record in transitions.expire(any_engine, MOST_SETBACKS)] == ["queued"]
        claimed(any_engine, fit.id)
        record = transitions.bury(any_engine, "worker", "task", "was ended by SIGTERM", blamed=False, max_crashes=1)
        assert record is not None
        assert transitions.release(any_engine, claimed(any_engine, fit.id))
    record = records.get_fit(any_engine, "local", fit.id)
    assert record is not None
    assert (record.state, record.crashes, record.setbacks) == ("queued", 0, 15)


def test_a_fit_whose_attempts_all_come_to_nothing_waits_ever_longer_and_fails_with_what_is_known(
    any_engine: Engine,
) -> None:
    fit = created(any_engine)
    waits = []
    for _ in range(MOST_SETBACKS):
        claimed(any_engine, fit.id, lease=-1.0)
        (record,) = transitions.expire(any_engine, MOST_SETBACKS)
        waits.append(record.due_at)
    assert waits[:3] == [None, None, None]
    times = [due for due in waits[3:-1] if due is not None]
    assert len(times) == MOST_SETBACKS - 4
    assert sorted(times) == times
    assert record.state == "failed"
    assert record.error is not None
    assert "nobody saw why" in record.error["detail"]


def test_a_fit_that_gets_further_starts_all_counts_anew(any_engine: Engine) -> None:
    fit = created(any_engine)
    claimed(any_engine, fit.id, lease=-1.0)
    transitions.expire(any_engine, MOST_SETBACKS)
    claimed(any_engine, fit.id)
    transitions.bury(any_engine, "worker", "task", "ended with exit code 1", blamed=True, max_crashes=3)
    transitions.release(any_engine, claimed(any_engine, fit.id), trouble=True)
    claim = claimed(any_engine, fit.id)
    assert (claim.crashes, claim.setbacks, claim.troubles) == (1, 1, 1)
    transitions.record_advance(any_engine, claim)
    transitions.release(any_engine, claim)
    again = claimed(any_engine, fit.id)
    assert (again.crashes, again.setbacks, again.troubles) == (0, 1, 0)


def test_a_lease_further_ahead_than_it_is_long_does_not_hold(any_engine: Engine) -> None:
    wrong, right = created(any_engine), created(any_engine)
    claim = claimed(any_engine, wrong.id, lease=0.2)
    claimed(any_engine, right.id, lease=7200.0)
    set_columns(any_engine, wrong.id, lease_until=database_now() + 7200.0)
    transitions.spare(any_engine, 0.2, 30.0, all_leases=False)
    expired = wait_until(lambda: transitions.expire(any_engine, 3), 5.0, "the end of the lease")
    assert [record.id for record in expired] == [wrong.id]
    assert not transitions.renew(any_engine, claim, 30.0).held


def test_a_fit_that_is_due_further_ahead_than_any_pause_is_due(any_engine: Engine) -> None:
    soon, wrong = created(any_engine), created(any_engine)
    set_columns(any_engine, soon.id, due_at=database_now() + 300.0)
    set_columns(any_engine, wrong.id, due_at=database_now() + 7200.0)
    taken = transitions.claim_next(any_engine, ["cpu"], "worker", None, 30.0)
    assert taken is not None
    assert taken.fit_id == wrong.id
    assert transitions.claim_next(any_engine, ["cpu"], "worker", None, 30.0) is None


def test_a_clock_that_jumps_ends_no_fits_time(any_engine: Engine) -> None:
    record = transitions.create(any_engine, new_fit(time_limit=100.0))
    assert record is not None
    claim = claimed(any_engine, record.id)
    transitions.renew(any_engine, claim, 30.0, elapsed=10.0)
    set_columns(any_engine, record.id, started_at=database_now() - 7200.0)
    assert transitions.fail_overdue(any_engine, 1.0, out_of_time()) == []
    transitions.renew(any_engine, claim, 30.0, elapsed=101.0)
    assert [late.id for late in transitions.fail_overdue(any_engine, 1.0, out_of_time())] == [record.id]


def set_columns(engine: Engine, fit_id: str, **values: object) -> None:
    with engine.begin() as connection:
        connection.execute(update(FitRecord).where(FitRecord.id == fit_id).values(values))


def test_a_released_fit_is_queued_again_and_no_crash_is_counted(any_engine: Engine) -> None:
    fit = created(any_engine)
    assert transitions.release(any_engine, claimed(any_engine, fit.id))
    record = records.get_fit(any_engine, "local", fit.id)
    assert record is not None
    assert (record.state, record.crashes, record.worker) == ("queued", 0, None)
    assert claimed(any_engine, fit.id).attempt == 2


def test_cancelling_a_queued_fit_ends_it_at_once(any_engine: Engine) -> None:
    fit = created(any_engine)
    record = transitions.request_cancel(any_engine, "local", fit.id)
    assert record is not None
    assert record.state == "cancelled"
    assert claim_fit(any_engine, fit.id, "worker", None, 30.0) is None
    assert transitions.request_cancel(any_engine, "local", fit.id) is None


def test_cancelling_a_running_fit_asks_its_holder(any_engine: Engine) -> None:
    fit = created(any_engine)
    claim = claimed(any_engine, fit.id)
    assert transitions.request_cancel(any_engine, "local", fit.id) is not None
    assert transitions.renew(any_engine, claim, 30.0) == ClaimStanding(held=True, cancel_requested=True)
    assert transitions.cancel_overdue(any_engine, 60.0) == []
    assert [record.id for record in transitions.cancel_overdue(any_engine, -1.0)] == [fit.id]
    assert not transitions.finish(any_engine, claim, "succeeded")
    assert state_of(any_engine, fit.id) == "cancelled"


@pytest.mark.parametrize("ending", ["release", "expire"])
def test_a_fit_that_is_being_cancelled_is_never_queued_again(any_engine: Engine, ending: str) -> None:
    fit = created(any_engine)
    claim = claimed(any_engine, fit.id, lease=-1.0)
    transitions.request_cancel(any_engine, "local", fit.id)
    if ending == "release":
        transitions.release(any_engine, claim)
    else:
        assert [record.state for record in transitions.expire(any_engine, 3)] == ["cancelled"]
    assert state_of(any_engine, fit.id) == "cancelled"


def test_another_owner_can_neither_see_nor_cancel_nor_remove_a_fit(any_engine: Engine) -> None:
    fit = created(any_engine)
    assert records.get_fit(any_engine, "other", fit.id) is None
    assert transitions.request_cancel(any_engine, "other", fit.id) is None
    transitions.request_cancel(any_engine, "local", fit.id)
    assert not transitions.remove(any_engine, "other", fit.id)
    assert transitions.remove(any_engine, "local", fit.id)


def test_only_a_final_fit_can_be_removed(any_engine: Engine) -> None:
    fit = created(any_engine)
    assert not transitions.remove(any_engine, "local", fit.id)
    claim = claimed(any_engine, fit.id)
    assert not transitions.remove(any_engine, "local", fit.id)
    transitions.finish(any_engine, claim, "failed", error={"title": "x"})
    assert transitions.remove(any_engine, "local", fit.id)


def test_an_idempotency_key_makes_one_fit_for_an_owner(any_engine: Engine) -> None:
    first = created(any_engine, idempotency_key="key")
    assert transitions.create(any_engine, new_fit(idempotency_key="key")) is None
    assert transitions.create(any_engine, new_fit(idempotency_key="key", owner="other")) is not None
    found = records.find_by_key(any_engine, "local", "key")
    assert found is not None
    assert found.id == first.id
    assert created(any_engine).id != created(any_engine).id


def test_pages_hold_every_fit_once_newest_first(any_engine: Engine) -> None:
    made = {created(any_engine, name=f"fit {number % 2}").id for number in range(7)}
    seen: list[str] = []
    cursor = None
    while True:
        page = records.list_fits(any_engine, "local", limit=3, cursor=cursor)
        seen += [record.id for record in page.items]
        cursor = page.cursor
        if cursor is None:
            break
    assert set(seen) == made
    assert seen == sorted(seen, reverse=True)
    assert len(records.list_fits(any_engine, "local", limit=10, wanted=FitFilter(name="fit 1")).items) == 3
    assert records.list_fits(any_engine, "local", limit=10, wanted=FitFilter(frozenset({"running"}))).items == ()


def test_a_request_comes_back_as_it_was(any_engine: Engine) -> None:
    request = {"name": "χ² ± σ", "images": [{"data": {"upload": "upl_1", "hdu": "DATA"}}], "seed": 2**62}
    fit = created(any_engine, request=request)
    assert claimed(any_engine, fit.id).request == request


def test_an_unfinished_fit_is_found_by_the_upload_that_it_names(any_engine: Engine) -> None:
    fit = created(any_engine, request={"images": [{"data": {"upload": "upl_1x", "hdu": 0}}]})
    assert records.unfinished_fit_with(any_engine, "local", "upl_1x") == fit.id
    assert records.unfinished_fit_with(any_engine, "local", "upl_2") is None
    assert records.unfinished_fit_with(any_engine, "local", "upl_%") is None
    assert records.unfinished_fit_with(any_engine, "other", "upl_1x") is None
    transitions.request_cancel(any_engine, "local", fit.id)
    assert records.unfinished_fit_with(any_engine, "local", "upl_1x") is None


def test_a_fit_that_does_not_heed_its_time_is_failed_by_the_reconciler(any_engine: Engine) -> None:
    made = [transitions.create(any_engine, new_fit(time_limit=limit)) for limit in (0.01, 60.0, None)]
    for record in made:
        assert record is not None
        assert claim_fit(any_engine, record.id, "worker", "task", 30.0) is not None
    assert transitions.fail_overdue(any_engine, 10.0, out_of_time()) == []
    (failed,) = wait_until(
        lambda: transitions.fail_overdue(any_engine, 0.0, out_of_time()), 10.0, "the end of its time"
    )
    assert made[0] is not None
    assert (failed.id, failed.state, failed.error) == (made[0].id, "failed", out_of_time())


def test_a_fit_that_heeds_its_time_may_take_some_more_to_end(any_engine: Engine) -> None:
    claim = claimed(any_engine, created(any_engine, time_limit=0.0).id)
    transitions.allow_more_time(any_engine, claim, 60.0)
    assert transitions.fail_overdue(any_engine, 0.0, out_of_time()) == []
    assert transitions.finish(any_engine, claim, "failed", error=out_of_time("something"))
