"""A short form of `make test-chaos`, and the auditor held against faults that are there."""

from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.chaos import audit as audits
from tests.chaos.audit import Audit
from tests.chaos.campaign import Campaign, Recovery, run, table
from tests.chaos.deployments import Store
from tests.chaos.faults import FAULTS, plan
from tests.chaos.load import Job, request

ROW = {"name": "job 0 short", "state": "failed", "attempt": 2, "crashes": 0, "error": {"detail": "photfit's fault"}}


@pytest.mark.e2e
def test_what_a_service_accepted_comes_to_its_end_whatever_is_killed() -> None:
    faults = ("kill worker child", "broker wiped", "kill api")
    campaign = run("embedded", 1, jobs=5, faults=3, only=faults, settle_seconds=240)
    counts = campaign.audit.counts()
    assert campaign.audit.jobs == 5
    assert {one.fault for one in campaign.recoveries} == set(faults)
    for what in ("lost", "doubled", "stuck", "bad_results", "blamed_wrongly", "left_over"):
        assert counts[what] == 0, getattr(campaign.audit, what)


def test_a_store_is_in_trouble_as_it_is_told() -> None:
    pytest.importorskip("moto.server")
    store = Store()
    seen: list[str] = []
    bucket = f"http://127.0.0.1:{store.port}/bucket"
    store.stored = seen.append
    assert httpx.put(bucket).status_code == 200
    assert seen == ["/bucket"]
    for status in (503, 403):
        store.trouble = status
        assert httpx.get(bucket).status_code == status
    store.trouble = None
    store.away()
    with pytest.raises(httpx.ConnectError):
        httpx.get(bucket)
    store.back()
    assert httpx.get(bucket).status_code == 200, "what was stored is still there"
    store.away()


class Quiet:
    """A deployment of which only what it has left is known."""

    def __init__(self, folder: Path, rows: dict[str, dict[str, Any]], keys: list[str]) -> None:
        self.temporary, self.data, self._rows, self._keys = folder, folder / "data", rows, keys

    def rows(self) -> dict[str, dict[str, Any]]:
        return self._rows

    def blob_keys(self) -> list[str]:
        return self._keys

    def admin(self, *words: str) -> None:
        assert words == ("gc",)


class Sent:
    """A load of one job that was accepted."""

    def __init__(self) -> None:
        self.jobs = [Job("job 0 short", "short", request("short", "job 0 short", "upl_0"), fit_id="fit_0")]
        self.wrong_answers: list[str] = []
        self.refused: list[str] = []


def audited(folder: Path, keys: list[str], *rows: dict[str, Any], caused: int = 0) -> Audit:
    """The audit of one job, whose record is the first row."""
    named = {f"fit_{number}": {"id": f"fit_{number}", **row} for number, row in enumerate(rows)}
    return audits.examine(Quiet(folder, named, keys), Sent(), Counter(fit_0=caused))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "rows"),
    [
        ("lost", []),
        ("stuck", [ROW | {"state": "running", "finished_at": None}]),
        ("blamed_wrongly", [ROW | {"finished_at": "2026-01-01"}]),
        ("blamed_wrongly", [ROW | {"state": "cancelled", "crashes": 3, "finished_at": "2026-01-01"}]),
        ("bad_results", [ROW | {"state": "cancelled", "finished_at": "2026-01-01"}]),
        ("doubled", [ROW | {"finished_at": "2026-01-01"}] * 2),
    ],
)
def test_the_auditor_tells_what_became_of_a_job(tmp_path: Path, found: str, rows: list[dict[str, Any]]) -> None:
    assert audited(tmp_path, [], *rows, caused=2).counts()[found] == 1


def test_a_crash_that_was_caused_is_no_wrong_blame(tmp_path: Path) -> None:
    row = ROW | {"state": "cancelled", "crashes": 2, "finished_at": "2026-01-01"}
    assert audited(tmp_path, [], row, caused=2).blamed_wrongly == []


def test_the_auditor_tells_what_is_left_behind(tmp_path: Path) -> None:
    (tmp_path / "photfit-result-x").mkdir()
    keys = ["fits/fit_0/2/.putting-x", "fits/fit_0/1/log.txt", "fits/fit_9/1/log.txt", "fits/fit_0/2/log.txt"]
    keys += [f"fits/fit_0/{attempt}/parameters.json" for attempt in (1, 2)]
    audit = audited(tmp_path, keys, ROW | {"finished_at": "2026-01-01"})
    assert audit.orphans == [*keys[:3], keys[4]]
    assert audit.litter == ["photfit-result-x"]
    assert len(audit.doubled) == 1


def test_values_far_from_the_truth_are_bad_results() -> None:
    row = {"name": "galaxy.x", "value": 21.0, "uncertainty": 0.01}
    assert audits._far_from_truth({"chi2_reduced": 3.0, "parameters": [row]}) != []
    assert audits._far_from_truth({"chi2_reduced": 1.0, "parameters": [row | {"value": 20.31}]}) == []


def test_a_plan_has_each_kind_before_any_comes_twice() -> None:
    import random

    possible = [fault.name for fault in FAULTS if "outgrown" in fault.setups and fault.missing() is None]
    chosen, _ = plan("outgrown", 2 * len(possible), random.Random(3))
    assert sorted(fault.name for fault in chosen[: len(possible)]) == sorted(possible)
    assert [fault.name for fault in plan("outgrown", 9, random.Random(3))[0]] == [f.name for f in chosen[:9]]


def test_the_table_names_what_was_found_and_what_was_skipped() -> None:
    campaign = Campaign("embedded", 1, 8, 2, 6.0, skipped=["clock ahead: libfaketime is not installed"])
    campaign.audit.lost.append("job 3 long (fit_3)")
    campaign.recoveries.append(Recovery("kill api", 1.0, works=3.0, again=None, running=1))
    text = table([campaign])
    assert "- lost: job 3 long (fit_3)" in text
    assert "- skipped: clock ahead: libfaketime is not installed" in text
    assert "> 120 s, kill api" in text
