"""Whatever workers, users and clocks do in whatever order, a fit's record tells one story."""

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from jobs.lifecycle import transitions
from jobs.lifecycle.transitions import Claim
from jobs.settings import Settings
from jobs.storage import records
from jobs.storage.database import connect, migrate
from jobs.storage.schema import FINAL_STATES
from tests.jobs.conftest import new_fit


@functools.cache
def _migrated() -> str:
    """A data directory with an empty database, to be copied: migrating takes longer than most stories."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    engine = connect(Settings(data_dir=Path(folder)))
    migrate(engine)
    engine.dispose()
    return folder


class FitLife(RuleBasedStateMachine):
    """A few fits, workers that claim, die, come back late, and users that cancel."""

    fits = Bundle("fits")
    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        shutil.copytree(_migrated(), self.folder.name, dirs_exist_ok=True)
        self.engine = connect(Settings(data_dir=Path(self.folder.name)))
        self.ended: dict[str, str] = {}
        self.wins: dict[str, int] = {}
        self.holders: dict[str, Claim | None] = {}

    @rule(target=fits)
    def submit(self) -> str:
        record = transitions.create(self.engine, new_fit())
        assert record is not None
        self.wins[record.id] = 0
        self.holders[record.id] = None
        return record.id

    @rule(target=claims, fit=fits, lease=st.sampled_from([-1.0, 60.0]))
    def claim(self, fit: str, lease: float) -> Claim | None:
        claim = transitions.claim(self.engine, fit, "worker", None, lease)
        if claim is not None:
            assert self.holders[fit] is None
            assert fit not in self.ended
            self.holders[fit] = claim
        return claim

    @rule(claim=claims, outcome=st.sampled_from(["succeeded", "failed", "cancelled"]))
    def finish(self, claim: Claim | None, outcome: str) -> None:
        if claim is None:
            return
        done = transitions.finish(self.engine, claim, outcome)  # type: ignore[arg-type]
        assert done == (self.holders[claim.fit_id] == claim)
        if done:
            self.wins[claim.fit_id] += 1
            self.holders[claim.fit_id] = None
            self.ended[claim.fit_id] = outcome

    @rule(claim=consumes(claims))
    def release(self, claim: Claim | None) -> None:
        if claim is None:
            return
        done = transitions.release(self.engine, claim)
        assert done == (self.holders[claim.fit_id] == claim)
        if done:
            self._let_go(claim.fit_id)

    @rule()
    def expire(self) -> None:
        transitions.expire(self.engine, 3)
        for fit in self.holders:
            record = records.get_fit(self.engine, "local", fit)
            assert record is not None
            if record.state != "running":
                self._let_go(fit)

    @rule(fit=fits)
    def cancel(self, fit: str) -> None:
        record = transitions.request_cancel(self.engine, "local", fit)
        assert (record is None) == (fit in self.ended)
        if record is not None and record.state == "cancelled":
            self.ended[fit] = "cancelled"

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
