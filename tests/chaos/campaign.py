"""Campaign: a deployment under load and seeded faults, then the audit, as one record that can be written as a table."""

from __future__ import annotations

import random
import statistics
import tempfile
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos import audit as audits
from tests.chaos.deployments import LEASE_SECONDS, Deployment, Embedded, Unavailable, deployed
from tests.chaos.faults import Fault, can_mount, mount_small_disk, plan, unmount
from tests.chaos.load import Load

RECOVERY_SECONDS = 120.0
"""A fault whose recovery takes longer is told as such, and the campaign goes on."""
SMALL_DISK = 192
"""MiB below the files of an embedded campaign, so that it can be filled: a fit of it takes some 0.3."""


@dataclass
class Recovery:
    """One fault, and how long it was until the service worked again after it: None where longer than was waited.

    `works`: until it says that it is ready and takes or ends a fit again; `again`: until every fit that the killed or
    stopped process had runs again or has ended.
    """

    fault: str
    at: float
    works: float | None = None
    again: float | None = None
    running: int = 0
    not_done: str | None = None


@dataclass
class Campaign:
    """What was done and what came of it."""

    setup: str
    seed: int
    jobs: int
    faults: int
    lease_seconds: float
    seconds: float = 0.0
    recoveries: list[Recovery] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    audit: audits.Audit = field(default_factory=audits.Audit)
    answers: dict[str, int] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        made = asdict(self)
        made["counts"] = self.audit.counts()
        return made


def run(
    setup: str,
    seed: int,
    jobs: int,
    faults: int,
    *,
    only: tuple[str, ...] = (),
    quiet_seconds: float = 90.0,
    settle_seconds: float = 1800.0,
    say: Any = print,
) -> Campaign:
    """One campaign from an empty folder to the audit. Raises Unavailable where this machine lacks the set-up."""
    generator = random.Random(seed)
    campaign = Campaign(setup, seed, jobs, faults, LEASE_SECONDS)
    chosen, campaign.skipped = plan(setup, faults, generator, only)
    begun = time.monotonic()
    # A short path, for sockets have to have one; the database of an outgrown set-up is another user's.
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        blobs = folder / "data" / "blobs"
        mounted = setup == Embedded.name and any(fault.name == "disk full" for fault in chosen) and can_mount()
        try:
            if mounted:
                mount_small_disk(blobs, SMALL_DISK)
            with deployed(setup, folder) as deployment:
                say(f"{setup}, seed {seed}: ready after {time.monotonic() - begun:.0f} s")
                _trouble(deployment, campaign, chosen, generator, (quiet_seconds, settle_seconds), say)
            campaign.audit.left_over = deployment.left_over()
        finally:
            if mounted:
                unmount(blobs)
    campaign.seconds = time.monotonic() - begun
    return campaign


def _trouble(
    deployment: Deployment,
    campaign: Campaign,
    faults: list[Fault],
    generator: random.Random,
    patience: tuple[float, float],
    say: Any,
) -> None:
    load = Load(deployment, campaign.jobs, random.Random(campaign.seed))
    load.begin()
    caused: Counter[str] = Counter()
    begun = time.monotonic()
    try:
        for number, fault in enumerate(faults, 1):
            load.allowed = campaign.jobs * number // len(faults)
            time.sleep(generator.uniform(0.5, 2.5))
            recovery = _one(deployment, fault, generator, begun, caused)
            campaign.recoveries.append(recovery)
            say(f"  {recovery.at:6.0f} s  {_told(recovery)}")
        load.allowed = campaign.jobs
        load.sent_all.wait(patience[1])
        audits.settle(deployment, *patience)
    finally:
        load.end()
    campaign.audit = audits.examine(deployment, load, caused)
    campaign.answers = dict(load.answers)


def _one(
    deployment: Deployment, fault: Fault, generator: random.Random, begun: float, caused: Counter[str]
) -> Recovery:
    before = _rows(deployment)
    running = {name: row for name, row in before.items() if row["state"] == "running"}
    recovery = Recovery(fault.name, time.monotonic() - begun, running=len(running))
    watched: Counter[str] = Counter(list(running)) if fault.kills_child else Counter()
    watching = threading.Event()
    # While the fault looks for its moment, other fits begin: whatever ran meanwhile may have been hit.
    watcher = threading.Thread(target=_watch_running, args=(deployment, watched, watching), daemon=True)
    if fault.kills_child:
        watcher.start()
    try:
        fault.harm(deployment, generator)
    except Unavailable as error:
        recovery.not_done = str(error)
        return recovery
    finally:
        watching.set()
        if fault.kills_child:
            watcher.join(5)
            caused.update(dict.fromkeys(watched, 1))
    ended = time.monotonic()
    after_fault = _rows(deployment) or before
    while time.monotonic() - ended < RECOVERY_SECONDS:
        rows = _rows(deployment)
        if rows and recovery.works is None and _moved(after_fault, rows) and deployment.ready():
            recovery.works = time.monotonic() - ended
        if rows and recovery.again is None and all(_again(running[name], rows.get(name)) for name in running):
            recovery.again = time.monotonic() - ended
        if recovery.works is not None and recovery.again is not None:
            break
        time.sleep(0.1)
    return recovery


def _watch_running(deployment: Deployment, watched: Counter[str], until: threading.Event) -> None:
    while not until.wait(0.05):
        watched.update(name for name, row in _rows(deployment).items() if row["state"] == "running")


def _rows(deployment: Deployment) -> dict[str, dict[str, Any]]:
    try:
        return deployment.rows()
    except Exception:  # noqa: BLE001 - it may be the database that is troubled
        return {}


def _moved(before: dict[str, dict[str, Any]], rows: dict[str, dict[str, Any]]) -> bool:
    """Whether a fit was taken or has ended since, or there is none to take."""
    if all(row["finished_at"] is not None for row in rows.values()):
        return True
    states = {name: (row["state"], row["attempt"]) for name, row in before.items()}
    return any(
        states.get(name) != (row["state"], row["attempt"]) and row["state"] != "queued" for name, row in rows.items()
    )


def _again(before: dict[str, Any], row: dict[str, Any] | None) -> bool:
    """Whether a fit that ran runs on: of a new attempt, final, or its worker reports of it."""
    if row is None or row["finished_at"] is not None:
        return True
    return row["state"] == "running" and (row["attempt"] != before["attempt"] or row["version"] > before["version"] + 1)


def _told(recovery: Recovery) -> str:
    if recovery.not_done:
        return f"{recovery.fault}: not done, {recovery.not_done}"
    again = f"the {recovery.running} that ran go on after {seconds(recovery.again)}"
    return f"{recovery.fault}: works after {seconds(recovery.works)}, {again}"


def seconds(value: float | None) -> str:
    """In words."""
    return f"> {RECOVERY_SECONDS:.0f} s" if value is None else f"{value:.1f} s"


def table(campaigns: list[Campaign]) -> str:
    """Campaigns as tables of Markdown: what was found, and how long recoveries took by kind of fault."""
    found = " | ".join(name.replace("_", " ") for name in audits.COUNTED)
    lines = [
        f"| set-up | seed | jobs | faults | {found} | slowest recovery | minutes |",
        "|---|---|---|---|" + "---|" * (len(audits.COUNTED) + 2),
    ]
    for campaign in campaigns:
        done = [recovery for recovery in campaign.recoveries if recovery.not_done is None]
        slowest = max(done, key=_slowness, default=None)
        told = "–" if slowest is None else f"{seconds(_slowest(slowest))}, {slowest.fault}"
        counts = " | ".join(str(count) for count in campaign.audit.counts().values())
        lines.append(
            f"| {campaign.setup} | {campaign.seed} | {campaign.audit.jobs} | {len(done)} | {counts} | {told} "
            f"| {campaign.seconds / 60:.1f} |"
        )
    lines += ["", "| set-up | fault | times | works again, median | slowest | its fits again, median | slowest |"]
    lines.append("|---|---|---|---|---|---|---|")
    for setup in dict.fromkeys(campaign.setup for campaign in campaigns):
        lines += _by_fault(setup, [campaign for campaign in campaigns if campaign.setup == setup])
    for campaign in campaigns:
        complaints = [
            f"- {name.replace('_', ' ')}: {text}" for name in audits.COUNTED for text in getattr(campaign.audit, name)
        ]
        missing = [f"- skipped: {text}" for text in campaign.skipped]
        missing += [f"- not done: {one.fault}: {one.not_done}" for one in campaign.recoveries if one.not_done]
        if complaints or missing:
            lines += ["", f"{campaign.setup}, seed {campaign.seed}:", "", *shortened(complaints), *missing]
    return "\n".join(lines) + "\n"


def shortened(lines: list[str], most: int = 20) -> list[str]:
    """At most so many lines, and how many more there are."""
    return lines if len(lines) <= most else [*lines[:most], f"- … and {len(lines) - most} more"]


def _by_fault(setup: str, campaigns: list[Campaign]) -> list[str]:
    lines = []
    done = [one for campaign in campaigns for one in campaign.recoveries if one.not_done is None]
    for fault in sorted({one.fault for one in done}):
        times = [one for one in done if one.fault == fault]
        works, again = ([getattr(one, name) for one in times] for name in ("works", "again"))
        cells = " | ".join(cell for values in (works, again) for cell in _spread(values))
        lines.append(f"| {setup} | {fault} | {len(times)} | {cells} |")
    return lines


def _spread(values: list[float | None]) -> tuple[str, str]:
    finite = [RECOVERY_SECONDS if value is None else value for value in values]
    return f"{statistics.median(finite):.1f} s", seconds(None if None in values else max(finite))


def _slowest(recovery: Recovery) -> float | None:
    return None if recovery.works is None or recovery.again is None else max(recovery.works, recovery.again)


def _slowness(recovery: Recovery) -> float:
    value = _slowest(recovery)
    return RECOVERY_SECONDS * 2 if value is None else value
