"""Turns of two accounts on two workers: how soon one's single fits start while thousands of the other's wait.

    python -m benchmarks.turns SCRATCH --waiting 5000 --singles 10 --queued 10000

Prints JSON, and ends with 1 where one of these does not hold: each single fit starts within 5 s more than the longest
running fit needs; the broker holds a few messages at most, however many fits wait; and after all are cancelled, a new
fit starts within 2 s. Single fits go through the API, as their account's. The crowd is one fit through the API, and
copies of its record.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
import redis
from sqlalchemy import Engine, func, insert, select, update

from benchmarks.examples import FOLDER
from jobs.accounts.accounts import add_user, make_key
from jobs.clock import database_now
from jobs.ids import new_id
from jobs.lifecycle.events import client_url
from jobs.queues.queue_choice import QUEUES
from jobs.settings import Settings
from jobs.storage.database import connect
from jobs.storage.schema import FINAL_STATES, FitRecord
from photfit.broker import Address
from photfit.demo import service
from photfit.submission import local_files, read_request

WORKERS = 2
MOST_MESSAGES = 2 * len(QUEUES)
LATEST_SECONDS = 5.0
"""Beyond what the longest running fit needs."""
NEW_SECONDS = 2.0
_LOOK_SECONDS = 0.05
_PATIENCE_SECONDS = 300.0


@dataclass
class Account:
    """An account and its connection."""

    user_id: str
    http: httpx.Client
    body: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def make(cls, engine: Engine, url: str, name: str) -> "Account":
        """A new one, with the example's file uploaded."""
        user = add_user(engine, name)
        assert user is not None
        _, key = make_key(engine, user.id, "benchmark", ["read", "submit"])
        http = httpx.Client(base_url=url, timeout=60.0, trust_env=False, headers={"Authorization": f"Bearer {key}"})
        path = FOLDER / "three_galaxies" / "request.json"
        request = read_request(path)
        names = {
            name: http.post("/v1/uploads", content=file.read_bytes()).raise_for_status().json()["id"]
            for name, file in local_files(request, path).items()
        }
        return cls(user.id, http, request.with_references(names).document())

    def submit(self) -> dict[str, Any]:
        """One fit, as it was accepted."""
        document: dict[str, Any] = self.http.post("/v1/fits", json=self.body).raise_for_status().json()
        return document


@dataclass
class Broker:
    """The service's own broker, and the most messages that its queues held at any look."""

    client: redis.Redis
    most: int = 0

    def look(self) -> int:
        """Messages in all queues now."""
        now = sum(int(self.client.llen(queue)) for queue in QUEUES)
        self.most = max(self.most, now)
        return now


def measure(scratch: Path, waiting: int, singles: int, queued: int) -> dict[str, Any]:
    """All three, on a service of its own below `scratch`."""
    many = str(10 * queued)
    environment = {"PHOTFIT_QUOTA_QUEUED_FITS": many, "PHOTFIT_REQUESTS_PER_MINUTE": many}
    options = ("--accounts", "--workers", str(WORKERS), "--quick-workers", "0")
    with service(scratch / "service", options, environment) as url:
        data = scratch / "service" / "service"
        engine = connect(Settings(data_dir=data))
        address = Address(socket_path=str((data / "broker" / "broker.sock").absolute()))
        broker = Broker(redis.Redis.from_url(client_url(address.url())))
        vera, jan = (Account.make(engine, url, name) for name in ("vera", "jan"))
        _single(engine, jan, broker)  # every part is warm
        _crowd(engine, vera, waiting)
        _wait(lambda: _count(engine, "running") == WORKERS, broker)
        waits = [_single(engine, jan, broker) for _ in range(singles)]
        longest = _longest(engine, vera.user_id)
        left = _count(engine, "queued")
        _crowd(engine, vera, queued - left)
        until = time.monotonic() + 10.0
        _wait(lambda: time.monotonic() > until, broker)
        full = _count(engine, "queued")
        _cancel_all(engine)
        new = _single(engine, jan, broker)
        found = {
            "load_average": psutil.getloadavg()[0],
            "waiting": waiting,
            "longest_running_fit_s": longest,
            "single_fits_waited_s": [wait.waited_s for wait in waits],
            "single_fits_were_told_s": [wait.told_s for wait in waits],
            "still_waiting_after_them": left,
            "queued": full,
            "most_messages": broker.most,
            "new_fit_after_all_were_cancelled_s": new.waited_s,
        }
        engine.dispose()
    holds = {
        "single fits": max(wait.waited_s for wait in waits) <= longest + LATEST_SECONDS,
        "messages": broker.most <= MOST_MESSAGES,
        "new fit": new.waited_s <= NEW_SECONDS,
    }
    return found | {"holds": holds}


@dataclass(frozen=True)
class Waited:
    """Seconds from a fit's acceptance to its start, as they were and as it was told on acceptance."""

    waited_s: float
    told_s: float | None


def _single(engine: Engine, account: Account, broker: Broker) -> Waited:
    """One fit of an account, to its end."""
    accepted = account.submit()
    told = accepted["queue"] and accepted["queue"]["estimated_start"]
    record = _wait(lambda: _ended(engine, accepted["id"]), broker)
    assert record.started_at is not None
    estimate = None if not told else (datetime.fromisoformat(told) - record.created_at).total_seconds()
    return Waited((record.started_at - record.created_at).total_seconds(), estimate)


def _ended(engine: Engine, fit_id: str) -> Any:
    query = select(FitRecord.created_at, FitRecord.started_at).where(
        FitRecord.id == fit_id, FitRecord.state.in_(FINAL_STATES)
    )
    with engine.connect() as connection:
        return connection.execute(query).one_or_none()


def _crowd(engine: Engine, account: Account, number: int) -> None:
    """So many fits of an account, all waiting."""
    first = account.submit()["id"]
    fits = FitRecord.__table__
    with engine.connect() as connection:
        row = dict(connection.execute(select(fits).where(fits.c.id == first)).mappings().one())
    row |= {"state": "queued", "attempt": 0, "worker": None, "task_id": None, "lease_until": None}
    row |= {"started_at": None, "finished_at": None, "progress": None, "created_at": datetime.now(UTC)}
    with engine.begin() as connection:
        connection.execute(insert(fits), [row | {"id": new_id("fit")} for _ in range(number - 1)])  # type: ignore[arg-type]


def _cancel_all(engine: Engine) -> None:
    """What `request_cancel` does to a fit that waits, to all of them."""
    with engine.begin() as connection:
        values = {"state": "cancelled", "finished_at": database_now(), "version": FitRecord.version + 1}
        connection.execute(update(FitRecord).where(FitRecord.state == "queued").values(values))


def _longest(engine: Engine, owner: str) -> float:
    """Seconds that the longest of an account's fits ran."""
    query = select(FitRecord.started_at, FitRecord.finished_at).where(
        FitRecord.owner == owner, FitRecord.state == "succeeded"
    )
    with engine.connect() as connection:
        return max((end - start).total_seconds() for start, end in connection.execute(query) if start and end)


def _count(engine: Engine, state: str) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).where(FitRecord.state == state)) or 0


def _wait(condition: Callable[[], Any], broker: Broker) -> Any:
    """The first true value of a condition, with looks at the broker meanwhile."""
    for _ in _looks():
        broker.look()
        if value := condition():
            return value
    raise TimeoutError(f"nothing came of it within {_PATIENCE_SECONDS:g} s")


def _looks() -> Iterator[None]:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        yield
        time.sleep(_LOOK_SECONDS)


def main() -> None:
    """Measure, print what was seen, and say by the exit code whether it holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scratch", type=Path, help="folder for the service's state")
    parser.add_argument("--waiting", type=int, default=5000, help="fits of one account")
    parser.add_argument("--singles", type=int, default=10, help="fits of the other, one after the other")
    parser.add_argument("--queued", type=int, default=10_000, help="fits that wait before all are cancelled")
    options = parser.parse_args()
    found = measure(options.scratch, options.waiting, options.singles, options.queued)
    json.dump(found, sys.stdout, indent=2)
    print()
    sys.exit(not all(found["holds"].values()))


if __name__ == "__main__":
    main()
