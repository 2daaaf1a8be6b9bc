"""Searches as jobs: whose turn it is, who holds one, what a cancel and a lost lease make of it."""

import pytest
from sqlalchemy import Engine, update

from jobs.lifecycle import searches
from jobs.lifecycle.searches import SearchClaim
from jobs.storage import records
from jobs.storage.schema import SearchRecord

LEASE = 60.0


def ask(engine: Engine, owner: str = "vera", upload: str = "upl_1") -> str:
    return searches.create(engine, owner, upload, {"upload": upload, "options": {}}).id


def take(engine: Engine) -> SearchClaim:
    held = searches.claim(engine, LEASE)
    assert held is not None
    return held


def state(engine: Engine, name: str, owner: str = "vera") -> str:
    record = searches.get_search(engine, owner, name)
    assert record is not None
    return record.state


def lose_the_lease(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(update(SearchRecord).where(SearchRecord.state == "running").values(lease_until=1.0))
    searches.expire(engine)


def test_a_search_is_taken_told_of_and_ends(any_engine: Engine) -> None:
    name = ask(any_engine)
    held = take(any_engine)
    assert (held.search_id, held.attempt, held.request) == (name, 1, {"upload": "upl_1", "options": {}})
    assert searches.claim(any_engine, LEASE) is None
    told = searches.renew(any_engine, held, LEASE, {"step": "measuring", "done": 3, "total": 9})
    assert told is not None
    assert (told.progress, told.version) == ({"step": "measuring", "done": 3, "total": 9}, 3)
    renewed = searches.renew(any_engine, held, LEASE)
    assert renewed is not None
    assert renewed.version == 3, "a renewal alone changes nothing that is seen"
    assert searches.finish(any_engine, held, "succeeded", proposal={"request": {}})
    record = searches.get_search(any_engine, "vera", name)
    assert record is not None
    assert (record.state, record.proposal, record.error) == ("succeeded", {"request": {}}, None)
    assert not searches.finish(any_engine, held, "failed"), "what is final stays"


def test_who_has_fewest_running_comes_first(engine: Engine) -> None:
    first, second, third = ask(engine), ask(engine), ask(engine)
    other = ask(engine, "henrietta")
    assert [take(engine).search_id for _ in range(4)] == [first, other, second, third]


def test_a_waiting_search_is_cancelled_at_once_and_a_running_one_by_who_runs_it(engine: Engine) -> None:
    running = ask(engine)
    held = take(engine)
    waiting = ask(engine)
    assert searches.request_cancel(engine, "henrietta", waiting) is None
    assert searches.request_cancel(engine, "vera", waiting) is not None
    assert searches.request_cancel(engine, "vera", waiting) is None
    assert searches.request_cancel(engine, "vera", running) is not None
    assert (state(engine, waiting), state(engine, running)) == ("cancelled", "running")
    seen = searches.renew(engine, held, LEASE)
    assert seen is not None
    assert seen.cancel_requested_at is not None
    searches.release(engine, held)
    assert state(engine, running) == "cancelled"


def test_a_lost_lease_queues_it_again_and_the_late_answer_is_refused(engine: Engine) -> None:
    name = ask(engine)
    held = take(engine)
    searches.expire(engine)
    assert state(engine, name) == "running"
    lose_the_lease(engine)
    assert state(engine, name) == "queued"
    assert searches.renew(engine, held, LEASE) is None
    again = take(engine)
    assert again.attempt == 2
    assert not searches.finish(engine, held, "succeeded", proposal={})
    assert searches.finish(engine, again, "succeeded", proposal={})


def test_one_that_ends_its_process_each_time_fails_in_words(engine: Engine) -> None:
    name = ask(engine)
    for _ in range(searches.MOST_ATTEMPTS):
        take(engine)
        lose_the_lease(engine)
    record = searches.get_search(engine, "vera", name)
    assert record is not None
    assert record.error is not None
    assert (record.state, "5 times" in record.error["detail"]) == ("failed", True)


def test_lists_are_one_s_own_and_an_upload_is_needed_until_the_end(engine: Engine) -> None:
    name, other = ask(engine), ask(engine, upload="upl_2")
    ask(engine, "henrietta")
    found = searches.list_searches(engine, "vera", limit=1)
    assert ([item.id for item in found.items], found.cursor) == ([other], other)
    assert [item.id for item in searches.list_searches(engine, "vera", limit=9, upload_id="upl_1").items] == [name]
    assert searches.count_open(engine, "vera") == 2
    assert records.unfinished_fit_with(engine, "vera", "upl_1") == name
    held = take(engine)
    assert not searches.remove(engine, "vera", name), "it runs"
    assert searches.finish(engine, held, "failed", error={"detail": "no"})
    assert records.unfinished_fit_with(engine, "vera", "upl_1") is None
    assert searches.remove_old(engine, 1.0) == 0
    with engine.begin() as connection:
        connection.execute(update(SearchRecord).where(SearchRecord.id == name).values(finished_at=1.0))
    assert searches.remove_old(engine, 1.0) == 1
    assert searches.get_search(engine, "vera", name) is None


@pytest.mark.parametrize("owner", ["vera", "henrietta"])
def test_only_the_owner_removes_a_search(engine: Engine, owner: str) -> None:
    name = ask(engine)
    searches.request_cancel(engine, "vera", name)
    assert searches.remove(engine, owner, name) is (owner == "vera")
