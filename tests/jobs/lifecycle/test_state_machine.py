"""Whatever workers, users and clocks do in whatever order, a fit's record tells one story: that of the table."""

import atexit
import functools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from jobs.lifecycle import transitions
from jobs.lifecycle.outcomes import out_of_time
from jobs.lifecycle.transitions import Claim
from jobs.queues import turns
from jobs.settings import Settings
from jobs.storage import records
from jobs.storage.database import connect, migrate
from jobs.storage.schema import FINAL_STATES
from tests.jobs.conftest import claim_fit, new_fit
from tests.jobs.lifecycle.life import CHANGES, state_with_flag


@functools.cache
def migrated() -> str:
    """A data directory with an empty database, to be copied: migrating takes longer than most stories."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    engine = connect(Settings(data_dir=Path(folder)))
    migrate(engine)
    engine.dispose()
    return folder


class FitLife(RuleBasedStateMachine):
    """A few fits, workers that claim, die, come back late, users that cancel and delete, and the reconciler.

    Every change of a fit's state is one that the table of `transitions` has of the function that was called.
    """

    fits = Bundle("fits")
    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        shutil.copytree(migrated(), self.folder.name, dirs_exist_ok=True)
        self.engine = connect(Settings(data_dir=Path(self.folder.name)))
        self.ended: dict[str, str] = {}
        self.wins: dict[str, int] = {}
        self.holders: dict[str, Claim | None] = {}

    @contextmanager
    def only(self, function: str) -> Iterator[None]:
        """Meanwhile every fit stays as it is, or changes as the table has it of one function."""
        before = {fit: state_with_flag(self.engine, fit) for fit in self.wins}
        yield
        for fit, state in before.items():
            after = state_with_flag(self.engine, fit)
            assert after == state or (function, state, after) in CHANGES

    @rule(target=fits, time_limit=st.sampled_from([None, 0.0]))
    def submit(self, time_limit: float | None) -> str:
        with self.only("create"):
            record = transitions.create(self.engine, new_fit(time_limit=time_limit))
        assert record is not None
        self.wins[record.id] = 0
        self.holders[record.id] = None
        return record.id

    @rule(target=claims, fit=fits, lease=st.sampled_from([-1.0, 60.0]))
    def claim(self, fit: str, lease: float) -> Claim | None:
        with self.only("claim_next"):
            claim = claim_fit(self.engine, fit, "worker", None, lease)
        if claim is not None:
            assert self.holders[fit] is None
            assert fit not in self.ended
            self.holders[fit] = claim
        return claim

    @rule(claim=claims, outcome=st.sampled_from(["succeeded", "failed", "cancelled"]))
    def finish(self, claim: Claim | None, outcome: str) -> None:
        if claim is None:
            return
        if outcome == "cancelled":  # as a heartbeat sees it, of whoever holds the fit
            self.cancel(claim.fit_id)
        with self.only("finish"):
            done = transitions.finish(self.engine, claim, outcome)  # type: ignore[arg-type]
        assert done == (self.holders.get(claim.fit_id) == claim)
        if done:
            self.wins[claim.fit_id] += 1
            self.holders[claim.fit_id] = None
            self.ended[claim.fit_id] = outcome

    @rule(claim=consumes(claims))
    def release(self, claim: Claim | None) -> None:
        if claim is None:
            return
        with self.only("release"):
            done = transitions.release(self.engine, claim)
        assert done == (self.holders.get(claim.fit_id) == claim)
        if done:
            self._let_go(claim.fit_id)

    @rule()
    def expire(self) -> None:
        with self.only("expire"):
            transitions.expire(self.engine, 3)
        self._let_go_of_all()

    @rule(grace=st.sampled_from([-1.0, 60.0]))
    def end_overdue(self, grace: float) -> None:
        with self.only("cancel_overdue"):
            transitions.cancel_overdue(self.engine, grace)
        with self.only("fail_overdue"):
            transitions.fail_overdue(self.engine, grace, out_of_time())
        self._let_go_of_all()

    @rule(claim=claims)
    def report(self, claim: Claim | None) -> None:
        if claim is None:
            return
        held = self.holders.get(claim.fit_id) == claim
        with self.only("renew"):
            assert transitions.renew(self.engine, claim, 60.0).held == held
        with self.only("record_device"):
            transitions.record_device(self.engine, claim, "cuda")
        with self.only("record_progress"):
            assert transitions.record_progress(self.engine, claim, {"fraction": 0.5}) == held
        with self.only("allow_more_time"):
            transitions.allow_more_time(self.engine, claim, 1.0)

    @rule(fit=fits)
    def look_after(self, fit: str) -> None:
        with self.only("no function"):
            turns.put_ahead(self.engine, fit)
        with self.only("no function"):
            records.rename(self.engine, "local", fit, name="another name")

    @rule(fit=fits)
    def delete(self, fit: str) -> None:
        with self.only("remove"):
            removed = transitions.remove(self.engine, "local", fit)
        assert removed == (fit in self.ended)
        if removed:
            del self.wins[fit], self.ended[fit], self.holders[fit]

    @rule(fit=fits)
    def cancel(self, fit: str) -> None:
        with self.only("request_cancel"):
            record = transitions.request_cancel(self.engine, "local", fit)
        assert (record is None) == (fit in self.ended or fit not in self.wins)
        if record is not None and record.state == "cancelled":
            self.ended[fit] = "cancelled"

    def _let_go_of_all(self) -> None:
        for fit in self.holders:
            record = records.get_fit(self.engine, "local", fit)
            assert record is not None
            if record.state != "running":
                self._let_go(fit)

    def _let_go(self, fit: str) -> None:
        self.holders[fit] = None
        record = records.get_fit(self.engine, "local", fit)
        assert record is not None
        if record.state in FINAL_STATES:
            self.ended.setdefault(fit, record.state)

    @invariant()
    def a_final_state_is_final(self) -> None:
        for fit, state in self.ended.items():
            record = records.get_fit(self.engine, "local", fit)
            assert record is not None
            assert record.state == state
            assert record.lease_until is None
            assert record.finished_at is not None

    @invariant()
    def no_fit_is_finished_twice(self) -> None:
        assert all(wins <= 1 for wins in self.wins.values())

    @invariant()
    def who_runs_is_held(self) -> None:
        for fit, holder in self.holders.items():
            record = records.get_fit(self.engine, "local", fit)
            assert record is not None
            assert (record.state == "running") == (holder is not None)

    def teardown(self) -> None:
        self.engine.dispose()
        self.folder.cleanup()


FitLife.TestCase.settings = hypothesis_settings(max_examples=25, stateful_step_count=25, deadline=None)
TestFitLife = FitLife.TestCase
