"""`make soak`: mixed load for an hour, and how memory, open files, threads and disk went meanwhile, as slopes.

python -m tests.soak --minutes 60 --setup embedded
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import platform
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil

from tests.chaos import audit as audits
from tests.chaos.deployments import SETUPS, Deployment, deployed, role_of
from tests.chaos.load import Load, image

EVERY_SECONDS = 5.0
"""Between samples: the processes of a service are asked in some milliseconds."""
SETTLED = 0.2
"""Share of the time after which slopes are taken: caches and pools fill first."""
JUDGED_MINUTES = 30.0
"""Shorter soaks are told and not judged: the first minutes of a process say little of its hours."""
MOST = {"memory": 30.0, "files": 20.0, "threads": 5.0}
"""Slopes an hour that are borne: MiB, open files, threads. What leaks a thing a request is far above."""
LONG_LIVED = ("api", "broker", "supervisor", "worker", "sandbox child")
"""Roles that are judged; a worker's child is replaced after some fits."""


class Readers:
    """What users do beside asking for fits: files are uploaded, plots drawn, bundles and lists fetched."""

    def __init__(self, deployment: Deployment, load: Load) -> None:
        self.deployment, self.load = deployment, load
        self.calls = 0
        self.stopping = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Read no more."""
        self.stopping.set()
        self._thread.join(60)

    def _read(self) -> None:
        generator = np.random.default_rng(1)
        with httpx.Client(base_url=self.deployment.url, timeout=60, trust_env=False) as client:
            while not self.stopping.wait(0.5):
                with contextlib.suppress(httpx.HTTPError):
                    content = io.BytesIO()
                    np.save(content, image() + generator.normal(0.0, 0.1, (40, 40)))
                    sent = client.post("/v1/uploads", content=content.getvalue()).json()
                    if "links" in sent:
                        client.delete(sent["links"]["self"])
                    for job in self.load.jobs[-3:]:
                        own = f"/v1/fits/{job.fit_id}"
                        for part in ("plots/fit.png", "bundle.zip", "parameters?format=ecsv", "images/image/model.png"):
                            client.get(f"{own}/{part}")
                            self.calls += 1


def samples_of(deployment: Deployment) -> dict[str, dict[str, float]]:
    """Memory (MiB, of the largest process of a role), open files and threads (the most), by role, now."""
    found: dict[str, dict[str, float]] = defaultdict(lambda: {"memory": 0.0, "files": 0.0, "threads": 0.0, "count": 0})
    for process in deployment.everything():
        with contextlib.suppress(psutil.Error):
            role = role_of(process)
            here = found[role]
            here["memory"] = max(here["memory"], process.memory_full_info().uss / 2**20)
            here["files"] = max(here["files"], process.num_fds())
            here["threads"] = max(here["threads"], process.num_threads())
            here["count"] += 1
    return dict(found)


def disk_of(deployment: Deployment) -> dict[str, float]:
    """MiB of each folder and file at the top of the data directory."""
    sizes = {}
    for place in deployment.data.iterdir() if deployment.data.is_dir() else ():
        files = place.rglob("*") if place.is_dir() else [place]
        with contextlib.suppress(OSError):
            sizes[place.name] = sum(path.stat().st_size for path in files if path.is_file()) / 2**20
    sizes["temporary files"] = sum(
        path.stat().st_size for path in deployment.temporary.rglob("*") if path.is_file()
    ) / (2**20)
    return sizes


def slope(times: list[float], values: list[float]) -> float:
    """By least squares, an hour, after the first part of the time."""
    begin = times[-1] * SETTLED
    chosen = [(time_, value) for time_, value in zip(times, values, strict=True) if time_ >= begin]
    if len(chosen) < 3:
        return 0.0
    x, y = np.array(chosen).T
    return float(np.polyfit(x / 3600.0, y, 1)[0])


def series_table(times: list[float], roles: dict[str, dict[str, list[float]]], disk: dict[str, list[float]]) -> str:
    """What was measured, as a table of Markdown."""
    lines = ["| | memory: first → last MiB (most) | an hour | open files | an hour | threads | an hour |"]
    lines.append("|---|---|---|---|---|---|---|")
    for role, series in sorted(roles.items()):
        memory = series["memory"]
        cells = [f"{memory[0]:.0f} → {memory[-1]:.0f} ({max(memory):.0f})", f"{slope(times, memory):+.1f}"]
        for what in ("files", "threads"):
            cells += [f"{series[what][0]:.0f} → {series[what][-1]:.0f}", f"{slope(times, series[what]):+.1f}"]
        lines.append(f"| {role} | {' | '.join(cells)} |")
    lines += ["", "| disk | first → last MiB | an hour |", "|---|---|---|"]
    for name, values in sorted(disk.items()):
        lines.append(f"| {name} | {values[0]:.1f} → {values[-1]:.1f} | {slope(times, values):+.1f} |")
    return "\n".join(lines) + "\n"


def too_steep(minutes: float, times: list[float], roles: dict[str, dict[str, list[float]]]) -> list[str]:
    """Slopes that are not borne, of roles that live as long as the service."""
    if minutes < JUDGED_MINUTES:
        return []
    return [
        f"{role}: {what} {slope(times, roles[role][what]):+.1f} an hour, {most:g} are borne"
        for role in LONG_LIVED
        if role in roles
        for what, most in MOST.items()
        if slope(times, roles[role][what]) > most
    ]


def main() -> None:
    """Soak; exit 1 where a slope is too steep or a job was lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--setup", default="embedded", choices=list(SETUPS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, default=Path("soak-report"))
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended by that, too
    with tempfile.TemporaryDirectory(prefix="soak-", ignore_cleanup_errors=True) as name:
        with deployed(options.setup, Path(name).resolve(), PHOTFIT_LEASE_SECONDS="30") as deployment:
            measured = _soak(deployment, options.minutes, options.seed)
        left = deployment.left_over()
    times, roles, disk, load, calls, audit = measured
    steep = too_steep(options.minutes, times, roles)
    counts = audit.counts() | {"left_over": len(left)}
    machine = f"{psutil.cpu_count()} cores, load {psutil.getloadavg()[1]:.0f}, Python {platform.python_version()}"
    told = (
        f"{options.setup}, {options.minutes:g} minutes, {len(load.jobs)} jobs, {calls} plots, bundles and tables; "
        f"{machine}.\n\n{series_table(times, roles, disk)}\n"
        + ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in counts.items())
        + "\n"
        + "".join(f"\n- too steep: {line}" for line in steep)
    )
    options.output.mkdir(parents=True, exist_ok=True)
    document = {"machine": machine, "minutes": options.minutes, "times": times, "roles": roles, "disk": disk}
    (options.output / "soak.json").write_text(json.dumps(document | {"counts": counts}) + "\n", encoding="utf-8")
    (options.output / "soak.md").write_text(told, encoding="utf-8")
    print(told)
    bad = [what for what in ("lost", "doubled", "stuck", "bad_results", "blamed_wrongly") if counts[what]]
    sys.exit(1 if steep or bad else 0)


def _soak(deployment: Deployment, minutes: float, seed: int) -> tuple[Any, ...]:
    load = Load(deployment, 1_000_000, random.Random(seed), allowed=1_000_000)
    load.begin()
    readers = Readers(deployment, load)
    times: list[float] = []
    roles: dict[str, dict[str, list[float]]] = {}
    disk: dict[str, list[float]] = {}
    begun = time.monotonic()
    while (now := time.monotonic() - begun) < minutes * 60.0:
        times.append(now)
        for role, values in samples_of(deployment).items():
            for what, value in values.items():
                _extend(roles.setdefault(role, {}).setdefault(what, []), value, len(times))
        for name, size in disk_of(deployment).items():
            _extend(disk.setdefault(name, []), size, len(times))
        for series in (*(one for role in roles.values() for one in role.values()), *disk.values()):
            _extend(series, series[-1], len(times))  # what is not there just now is as it was
        time.sleep(EVERY_SECONDS)
    readers.end()
    load.allowed = 0
    audits.settle(deployment, 60.0, 300.0)
    load.end()
    return times, roles, disk, load, readers.calls, audits.examine(deployment, load, Counter())


def _extend(series: list[float], value: float, length: int) -> None:
    """Up to a length; what was not there before had this value all the while."""
    series.extend([value] * (length - len(series)))


if __name__ == "__main__":
    main()
