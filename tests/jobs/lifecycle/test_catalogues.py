"""A catalogue's life: every row in one part at a time, whatever becomes of those, and turns as fits have them."""

from __future__ import annotations

import time
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, update
from sqlalchemy.orm import Session

from jobs.lifecycle import catalogues, transitions
from jobs.lifecycle.catalogues import NewCatalogue
from jobs.lifecycle.outcomes import problem
from jobs.lifecycle.transitions import Claim
from jobs.storage import records
from jobs.storage.schema import CatalogueRecord, FitRecord, PartRecord
from tests.jobs.conftest import new_fit


def ask(engine: Engine, rows: int = 200, owner: str = "local", **more: Any) -> str:
    """Id of a new catalogue of so many rows, each expected to take 0.3 s: 50 to a part."""
    values: dict[str, Any] = {"name": "", "request": {}, "queue": "cpu", "device": "cpu", "row_seconds": 0.3}
    new = NewCatalogue(owner=owner, rows=rows, parameters=[], body_hash="0" * 64, **(values | more))
    record = catalogues.create(engine, new, catalogues.new_catalogue_id())
    assert record is not None
    catalogues.settle(engine, record.id)
    return record.id


def take(engine: Engine, task: str | None = None) -> Claim:
    claim = transitions.claim_next(engine, ["cpu"], "worker", task, 60.0)
    assert claim is not None
    if claim.catalogue_id is not None:
        catalogues.settle(engine, claim.catalogue_id)
    return claim


def done(engine: Engine, claim: Claim, *, failed: int = 0, row_seconds: float = 0.3) -> None:
    """End a part as a worker does."""
    part = catalogues.part_of(engine, claim.fit_id)
    assert part is not None
    rows = part.stop - part.start
    counts = {"fitted": rows - failed, "failed": failed, "flagged": failed}
    catalogues.record_rows(engine, part.id, counts, rows * row_seconds, "")
    assert transitions.finish(engine, claim, "succeeded")
    assert claim.catalogue_id is not None
    catalogues.settle(engine, claim.catalogue_id)


def state(engine: Engine, catalogue_id: str) -> CatalogueRecord:
    record = catalogues.get_catalogue(engine, "local", catalogue_id)
    assert record is not None
    return record


def test_every_row_is_in_one_part_and_then_it_has_succeeded(engine: Engine) -> None:
    name = ask(engine, 1003)
    assert state(engine, name).state == "queued"
    seen: list[int] = []
    while state(engine, name).state not in ("succeeded", "failed"):
        claim = take(engine)
        part = catalogues.part_of(engine, claim.fit_id)
        assert part is not None
        seen += range(part.start, part.stop)
        assert state(engine, name).state == "running"
        done(engine, claim, failed=1)
    assert seen == list(range(1003))
    assert state(engine, name).state == "succeeded"
    counts = catalogues.count_rows(engine, state(engine, name))
    assert (counts.total, counts.waiting, counts.running) == (1003, 0, 0)
    assert counts.fitted + counts.failed == 1003
    files = catalogues.finished_parts(engine, name)
    assert [file.start for file in files] == sorted({file.start for file in files})


def test_few_parts_wait_at_a_time_however_many_rows_there_are(engine: Engine) -> None:
    ask(engine, 10_000_000)
    with engine.connect() as connection:
        waiting = connection.scalars(select(FitRecord.id).where(FitRecord.state == "queued")).all()
    assert len(waiting) <= 3


def test_parts_are_sized_by_what_a_row_has_taken(engine: Engine) -> None:
    name = ask(engine, 100_000)
    sizes = []
    for _ in range(6):
        claim = take(engine)
        part = catalogues.part_of(engine, claim.fit_id)
        assert part is not None
        sizes.append(part.stop - part.start)
        done(engine, claim, row_seconds=0.01)
    assert sizes[0] == 50
    assert sizes[-1] == 1500
    assert state(engine, name).state == "running"


def test_a_fit_of_the_same_owner_and_of_another_waits_for_few_parts(engine: Engine) -> None:
    ask(engine, 100_000)
    own, other = (transitions.create(engine, new_fit(owner=owner)) for owner in ("local", "vera"))
    assert own is not None
    assert other is not None
    order = []
    for _ in range(8):
        claim = take(engine)
        order.append(claim.fit_id)
        if claim.catalogue_id is not None:
            done(engine, claim)
    assert order.index(other.id) <= 1
    assert order.index(own.id) <= 4


def test_parts_are_no_fits_to_their_owner(engine: Engine) -> None:
    ask(engine)
    claim = take(engine)
    assert records.get_fit(engine, "local", claim.fit_id) is None
    assert records.list_fits(engine, "local", limit=10).items == ()


@pytest.mark.parametrize("poison", [0, pytest.param(13, marks=pytest.mark.slow), 49])
def test_a_row_that_kills_its_worker_is_found_by_halving(engine: Engine, poison: int) -> None:
    name = ask(engine, 50)
    deaths = 0
    while state(engine, name).state not in ("succeeded", "failed"):
        claim = take(engine, f"task-{deaths}")
        part = catalogues.part_of(engine, claim.fit_id)
        assert part is not None
        if part.start <= poison < part.stop:
            transitions.bury(engine, "worker", f"task-{deaths}", "was ended by SIGKILL", blamed=True, max_crashes=3)
            catalogues.settle(engine, name)
            deaths += 1
        else:
            done(engine, claim)
    assert deaths <= 8, "two of the whole, and one of each half"
    counts = catalogues.count_rows(engine, state(engine, name))
    assert (counts.fitted, counts.failed, counts.waiting) == (49, 1, 0)
    (given_up,) = (file for file in catalogues.finished_parts(engine, name) if file.key is None)
    assert (given_up.start, given_up.stop) == (poison, poison + 1)


def test_a_part_that_fails_by_a_fault_of_ours_is_halved_too(engine: Engine) -> None:
    name = ask(engine, 2)
    claim = take(engine)
    assert transitions.finish(engine, claim, "failed", error=problem("The fit failed unexpectedly", "number 7"))
    catalogues.settle(engine, name)
    starts = set()
    for _ in range(2):
        claim = take(engine)
        part = catalogues.part_of(engine, claim.fit_id)
        assert part is not None
        starts.add(part.start)
        done(engine, claim)
    assert starts == {0, 1}
    assert state(engine, name).state == "succeeded"


def test_what_all_parts_need_and_is_gone_ends_the_catalogue(engine: Engine) -> None:
    name = ask(engine, 1000)
    claim = take(engine)
    assert transitions.finish(engine, claim, "failed", error=problem("An upload is gone", "upl_1", 422))
    catalogues.settle(engine, name)
    record = state(engine, name)
    assert record.state == "failed"
    assert record.error is not None
    assert record.error["title"] == "An upload is gone"
    assert transitions.claim_next(engine, ["cpu"], "worker", None, 60.0) is None


def test_a_cancelled_catalogue_ends_when_its_last_part_has(engine: Engine) -> None:
    name = ask(engine, 1000)
    first, second = take(engine), take(engine)
    done(engine, first)
    catalogues.request_cancel(engine, "local", name)
    assert state(engine, name).state == "running"
    assert transitions.renew(engine, second, 60.0).cancel_requested
    assert transitions.finish(engine, second, "cancelled")
    catalogues.settle(engine, name)
    assert state(engine, name).state == "cancelled"
    assert catalogues.count_rows(engine, state(engine, name)).fitted == 50
    assert catalogues.request_cancel(engine, "local", name) is None


def test_a_lost_settle_is_made_good_by_the_next(engine: Engine) -> None:
    name = ask(engine, 60)
    claim = transitions.claim_next(engine, ["cpu"], "worker", None, 60.0)
    assert claim is not None
    assert transitions.finish(engine, claim, "succeeded")
    assert state(engine, name).state == "queued", "nobody has looked"
    catalogues.settle(engine, name)
    version = state(engine, name).version
    catalogues.settle(engine, name)
    assert state(engine, name).version == version, "nothing changed"
    second = take(engine)
    done(engine, second)
    assert state(engine, name).state == "succeeded"


def test_some_rows_are_fitted_again(engine: Engine) -> None:
    name = ask(engine, 100)
    while state(engine, name).state != "succeeded":
        done(engine, take(engine), failed=2)
    first, second = catalogues.finished_parts(engine, name)
    assert catalogues.retry(engine, "local", name, {second.id: [60, 61]}, {"seed": 2})
    assert state(engine, name).state == "running"
    assert catalogues.count_rows(engine, state(engine, name)).waiting == 50
    claim = take(engine)
    part = catalogues.part_of(engine, claim.fit_id)
    assert part is not None
    assert (part.start, part.stop, part.numbers, part.previous, part.retry) == (50, 100, [60, 61], second.id, 1)
    done(engine, claim)
    record = state(engine, name)
    assert record.state == "succeeded"
    counts = catalogues.count_rows(engine, record)
    assert (counts.fitted, counts.failed) == (98, 2), "the first part's two have failed, the second's none any more"
    assert [file.id for file in catalogues.finished_parts(engine, name)] == [first.id, second.id, claim.fit_id]


def test_it_goes_with_all_of_its_parts(engine: Engine) -> None:
    name = ask(engine, 10)
    assert catalogues.remove(engine, "local", name) is None
    done(engine, take(engine))
    assert catalogues.remove(engine, "vera", name) is None
    assert len(catalogues.remove(engine, "local", name) or ()) == 1
    with Session(engine) as session:
        assert session.scalars(select(FitRecord)).all() == []


def test_an_idempotency_key_gives_one(engine: Engine) -> None:
    ask(engine, idempotency_key="k")
    new = NewCatalogue("local", "", {}, "cpu", "cpu", 3, 1.0, [], "0" * 64, idempotency_key="k")
    assert catalogues.create(engine, new, "cat_2") is None


def test_an_expired_lease_costs_the_part_in_hand_alone(engine: Engine) -> None:
    name = ask(engine, 100)
    claim = take(engine)
    with engine.begin() as connection:
        connection.execute(update(FitRecord).where(FitRecord.id == claim.fit_id).values(lease_until=0.0))
    transitions.expire(engine, 20)
    catalogues.settle(engine, name)
    seen = []
    with engine.begin() as connection:
        connection.execute(update(FitRecord).values(due_at=None))
    while state(engine, name).state != "succeeded":
        claim = take(engine)
        part = catalogues.part_of(engine, claim.fit_id)
        assert part is not None
        seen += range(part.start, part.stop)
        done(engine, claim)
    assert sorted(seen) == list(range(100))


def test_thousands_of_parts_hold_up_nobody(engine: Engine) -> None:
    """Everybody's next turn waits for a catalogue to be settled, and every look at one counts its rows."""
    name = ask(engine, 300_000)
    claim = take(engine)
    done(engine, claim)
    with Session(engine) as session, session.begin():
        (fit,) = session.execute(select(FitRecord.__table__).where(FitRecord.id == claim.fit_id)).mappings()
        (part,) = session.execute(select(PartRecord.__table__).where(PartRecord.id == claim.fit_id)).mappings()
        more = range(1000, 6000)
        session.execute(insert(FitRecord.__table__), [dict(fit) | {"id": f"fit_{number}"} for number in more])
        places = [{"id": f"fit_{number}", "start": number, "stop": number + 1} for number in more]
        session.execute(insert(PartRecord.__table__), [dict(part) | place for place in places])
    began = time.monotonic()
    catalogues.settle(engine, name, changed=True)
    counts = catalogues.count_rows(engine, state(engine, name))
    assert time.monotonic() - began < 1.5
    assert counts.fitted == 5001 * 50
