"""Many clients at once: submissions mixed with polling and event streams, and what the API's memory does meanwhile.

    python -m benchmarks.load SCRATCH --clients 50 --submissions 1000 --seconds 60

Clients submit in their own rhythm, so that all submissions together fill the time; after each, a client polls its fit
or follows its event stream to the end. Prints JSON: seconds of submissions and of status reads, every error, the API's
memory.
"""

import argparse
import asyncio
import io
import json
import random
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil

from benchmarks.service import summary
from photfit.answers import FINAL_STATES
from photfit.demo import service

_POLL_SECONDS = 0.5
_LOOK_SECONDS = 1.0
_WAIT_SECONDS = 300.0
_STREAMS = 0.3
"""Part of the fits that are followed by an event stream; the others are polled."""


@dataclass
class Seen:
    """What the clients have seen."""

    submissions: list[float] = field(default_factory=list)
    reads: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    streams: int = 0


def measure(scratch: Path, clients: int, submissions: int, seconds: float) -> dict[str, Any]:
    """A service of its own under load; its state goes below `scratch`."""
    with service(scratch / "service") as url:
        api = _api_process(url)
        memory: list[float] = []
        done = threading.Event()
        watching = threading.Thread(target=_watch, args=(api, memory, done))
        watching.start()
        began = time.perf_counter()
        seen = asyncio.run(_all(url, clients, submissions, seconds))
        elapsed = time.perf_counter() - began
        done.set()
        watching.join()
    return {
        "clients": clients,
        "submissions": submissions,
        "seconds": elapsed,
        "load_average": psutil.getloadavg()[0],
        "cores": psutil.cpu_count(),
        "submission": summary(seen.submissions),
        "status_read": summary(seen.reads),
        "streams": seen.streams,
        "errors": dict(seen.errors),
        "ends": dict(seen.ends),
        "api_memory_mib": _trend(memory),
    }


async def _all(url: str, clients: int, submissions: int, seconds: float) -> Seen:
    seen = Seen()
    limits = httpx.Limits(max_connections=4 * clients, max_keepalive_connections=4 * clients)
    async with httpx.AsyncClient(base_url=url, timeout=60.0, trust_env=False, limits=limits) as http:
        body = await _request(http)
        each = submissions // clients
        await asyncio.gather(*(_client(http, body, number, each, seconds / each, seen) for number in range(clients)))
    return seen


async def _request(http: httpx.AsyncClient) -> dict[str, Any]:
    """A preview of a small image: as little as a fit can be, so that the service is measured and not the engine."""
    content = io.BytesIO()
    np.save(content, np.random.default_rng(1).normal(10.0, 1.0, (64, 64)))
    upload = (await http.post("/v1/uploads", content=content.getvalue())).raise_for_status().json()["id"]
    sky = {"name": "sky", "profile": "flat_sky", "parameters": {"i": 10.0}}
    return {"images": [{"data": upload, "variance": {"constant": 1.0}}], "components": [sky], "stages": []}


async def _client(
    http: httpx.AsyncClient, body: dict[str, Any], number: int, submissions: int, pause: float, seen: Seen
) -> None:
    """One client: it submits in its rhythm, and follows each fit beside that."""
    dice = random.Random(number)  # noqa: S311 - a rhythm, and the same each time
    await asyncio.sleep(dice.random() * pause)
    following = []
    for _ in range(submissions):
        began = time.perf_counter()
        address = await _submit(http, body, seen)
        if address is not None:
            follow = _stream if dice.random() < _STREAMS else _poll
            following.append(asyncio.create_task(follow(http, address, seen)))
        await asyncio.sleep(max(0.0, pause - (time.perf_counter() - began)))
    await asyncio.gather(*following)


async def _submit(http: httpx.AsyncClient, body: dict[str, Any], seen: Seen) -> str | None:
    began = time.perf_counter()
    try:
        response = await http.post("/v1/fits", json=body)
    except httpx.HTTPError as error:
        seen.errors[f"submission: {type(error).__name__}"] += 1
        return None
    seen.submissions.append(time.perf_counter() - began)
    if response.status_code != 202:
        seen.errors[f"submission: {response.status_code}"] += 1
        return None
    address: str = response.json()["links"]["self"]
    return address


async def _poll(http: httpx.AsyncClient, address: str, seen: Seen) -> None:
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        began = time.perf_counter()
        try:
            response = await http.get(address)
        except httpx.HTTPError as error:
            seen.errors[f"status: {type(error).__name__}"] += 1
            return
        seen.reads.append(time.perf_counter() - began)
        if response.status_code != 200:
            seen.errors[f"status: {response.status_code}"] += 1
            return
        if (state := response.json()["state"]) in FINAL_STATES:
            seen.ends[state] += 1
            return
        await asyncio.sleep(_POLL_SECONDS)
    seen.errors["status: not finished in time"] += 1


async def _stream(http: httpx.AsyncClient, address: str, seen: Seen) -> None:
    seen.streams += 1
    try:
        async with http.stream("GET", f"{address}/events", timeout=_WAIT_SECONDS) as response:
            event = ""
            async for line in response.aiter_lines():
                if line.startswith("event:"):
                    event = line.removeprefix("event:").strip()
                elif line.startswith("data:") and event == "finished":
                    seen.ends[json.loads(line.removeprefix("data:"))["state"]] += 1
                    return
    except httpx.HTTPError as error:
        seen.errors[f"stream: {type(error).__name__}"] += 1
        return
    seen.errors["stream: ended without its last event"] += 1


def _api_process(url: str) -> psutil.Process:
    """The API's process among this program's descendants."""
    for process in psutil.Process().children(recursive=True):
        if process.cmdline()[-2:] == ["-m", "app"]:
            return process
    raise LookupError(f"no process serves {url}")


def _watch(process: psutil.Process, memory: list[float], done: threading.Event) -> None:
    while not done.wait(_LOOK_SECONDS):
        memory.append(process.memory_info().rss / 2**20)


def _trend(memory: list[float]) -> dict[str, float]:
    """Resident memory: after a tenth of the time, when all is loaded, at the end, at most, and its slope in between."""
    settled = memory[len(memory) // 10 :]
    minutes = np.arange(len(settled)) * _LOOK_SECONDS / 60.0
    slope = float(np.polyfit(minutes, settled, 1)[0]) if len(settled) > 1 else 0.0
    return {"settled": settled[0], "end": settled[-1], "most": max(memory), "slope_per_minute": slope}


def main() -> None:
    """Measure, and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scratch", type=Path, help="folder for the service's state")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--submissions", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=60.0, help="over which the submissions are spread")
    options = parser.parse_args()
    seen = measure(options.scratch, options.clients, options.submissions, options.seconds)
    json.dump(seen, sys.stdout, indent=2)


if __name__ == "__main__":
    main()
