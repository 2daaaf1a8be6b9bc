"""What a fit costs a service: seconds of CPU by process, and bytes of disk, for kinds of fits that users ask for.

    python -m benchmarks.sizing SCRATCH

Each kind is asked for several times, one after the other, of a service of its own. CPU is that of the whole tree of
processes (API, its children that read files, broker, worker and its child), which a busy machine does not change as it
changes the clock. Prints JSON, and writes results/sizing.json.
"""

import argparse
import io
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil

from benchmarks.examples import FOLDER
from benchmarks.simulated_galaxies import drawn, psf
from photfit.answers import FINAL_STATES
from photfit.demo import service
from photfit.submission import local_files, read_request

RESULTS = Path(__file__).parent / "results" / "sizing.json"
_WAIT_SECONDS = 600.0
_SIDE = 64
_CUTOUTS = 200

Asked = Callable[[httpx.Client], None]
"""Asks for one, and waits for its end."""


@dataclass(frozen=True)
class Kind:
    """A kind of work.

    Attributes:
        name: for the table.
        ask: how one is asked for; called once beforehand, which is not counted.
        times: how often.
        objects: fits in one of them.
    """

    name: str
    ask: Asked
    times: int
    objects: int = 1


def measure(scratch: Path) -> dict[str, Any]:
    """Every kind on one service, whose state goes below `scratch`."""
    with service(scratch / "service") as url, httpx.Client(base_url=url, timeout=60.0, trust_env=False) as http:
        data = scratch / "service" / "service"
        rows = [_cost(kind, http, data) for kind in _kinds(http)]
        idle = _idle(http)
        memory: dict[str, int] = {}
        for name, process in _processes():
            memory[name] = memory.get(name, 0) + process.memory_info().rss // 2**20
    return {"kinds": rows, "idle": idle, "resident_mib": memory, "load_average": psutil.getloadavg()[0]}


def _kinds(http: httpx.Client) -> list[Kind]:
    three = _example(http, "three_galaxies_psf")
    small = _cutout_request(http)
    nuts = small | {"stages": [{"method": "lm"}, {"method": "nuts", "chains": 4, "warmup": 200, "samples": 250}]}
    importance = small | {"stages": [{"method": "lm"}, {"method": "importance"}]}
    return [
        Kind("upload of 64² pixels", lambda http: _upload(http), 20),
        Kind("lm, one Sérsic on 64² pixels", lambda http: _fit(http, small), 20),
        Kind("lm, three Sérsics on 99² pixels with a PSF", lambda http: _fit(http, three), 20),
        Kind("importance, one Sérsic on 64² pixels", lambda http: _fit(http, importance), 5),
        Kind("nuts, 4 × (200 + 250), one Sérsic on 64² pixels", lambda http: _fit(http, nuts), 2),
        Kind(f"a catalogue of {_CUTOUTS} cutouts of 64² pixels", _catalogue, 2, _CUTOUTS),
    ]


def _cost(kind: Kind, http: httpx.Client, data: Path) -> dict[str, Any]:
    kind.ask(http)
    before, stored = _cpu(), _stored(data)
    began = time.perf_counter()
    for _ in range(kind.times):
        kind.ask(http)
    elapsed = time.perf_counter() - began
    after, now = _cpu(), _stored(data)
    each = kind.times * kind.objects
    return {
        "kind": kind.name,
        "seconds": elapsed / each,
        "cpu_seconds": {name: round((after[name] - before.get(name, 0.0)) / each, 4) for name in after},
        "cpu_seconds_in_all": round((sum(after.values()) - sum(before.values())) / each, 4),
        "file_bytes": round((now["files"] - stored["files"]) / each),
        "database_bytes": round((now["database"] - stored["database"]) / each),
    }


def _idle(http: httpx.Client) -> dict[str, float]:
    """Shares of a core that the processes take while nothing is asked of them."""
    seconds = 20.0
    before = _cpu()
    time.sleep(seconds)
    after = _cpu()
    http.get("/healthz").raise_for_status()
    return {name: round((after[name] - before.get(name, 0.0)) / seconds, 4) for name in after}


def _processes() -> list[tuple[str, psutil.Process]]:
    """The service's processes, each by what it is for."""
    supervisor = psutil.Process().children()[0]
    found = [("supervisor", supervisor)]
    for process in supervisor.children(recursive=True):
        words = " ".join(process.cmdline())
        name = "API" if words.endswith("-m app") else "worker" if "-m worker" in words else "broker"
        if "redis" not in words and "valkey" not in words and name == "broker":
            parents = [parent.pid for parent in process.parents()]
            name = next((kind for kind, other in found if other.pid in parents and kind != "supervisor"), "other")
            name = name if name.endswith("children") else f"{name}'s children"
        found.append((name, process))
    return found


def _cpu() -> dict[str, float]:
    """Seconds that processes and their ended children have taken, by what they are for."""
    taken: dict[str, float] = {}
    for name, process in _processes():
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        key = name.removesuffix("'s children")
        taken[key] = taken.get(key, 0.0) + sum(times[:4])
    return taken


def _stored(data: Path) -> dict[str, int]:
    """Bytes of the data directory: of the database with its log, and of all else."""
    sizes = {"files": 0, "database": 0}
    for path in data.rglob("*"):
        if path.is_file():
            sizes["database" if ".sqlite" in path.name or path.suffix == ".db" else "files"] += path.stat().st_size
    return sizes


def _example(http: httpx.Client, name: str) -> dict[str, Any]:
    path = FOLDER / name / "request.json"
    request = read_request(path)
    uploads = {
        file: http.post("/v1/uploads", content=local.read_bytes()).raise_for_status().json()["id"]
        for file, local in local_files(request, path).items()
    }
    return request.with_references(uploads).document()


def _cutout(seed: int) -> np.ndarray:
    """A galaxy of 64² pixels with noise of 1; simple, since its cost counts and not its truth."""
    random = np.random.default_rng(seed)
    truth = drawn(random, _SIDE)
    y, x = np.mgrid[:_SIDE, :_SIDE]
    radius = np.hypot(x - truth["x"], (y - truth["y"]) / truth["q"]) / 5.0
    return np.asarray(10.0 + 50.0 * np.exp(-1.678 * radius) + random.normal(0.0, 1.0, x.shape))


def _npy(array: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


def _upload(http: httpx.Client) -> str:
    """A new file each time: the same bytes would be kept once."""
    body = _npy(_cutout(time.perf_counter_ns() % 2**32))
    return str(http.post("/v1/uploads", content=body).raise_for_status().json()["id"])


def _cutout_request(http: httpx.Client) -> dict[str, Any]:
    kernel = http.post("/v1/uploads", content=_npy(psf())).raise_for_status().json()["id"]
    image = {"data": _upload(http), "variance": {"constant": 1.0}, "psf": kernel}
    components = [{"name": "sky", "profile": "flat_sky"}, {"name": "g", "profile": "sersic"}]
    return {"images": [image], "components": components, "stages": [{"method": "lm"}]}


def _fit(http: httpx.Client, request: dict[str, Any]) -> None:
    _wait(http, http.post("/v1/fits", json=request))


def _catalogue(http: httpx.Client) -> None:
    first = time.perf_counter_ns() % 2**31
    cube = np.stack([_cutout(first + number) for number in range(_CUTOUTS)])
    upload = http.post("/v1/uploads", content=_npy(cube)).raise_for_status().json()["id"]
    template = _cutout_request(http)
    template["images"][0]["data"] = {"column": "slice"}
    objects = [{"slice": number} for number in range(_CUTOUTS)]
    body = {"objects": {"rows": objects}, "files": {"upload": upload}, "template": template}
    _wait(http, http.post("/v1/catalogues", json=body))


def _wait(http: httpx.Client, accepted: httpx.Response) -> None:
    assert accepted.status_code in (200, 202), accepted.text
    address = accepted.json()["links"]["self"]
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        document = http.get(address, params={"wait": 20}).raise_for_status().json()
        if document["state"] in FINAL_STATES:
            assert document["state"] == "succeeded", document
            return
    raise TimeoutError(address)


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scratch", type=Path, help="folder for the service's state")
    found = measure(parser.parse_args().scratch)
    text = json.dumps(found, indent=2, ensure_ascii=False) + "\n"
    RESULTS.write_text(text, "utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
