"""Whatever owners, workers and administrators do in whatever order: nobody waits more turns than the policy allows,
nothing is lost or taken twice, and the forecast tells the order that comes.
"""

import shutil
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from jobs.accounts import accounts
from jobs.lifecycle import transitions
from jobs.lifecycle.transitions import Claim
from jobs.queues import presence, queue_forecast, turns
from jobs.queues.turns import QueueRotation
from jobs.settings import Settings
from jobs.storage.database import connect
from jobs.storage.schema import FitRecord
from tests.jobs.conftest import new_fit
from tests.jobs.lifecycle.test_state_machine import migrated

NAMES = ("vera", "jan", "henrietta", "admin")
SERVED = (("quick", "cpu"), ("cpu",), ("quick",))


class Turns(RuleBasedStateMachine):
    """Owners of random weights and limits submit and cancel; workers take, end, give back and die."""

    @initialize(
        weights=st.lists(st.sampled_from([1, 2, 3, 5]), min_size=4, max_size=4), limit=st.sampled_from([0, 1, 2])
    )
    def begin(self, weights: list[int], limit: int) -> None:
        self.folder = tempfile.TemporaryDirectory()
        shutil.copytree(migrated(), self.folder.name, dirs_exist_ok=True)
        self.engine = connect(Settings(data_dir=Path(self.folder.name)))
        self.weights: dict[str, int] = {}
        self.limits: dict[str, int] = {}
        for name, weight in zip(NAMES, weights, strict=True):
            user = accounts.add_user(self.engine, name, administrator=name == "admin")
            assert user is not None
            accounts.change_user(self.engine, name, weight=weight)
            self.weights[user.id] = weight
        self.owners = list(self.weights)
        if limit:
            accounts.change_user(self.engine, "vera", running_fits=limit)
            self.limits[self.owners[0]] = limit
        self.held: list[Claim] = []
        self.ended: Counter[str] = Counter()
        self.submitted: set[str] = set()
        self.turns_since: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)

    def rows(self, state: str) -> list[Any]:
        columns = (FitRecord.id, FitRecord.owner, FitRecord.queue, FitRecord.priority)
        with self.engine.connect() as connection:
            return list(connection.execute(select(*columns).where(FitRecord.state == state).order_by(FitRecord.id)))

    def with_room(self) -> set[str]:
        running = Counter(row.owner for row in self.rows("running"))
        return {owner for owner in self.owners if running[owner] < self.limits.get(owner, 10_000)}

    @rule(place=st.integers(0, 3), number=st.integers(1, 6), queue=st.sampled_from(["cpu", "cpu", "quick"]))
    def submit(self, place: int, number: int, queue: str) -> None:
        for _ in range(number):
            record = transitions.create(
                self.engine, new_fit(owner=self.owners[place], queue=queue, expected_seconds=1.0)
            )
            assert record is not None
            self.submitted.add(record.id)

    @rule(served=st.sampled_from(SERVED), lease=st.sampled_from([60.0, 60.0, 60.0, -1.0]))
    def take(self, served: tuple[str, ...], lease: float) -> None:
        waiting, roomy = self.rows("queued"), self.with_room()
        may = [row for row in waiting if row.owner in roomy and row.queue in served]
        assert bool(may) == bool(turns.queues_with_work(self.engine, served))
        claim = transitions.claim_next(self.engine, served, "worker", None, lease)
        assert (claim is None) == (not may)
        if claim is None:
            return
        assert claim.owner in roomy
        in_queue = [row for row in may if row.queue == claim.queue]
        first = next(queue for queue in served if any(row.queue == queue for row in may))
        assert claim.queue == first
        taken = next(row for row in in_queue if row.id == claim.fit_id)
        assert taken.priority == max(row.priority for row in in_queue) or taken.priority == 0 == max(
            row.priority for row in in_queue
        )
        if taken.priority == 0:
            assert taken.id == min(row.id for row in in_queue if row.owner == claim.owner)
            self.note_turn(claim, {row.owner for row in in_queue})
        self.held.append(claim)

    def note_turn(self, claim: Claim, waits: set[str]) -> None:
        """Count turns for each owner who has waited all the while, his own and those of others."""
        for owner in self.owners:
            since = self.turns_since[claim.queue, owner]
            if owner not in waits:
                since.clear()
                continue
            since[claim.owner] += 1
            if owner != claim.owner:
                most = (since[owner] + 1) * self.weights[claim.owner] // self.weights[owner] + 1
                assert since[claim.owner] <= most, "others have no more turns meanwhile than their weights allow"

    @precondition(lambda self: self.held)
    @rule(data=st.data(), how=st.sampled_from(["succeeded", "failed", "release", "cancel"]))
    def end(self, data: st.DataObject, how: str) -> None:
        claim = self.held.pop(data.draw(st.integers(0, len(self.held) - 1)))
        if how == "release":
            transitions.release(self.engine, claim)
            return
        if how == "cancel":
            asked = transitions.request_cancel(self.engine, claim.owner, claim.fit_id)
            if asked is not None and asked.state == "cancelled":  # its lease was over, and it waited again
                self.ended[claim.fit_id] += 1
        outcome = "cancelled" if how == "cancel" else how
        if transitions.finish(self.engine, claim, outcome):  # type: ignore[arg-type]
            self.ended[claim.fit_id] += 1

    @rule()
    def expire(self) -> None:
        for record in transitions.expire(self.engine, 3):
            if record.state != "queued":
                self.ended[record.id] += 1

    @rule(data=st.data(), ahead=st.booleans())
    def cancel_or_put_ahead(self, data: st.DataObject, ahead: bool) -> None:
        waiting = self.rows("queued")
        if not waiting:
            return
        row = data.draw(st.sampled_from(waiting))
        if ahead:
            assert turns.put_ahead(self.engine, row.id)
        else:
            assert transitions.request_cancel(self.engine, row.owner, row.id) is not None
            self.ended[row.id] += 1

    @invariant()
    def nothing_is_lost_or_ended_twice(self) -> None:
        there = {row.id for state in ("queued", "running") for row in self.rows(state)}
        assert there | set(self.ended) == self.submitted
        assert there.isdisjoint(self.ended)
        assert all(times == 1 for times in self.ended.values())

    def teardown(self) -> None:
        if not hasattr(self, "engine"):
            return
        for claim in self.held:
            transitions.finish(self.engine, claim, "succeeded")
        transitions.expire(self.engine, 100)
        presence.report(self.engine, "worker", ["quick", "cpu"], ["cpu"])
        told = queue_forecast.forecast_now(self.engine).fits
        rotation, seen = QueueRotation(("quick", "cpu")), []
        while (claim := transitions.claim_next(self.engine, rotation.order(), "worker", None, 60.0)) is not None:
            rotation.took(claim.queue)
            transitions.finish(self.engine, claim, "succeeded")
            seen.append(claim.fit_id)
        assert seen == sorted(told, key=lambda fit: told[fit].starts_in or 0.0), "the forecast tells the order"
        assert not self.rows("queued"), "everything has its turn"
        self.engine.dispose()
        self.folder.cleanup()


Turns.TestCase.settings = hypothesis_settings(max_examples=12, stateful_step_count=30, deadline=None)
TestTurns = Turns.TestCase
