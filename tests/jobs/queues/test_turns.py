"""Whose turn it is, on both databases: round the owners, within limits, in one transaction, whatever waits."""

import threading
import time
from itertools import count
from types import SimpleNamespace

import pytest
from sqlalchemy import Engine, insert, select, update

from jobs import ids
from jobs.accounts import accounts
from jobs.lifecycle import transitions
from jobs.lifecycle.transitions import Claim
from jobs.queues import turns
from jobs.queues.turns import QueueRotation
from jobs.storage.schema import FitRecord
from tests.jobs.conftest import new_fit


@pytest.fixture(autouse=True)
def rising_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids sort by their millisecond: a clock that goes on by one each time it is read."""
    milliseconds = count(time.time_ns(), 1_000_000)
    monkeypatch.setattr(ids, "time", SimpleNamespace(time_ns=lambda: next(milliseconds)))


def account(engine: Engine, name: str, *, administrator: bool = False, **columns: int) -> str:
    user = accounts.add_user(engine, name, administrator=administrator)
    assert user is not None
    if columns:
        accounts.change_user(engine, name, **columns)
    return user.id


def submit(engine: Engine, owner: str, number: int = 1, queue: str = "cpu") -> list[str]:
    records = [transitions.create(engine, new_fit(owner=owner, queue=queue)) for _ in range(number)]
    return [record.id for record in records if record is not None]


def take(engine: Engine, *queues: str, most_running: int | None = None) -> Claim | None:
    return transitions.claim_next(engine, queues or ("cpu",), "worker", None, 60.0, most_running)


def owners_of_turns(engine: Engine, number: int) -> list[str]:
    """Whose fits are taken next, each of them ended at once."""
    found = []
    for _ in range(number):
        claim = take(engine)
        assert claim is not None
        assert transitions.finish(engine, claim, "succeeded")
        found.append(claim.owner)
    return found


def test_turns_go_round_the_owners_and_then_by_age(any_engine: Engine) -> None:
    first = submit(any_engine, "vera", 3)
    second = submit(any_engine, "jan", 2)
    taken = [take(any_engine) for _ in range(5)]
    assert [claim and claim.fit_id for claim in taken] == [first[0], second[0], first[1], second[1], first[2]]
    assert take(any_engine) is None


def test_who_comes_when_others_have_had_many_turns_waits_for_none_of_them(any_engine: Engine) -> None:
    submit(any_engine, "vera", 30)
    assert owners_of_turns(any_engine, 20) == ["vera"] * 20
    submit(any_engine, "jan", 3)
    assert owners_of_turns(any_engine, 4) == ["jan", "vera", "jan", "vera"]


def test_who_was_idle_has_saved_up_no_turns(any_engine: Engine) -> None:
    submit(any_engine, "jan")
    submit(any_engine, "vera", 30)
    assert owners_of_turns(any_engine, 20).count("jan") == 1
    submit(any_engine, "jan", 9)
    assert owners_of_turns(any_engine, 8).count("jan") == 4


def test_who_cancelled_all_that_waited_owes_nothing(any_engine: Engine) -> None:
    for fit_id in submit(any_engine, "vera", 20):
        transitions.request_cancel(any_engine, "vera", fit_id)
    submit(any_engine, "jan", 4)
    submit(any_engine, "vera", 1)
    assert "vera" in owners_of_turns(any_engine, 2)


def test_an_account_of_three_times_the_weight_has_three_times_the_turns(any_engine: Engine) -> None:
    vera, jan = account(any_engine, "vera", weight=3), account(any_engine, "jan")
    submit(any_engine, jan, 20)
    submit(any_engine, vera, 20)
    found = owners_of_turns(any_engine, 16)
    assert (found.count(vera), found.count(jan)) == (12, 4)
    assert [found[start : start + 4].count(vera) for start in (0, 4, 8, 12)] == [3, 3, 3, 3]


def test_between_turns_that_are_due_at_once_an_administrator_s_comes_first(any_engine: Engine) -> None:
    vera, admin = account(any_engine, "vera"), account(any_engine, "admin", administrator=True)
    submit(any_engine, vera, 4)
    submit(any_engine, admin, 2)
    assert owners_of_turns(any_engine, 5) == [admin, vera, admin, vera, vera]


def test_a_fit_that_an_administrator_puts_ahead_is_next_and_costs_no_turn(any_engine: Engine) -> None:
    *_, last = submit(any_engine, "vera", 3)
    submit(any_engine, "jan", 1)
    assert turns.put_ahead(any_engine, last)
    claim = take(any_engine)
    assert claim is not None
    assert claim.fit_id == last
    assert not turns.put_ahead(any_engine, last), "it waits no more"
    assert owners_of_turns(any_engine, 3) == ["vera", "jan", "vera"]


def test_a_fit_that_was_given_back_is_next_since_its_turn_is_paid(any_engine: Engine) -> None:
    submit(any_engine, "vera", 1)
    claim = take(any_engine)
    submit(any_engine, "jan", 3)
    assert claim is not None
    assert transitions.release(any_engine, claim)
    assert owners_of_turns(any_engine, 2) == ["vera", "jan"]


def test_a_fit_is_not_taken_before_it_is_due(any_engine: Engine) -> None:
    (first,) = submit(any_engine, "vera")
    claim = take(any_engine)
    assert claim is not None
    transitions.release(any_engine, claim, pause_seconds=600.0)
    (second,) = submit(any_engine, "vera")
    assert turns.queues_with_work(any_engine, ["cpu"]) == ("cpu",)
    taken = take(any_engine)
    assert taken is not None
    assert taken.fit_id == second
    assert take(any_engine) is None
    assert turns.queues_with_work(any_engine, ["cpu"]) == ()
    with any_engine.begin() as connection:
        connection.execute(update(FitRecord).where(FitRecord.id == first).values(due_at=0.0))
    again = take(any_engine)
    assert again is not None
    assert again.fit_id == first


def test_no_more_fits_of_an_owner_run_than_may_and_the_others_pass(any_engine: Engine) -> None:
    submit(any_engine, "vera", 3)
    submit(any_engine, "jan", 1)
    held = take(any_engine, most_running=1)
    assert held is not None
    other = take(any_engine, most_running=1)
    assert other is not None
    assert [held.owner, other.owner] == ["vera", "jan"]
    assert take(any_engine, most_running=1) is None
    assert turns.queues_with_work(any_engine, ["cpu"], most_running=1) == (), "a bell would ring in vain"
    assert transitions.finish(any_engine, held, "succeeded")
    assert turns.queues_with_work(any_engine, ["cpu"], most_running=1) == ("cpu",)
    assert take(any_engine, most_running=1) is not None
    assert take(any_engine) is not None, "without a limit all may run"


def test_an_account_s_own_limit_comes_before_the_service_s(any_engine: Engine) -> None:
    vera = account(any_engine, "vera", running_fits=2)
    submit(any_engine, vera, 3)
    taken = [take(any_engine, most_running=1) for _ in range(3)]
    assert [claim is not None for claim in taken] == [True, True, False]


def test_a_limit_holds_for_what_was_put_ahead(any_engine: Engine) -> None:
    _, second = submit(any_engine, "vera", 2)
    assert take(any_engine, most_running=1) is not None
    turns.put_ahead(any_engine, second)
    assert take(any_engine, most_running=1) is None


def test_the_first_queue_with_work_is_taken_from(any_engine: Engine) -> None:
    submit(any_engine, "vera", 1, "cpu")
    submit(any_engine, "vera", 1, "gpu")
    submit(any_engine, "vera", 1, "quick")
    taken = [take(any_engine, "quick", "cpu") for _ in range(3)]
    assert [claim and claim.queue for claim in taken] == ["quick", "cpu", None]
    assert turns.queues_with_work(any_engine, ["quick", "cpu", "gpu"]) == ("gpu",)


def test_quick_work_is_ahead_and_holds_up_the_rest_for_two_fits_at_most() -> None:
    rotation = QueueRotation(("gpu", "quick", "cpu"))
    seen = []
    for _ in range(7):
        seen.append(rotation.order()[0])
        rotation.took(seen[-1])
    assert seen == ["quick", "quick", "gpu", "quick", "quick", "cpu", "quick"]
    alone = QueueRotation(("quick",))
    for _ in range(5):
        assert alone.order() == ("quick",)
        alone.took("quick")


def test_claims_at_once_take_no_fit_twice_and_keep_every_limit(any_engine: Engine) -> None:
    for owner in ("vera", "jan", "henrietta"):
        submit(any_engine, owner, 20)
    taken: list[str] = []
    most: list[int] = []
    lock, barrier = threading.Lock(), threading.Barrier(6)

    def work() -> None:
        barrier.wait()
        while (claim := take(any_engine, most_running=2)) is not None or len(taken) < 60:
            if claim is None:
                continue
            with any_engine.connect() as connection:
                running = select(FitRecord.id).where(FitRecord.state == "running", FitRecord.owner == claim.owner)
                most.append(len(connection.execute(running).all()))
            with lock:
                taken.append(claim.fit_id)
            assert transitions.finish(any_engine, claim, "succeeded")

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(taken) == len(set(taken)) == 60
    assert max(most) <= 2


def test_a_claim_waits_for_another_that_is_being_made(any_engine: Engine) -> None:
    submit(any_engine, "vera")
    claims: list[Claim | None] = []
    second = threading.Thread(target=lambda: claims.append(take(any_engine)))
    with any_engine.connect() as connection:
        turns.lock_turns(connection)
        second.start()
        second.join(0.5)
        assert second.is_alive()
        connection.rollback()
    second.join(30)
    assert claims
    assert claims[0] is not None


def steps_of_a_claim(engine: Engine) -> int:
    """Instructions of SQLite's machine, in thousands, that one claim takes."""
    counted: list[None] = []
    with engine.connect() as connection:
        driver = connection.connection.dbapi_connection
        assert driver is not None
    driver.set_progress_handler(lambda: counted.append(None), 1000)  # type: ignore[attr-defined]
    assert take(engine, "quick", "cpu") is not None
    driver.set_progress_handler(None, 0)  # type: ignore[attr-defined]
    return len(counted)


def test_a_claim_takes_no_more_steps_where_ten_thousand_wait(engine: Engine) -> None:
    submit(engine, "jan", 3)
    few = steps_of_a_claim(engine)
    (model,) = submit(engine, "vera")
    with engine.begin() as connection:
        row = connection.execute(select(FitRecord.__table__).where(FitRecord.id == model)).mappings().one()
        rows = [{**row, "id": f"fit_{number:05}", "owner": f"owner {number % 7}"} for number in range(10_000)]
        connection.execute(insert(FitRecord.__table__), rows)  # type: ignore[arg-type]
    assert steps_of_a_claim(engine) <= few + 3
