"""The table of a fit's life, in `transitions` and in the README: complete, and true of every function and state."""

import ast
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from sqlalchemy import Engine, event, select, update
from sqlalchemy import inspect as columns_of
from sqlalchemy.orm import Session

from jobs.lifecycle import transitions
from jobs.lifecycle.outcomes import out_of_time
from jobs.lifecycle.transitions import Claim
from jobs.storage.schema import FINAL_STATES, FitRecord
from tests.jobs.conftest import claim_fit, new_fit
from tests.jobs.lifecycle.life import ABSENT, CHANGES, ROWS, TABLE, state_with_flag

ROOT = Path(__file__).parents[3]
STATES = ("queued", "running", "running*", *sorted(FINAL_STATES))
CALLERS = {
    "submission": "app/domain/submission.py",
    "fits": "app/domain/fits.py",
    "uws": "app/domain/uws.py",
    "admin": "photfit/commands/admin/jobs.py",
    "running": "worker/running.py",
    "lease": "worker/lease.py",
    "reporting": "worker/reporting.py",
    "checkpoints": "worker/checkpoints.py",
    "children": "worker/children.py",
    "reconciler": "jobs/lifecycle/reconciler.py",
    "retention": "jobs/lifecycle/retention.py",
    "parts": "jobs/lifecycle/catalogues.py",
}

ENDINGS: dict[str, list[Callable[[Engine, Claim], object]]] = {
    "claim_next": [lambda engine, _: transitions.claim_next(engine, ["quick", "cpu"], "another", None, 60.0)],
    "renew": [lambda engine, held: transitions.renew(engine, held, 90.0)],
    "record_device": [lambda engine, held: transitions.record_device(engine, held, "cuda")],
    "record_progress": [lambda engine, held: transitions.record_progress(engine, held, {"fraction": 0.5})],
    "allow_more_time": [lambda engine, held: transitions.allow_more_time(engine, held, 60.0)],
    "finish": [
        lambda engine, held: transitions.finish(engine, held, "succeeded"),
        lambda engine, held: transitions.finish(engine, held, "failed"),
        lambda engine, held: transitions.finish(engine, held, "cancelled"),
    ],
    "release": [lambda engine, held: transitions.release(engine, held)],
    "bury": [
        lambda engine, _: transitions.bury(engine, "worker", "task", "died", blamed=True, max_crashes=3),
        lambda engine, _: transitions.bury(engine, "worker", "task", "died", blamed=True, max_crashes=1),
        lambda engine, _: transitions.bury(engine, "worker", "task", "died", blamed=False, max_crashes=1),
    ],
    "record_advance": [lambda engine, held: transitions.record_advance(engine, held)],
    "spare": [lambda engine, _: transitions.spare(engine, 60.0, 30.0, all_leases=True)],
    "expire": [lambda engine, _: transitions.expire(engine, 3), lambda engine, _: transitions.expire(engine, 1)],
    "request_cancel": [lambda engine, held: transitions.request_cancel(engine, held.owner, held.fit_id)],
    "cancel_overdue": [lambda engine, _: transitions.cancel_overdue(engine, -1.0)],
    "fail_overdue": [lambda engine, _: transitions.fail_overdue(engine, -1.0, out_of_time())],
    "end_parts": [
        lambda engine, _: with_connection(engine, "cancelled"),
        lambda engine, _: with_connection(engine, "failed"),
    ],
    "remove": [lambda engine, held: transitions.remove(engine, held.owner, held.fit_id)],
}
"""Every way to call each function on a fit whose lease and time are over, and whose cancel was asked for long ago."""


def with_connection(engine: Engine, outcome: Literal["cancelled", "failed"]) -> None:
    """End the parts of the one catalogue that there is."""
    with engine.begin() as connection:
        transitions.end_parts(connection, "cat_1", outcome)


def fit_in(engine: Engine, state: str) -> Claim:
    """A fit in a state, and the claim of whoever held it last."""
    record = transitions.create(engine, new_fit(time_limit=0.0, catalogue_id="cat_1"))
    assert record is not None
    if state == "queued":
        return Claim(record.id, record.attempt, record.owner, record.request, record.device, record.crashes)
    held = claim_fit(engine, record.id, "worker", "task", -1.0)
    assert held is not None
    with engine.begin() as connection:
        connection.execute(update(FitRecord).where(FitRecord.id == record.id).values(troubles=1))
    if state in ("running*", "cancelled"):
        transitions.request_cancel(engine, "local", record.id)
    if state in FINAL_STATES:
        assert transitions.finish(engine, held, state)  # type: ignore[arg-type]
    return held


def row_of(engine: Engine, fit_id: str) -> dict[str, object] | None:
    with Session(engine) as session:
        record = session.scalar(select(FitRecord).where(FitRecord.id == fit_id))
        return None if record is None else {c.key: getattr(record, c.key) for c in columns_of(FitRecord).mapper.attrs}


def changes(engine: Engine) -> Iterator[tuple[str, str, str]]:
    """What each function does to a fit in each state, where it changes anything: function, from, to."""
    created = fit_in(engine, "queued")
    yield "create", ABSENT, state_with_flag(engine, created.fit_id)
    transitions.request_cancel(engine, "local", created.fit_id)
    for function, endings in ENDINGS.items():
        for state in STATES:
            for ending in endings:
                held = fit_in(engine, state)
                before = row_of(engine, held.fit_id)
                ending(engine, held)
                if row_of(engine, held.fit_id) != before:
                    yield function, state, state_with_flag(engine, held.fit_id)
                with engine.begin() as connection:
                    connection.execute(FitRecord.__table__.delete())


def test_the_functions_do_what_the_table_says_and_nothing_else(engine: Engine) -> None:
    # A worker ends a fit as cancelled where its heartbeat has seen the flag; the statement does not ask for it again.
    found = set(changes(engine)) - {("finish", "running", "cancelled")}
    assert found == CHANGES


def test_every_transition_is_in_the_table() -> None:
    public = {
        name
        for name, function in inspect.getmembers(transitions, inspect.isfunction)
        if function.__module__ == transitions.__name__ and not name.startswith("_")
    }
    assert {row.function for row in ROWS} == public


def calls(path: Path) -> set[str]:
    """Names of the transitions that a file calls."""
    nodes = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    of_module = {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "transitions"
    }
    imported = {
        name.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "jobs.lifecycle.transitions"
        for name in node.names
    }
    return of_module | {node.id for node in nodes if isinstance(node, ast.Name) and node.id in imported}


def test_the_table_names_everyone_who_calls_a_transition() -> None:
    functions = {row.function for row in ROWS}
    found = {
        (function, path.relative_to(ROOT).as_posix())
        for package in ("app", "jobs", "photfit", "worker")
        for path in sorted((ROOT / package).rglob("*.py"))
        for function in calls(path) & functions
    }
    assert {(row.function, CALLERS[caller]) for row in ROWS for caller in row.callers} == found


def test_the_readme_tells_the_same_life() -> None:
    assert TABLE in (ROOT / "jobs" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("place", [1, 2, 3])
@pytest.mark.parametrize("ending", ["release", "expire", "bury"])
def test_a_cancel_is_heeded_before_whichever_statement_it_comes(engine: Engine, ending: str, place: int) -> None:
    held = fit_in(engine, "running")
    begun: list[object] = []

    def cancel_at_place(connection: object) -> None:
        begun.append(connection)
        if len(begun) == place:
            transitions.request_cancel(engine, held.owner, held.fit_id)

    event.listen(engine, "begin", cancel_at_place)
    ENDINGS[ending][0](engine, held)
    event.remove(engine, "begin", cancel_at_place)
    if len(begun) < place:
        transitions.request_cancel(engine, held.owner, held.fit_id)
    assert state_with_flag(engine, held.fit_id) == "cancelled"


def test_a_cancel_is_one_statement_that_no_other_can_come_between(engine: Engine) -> None:
    held = fit_in(engine, "running")
    begun: list[object] = []
    note = begun.append
    event.listen(engine, "begin", note)
    transitions.request_cancel(engine, held.owner, held.fit_id)
    event.remove(engine, "begin", note)
    assert len(begun) == 1


def test_who_asks_for_a_cancel_again_does_not_put_its_grace_off(engine: Engine) -> None:
    held = fit_in(engine, "running*")
    first = row_of(engine, held.fit_id)
    transitions.request_cancel(engine, held.owner, held.fit_id)
    again = row_of(engine, held.fit_id)
    assert first is not None
    assert again is not None
    assert again["cancel_requested_at"] == first["cancel_requested_at"]
