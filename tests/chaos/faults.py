"""Faults: what is done to a deployment, one function each, and how long each set-up needs to recover.

A fault does its harm, undoes what would not undo itself (a process is continued, a disk has room again), and returns.
"""

from __future__ import annotations

import contextlib
import glob
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import redis
from sqlalchemy import text

from tests.chaos.deployments import LEASE_SECONDS, Deployment, Embedded, Outgrown, Unavailable, send, wait

AWAY_SECONDS = 10.0
"""How long what is away stays away: longer than a lease, as in an update or a restart of somebody else's server."""
KEY_OF_FIT = "fits/"


@dataclass(frozen=True)
class Fault:
    """One kind of fault; `kills_child` where a fit may rightly count a crash."""

    name: str
    harm: Callable[[Deployment, random.Random], None]
    setups: tuple[str, ...] = ("embedded", "outgrown")
    kills_child: bool = False
    needs: Callable[[], str | None] = lambda: None

    def missing(self) -> str | None:
        """What this machine lacks for it."""
        return self.needs()


def _signalled(role: str, number: signal.Signals) -> Callable[[Deployment, random.Random], None]:
    def harm(deployment: Deployment, generator: random.Random) -> None:
        if role.startswith("worker"):  # one that works: an idle one is no loss
            with contextlib.suppress(TimeoutError):
                wait(
                    lambda: any(row["state"] == "running" for row in deployment.rows().values()), 15, "a fit that runs"
                )
        found = deployment.of(role)
        if not found:
            raise Unavailable(f"no {role} is there just now")
        victim = generator.choice(found)
        send([victim], number)
        if number == signal.SIGSTOP:
            time.sleep(1.6 * LEASE_SECONDS)
            send([victim], signal.SIGCONT)

    return harm


def _suspended(deployment: Deployment, _: random.Random) -> None:
    """A lid that is closed: every process stands still for longer than a lease."""
    family = deployment.everything()
    send(family, signal.SIGSTOP)
    time.sleep(1.6 * LEASE_SECONDS)
    send(family, signal.SIGCONT)


def _group_terminated(deployment: Deployment, _: random.Random) -> None:
    """`systemctl restart` with its default, KillMode=control-group: SIGTERM to every process at once."""
    family = deployment.everything()
    send(family, signal.SIGTERM)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and any(process.is_running() for process in family):
        time.sleep(0.2)
    send((process for process in family if process.is_running()), signal.SIGKILL)


def _stopped_impatiently(deployment: Deployment, _: random.Random) -> None:
    """Whoever stops the service does not wait: SIGTERM to `serve` while a fit runs, then SIGKILL to it alone."""
    with contextlib.suppress(TimeoutError):
        wait(lambda: any(row["state"] == "running" for row in deployment.rows().values()), 15, "a fit that runs")
    supervisor = deployment.of("supervisor")
    send(supervisor, signal.SIGTERM)
    time.sleep(1.0)
    send(supervisor, signal.SIGKILL)


def _power_cut(deployment: Deployment, _: random.Random) -> None:
    send(deployment.everything(), signal.SIGKILL)


def _worker_group_terminated(deployment: Deployment, generator: random.Random) -> None:
    """SIGTERM to a worker and its child together."""
    victim = generator.choice(deployment.of("worker"))
    send([victim, *victim.children(recursive=True)], signal.SIGTERM)


def _broker_wiped(deployment: Deployment, _: random.Random) -> None:
    redis.Redis.from_url(deployment.broker_url()).flushall()  # type: ignore[attr-defined]


def _broker_damaged(deployment: Deployment, generator: random.Random) -> None:
    """The broker is killed, and its files have wrong bytes, or no manifest, when it starts again."""
    victims = deployment.of("broker")
    folder: Path = deployment.broker_folder()  # type: ignore[attr-defined]
    send(victims, signal.SIGSTOP)
    files = [path for path in folder.rglob("*") if path.is_file() and "aof" in path.name]
    for path in files:
        if path.name.endswith(".manifest"):
            if generator.random() < 0.5:
                path.write_bytes(b"")
        elif content := bytearray(path.read_bytes()):
            for _ in range(20):
                content[generator.randrange(len(content))] ^= 0xFF
            path.write_bytes(content)
    send(victims, signal.SIGKILL)


def _broker_with_rubbish(deployment: Deployment, generator: random.Random) -> None:
    """Messages that nobody of photfit's has sent lie in the lists of its queues."""
    connection = redis.Redis.from_url(deployment.broker_url())  # type: ignore[attr-defined]
    for queue in ("cpu", "quick"):
        with contextlib.suppress(redis.ResponseError):
            connection.lpush(queue, b"no message", generator.randbytes(40), b"{}")


def _database_locked(deployment: Deployment, _: random.Random) -> None:
    """Somebody else holds the database, as a backup or a browser of tables does."""
    begin = "begin exclusive" if deployment.name == "embedded" else "lock table fits in access exclusive mode"
    with deployment.engine().connect() as connection:
        if deployment.name == "embedded":
            with contextlib.suppress(Exception):
                connection.rollback()
            connection.connection.driver_connection.isolation_level = None  # type: ignore[union-attr]
        connection.execute(text(begin))
        time.sleep(AWAY_SECONDS)
        connection.rollback()
        if deployment.name == "embedded":
            with contextlib.suppress(Exception):
                connection.execute(text("rollback"))
            connection.connection.driver_connection.isolation_level = ""  # type: ignore[union-attr]


def _database_away(deployment: Deployment, _: random.Random) -> None:
    assert isinstance(deployment, Outgrown)
    deployment.stop_database()
    try:
        time.sleep(AWAY_SECONDS)
    finally:
        deployment.start_database()


def _store_answers(status: int) -> Callable[[Deployment, random.Random], None]:
    def harm(deployment: Deployment, _: random.Random) -> None:
        assert isinstance(deployment, Outgrown)
        deployment.store.trouble = status
        try:
            time.sleep(AWAY_SECONDS)
        finally:
            deployment.store.trouble = None

    return harm


def _store_away(deployment: Deployment, _: random.Random) -> None:
    assert isinstance(deployment, Outgrown)
    deployment.store.away()
    try:
        time.sleep(AWAY_SECONDS)
    finally:
        deployment.store.back()


def _disk_full(deployment: Deployment, _: random.Random) -> None:
    """The file system below the files has no room: what is there is taken up, and given back."""
    assert isinstance(deployment, Embedded)
    filler = deployment.blob_folder() / ".filler-of-the-disk"
    with contextlib.suppress(OSError), filler.open("wb") as file:
        while True:
            file.write(bytes(1 << 20))
            file.flush()
    try:
        time.sleep(AWAY_SECONDS)
    finally:
        filler.unlink(missing_ok=True)


def _clock_was_ahead(deployment: Deployment, _: random.Random) -> None:
    """The service starts two hours ahead (before the first NTP), is killed, and starts at the right time."""
    library = faketime_library()
    assert library is not None
    changed = {"LD_PRELOAD": library, "FAKETIME": "+2h", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    keepers = [keeper for name, keeper in deployment.keepers.items() if name != "broker"]
    for keeper in keepers:
        keeper.environment = keeper.environment | changed
    send((process for keeper in keepers for process in keeper.family()), signal.SIGKILL)
    with contextlib.suppress(TimeoutError):
        wait(lambda: any(row["state"] == "running" for row in deployment.rows().values()), 60, "a fit that runs")
    for keeper in keepers:
        keeper.environment = {name: value for name, value in keeper.environment.items() if name not in changed}
    send((process for keeper in keepers for process in keeper.family()), signal.SIGKILL)


def _killed_at_the_end(deployment: Deployment, _: random.Random) -> None:
    """The child is killed while its fit's results are being stored: between the first file and the final state."""
    seen: list[str] = []

    def look() -> bool:
        if isinstance(deployment, Outgrown):
            return bool(seen)
        running = [row for row in deployment.rows().values() if row["state"] == "running"]
        folder = deployment.blob_folder()  # type: ignore[attr-defined]
        for row in running:
            results = Path(folder, "fits", row["id"], str(row["attempt"]))
            if results.is_dir() and any(path.is_file() for path in results.iterdir()):
                seen.append(row["id"])
        return bool(seen)

    def stored(path: str) -> None:
        if f"/{KEY_OF_FIT}" in path and "/checkpoints/" not in path and "/live/" not in path:
            seen.append(path)

    if isinstance(deployment, Outgrown):
        deployment.store.stored = stored
    deadline = time.monotonic() + 30
    try:
        while not look() and time.monotonic() < deadline:
            time.sleep(0.002)
    finally:
        if isinstance(deployment, Outgrown):
            deployment.store.stored = None
    if not seen:
        raise Unavailable("no fit ended meanwhile")
    send(deployment.of("worker child"), signal.SIGKILL)


def faketime_library() -> str | None:
    """The library that changes what time it is for a process, where it is installed."""
    found = sorted(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1") + glob.glob("/usr/lib/faketime/*MT.so.1"))
    return found[0] if found else None


def can_mount() -> bool:
    """Whether a small file system can be mounted here."""
    if os.getuid() != 0 or shutil.which("mount") is None:
        return False
    place = subprocess.check_output(["mktemp", "-d"], text=True).strip()
    done = (
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], capture_output=True).returncode == 0
    )
    if done:
        subprocess.run(["umount", place], check=False)
    os.rmdir(place)
    return done


def mount_small_disk(folder: Path, mebibytes: int) -> None:
    """A file system of its own at a folder, of so many MiB."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(folder)]
    subprocess.run(command, check=True, capture_output=True)


def unmount(folder: Path) -> None:
    """The file system at a folder goes, if there is one."""
    subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)


_SIGNALS = {"kill": signal.SIGKILL, "stop and continue": signal.SIGSTOP, "term": signal.SIGTERM}
_ROLES = ("api", "broker", "worker", "worker child", "sandbox child")


def _signal_faults() -> list[Fault]:
    made = []
    for role in _ROLES:
        for word, number in _SIGNALS.items():
            if role in ("sandbox child", "worker child") and word == "term":
                continue
            killed = role == "worker child" and word == "kill"
            made.append(Fault(f"{word} {role}", _signalled(role, number), kills_child=killed))
    return made + [
        Fault(f"{word} supervisor", _signalled("supervisor", _SIGNALS[word]), ("embedded",))
        for word in ("kill", "term")
    ]


FAULTS: tuple[Fault, ...] = (
    *_signal_faults(),
    Fault("term worker and child", _worker_group_terminated),
    Fault("term everything", _group_terminated),
    Fault("kill everything", _power_cut),
    Fault("suspend everything", _suspended),
    Fault("term and kill supervisor", _stopped_impatiently, ("embedded",)),
    Fault("broker wiped", _broker_wiped),
    Fault("broker damaged", _broker_damaged, ("embedded",)),
    Fault("rubbish in the broker", _broker_with_rubbish),
    Fault("database locked", _database_locked),
    Fault("database away", _database_away, ("outgrown",)),
    Fault("store 503", _store_answers(503), ("outgrown",)),
    Fault("store 403", _store_answers(403), ("outgrown",)),
    Fault("store away", _store_away, ("outgrown",)),
    Fault(
        "disk full",
        _disk_full,
        ("embedded",),
        needs=lambda: None if can_mount() else "no tmpfs can be mounted here",
    ),
    Fault(
        "clock ahead",
        _clock_was_ahead,
        needs=lambda: None if faketime_library() else "libfaketime is not installed",
    ),
    Fault("kill at the end of a fit", _killed_at_the_end, kills_child=True),
)


def plan(setup: str, count: int, generator: random.Random, only: tuple[str, ...] = ()) -> tuple[list[Fault], list[str]]:
    """So many faults, each kind once before any comes twice; and those that this machine cannot do, with the reason."""
    possible, skipped = [], []
    for fault in FAULTS:
        if setup not in fault.setups or (only and fault.name not in only):
            continue
        reason = fault.missing()
        if reason:
            skipped.append(f"{fault.name}: {reason}")
        else:
            possible.append(fault)
    chosen: list[Fault] = []
    while possible and len(chosen) < count:
        chosen += generator.sample(possible, len(possible))
    return chosen[:count], skipped
