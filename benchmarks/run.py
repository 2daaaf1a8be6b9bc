"""The whole measurement: the peers' environment, the parts in turn, a JSON file and tables."""

import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks import memory, methods, report, service, side_by_side
from benchmarks.contestant import Contestant, ContestantFailed
from benchmarks.examples import NAMES, load
from benchmarks.peers import Peers, prepare
from benchmarks.scenes import SCENES

RESULTS = Path(__file__).parent / "results"
PARTS = ("engine", "methods", "starts", "memory", "large", "service")
_SCENES = {"memory": ("ten_galaxies", "five_galaxies"), "large": ("ten_galaxies_4000", "two_hundred_galaxies")}


@dataclass(frozen=True)
class Options:
    """What to measure: the name of the results, parts of PARTS, rounds, threads, starts of photfit and of each peer."""

    name: str
    parts: tuple[str, ...] = PARTS
    peers: bool = True
    rounds: int = 5
    threads: int = 2
    starts: int = 100
    peer_starts: int = 10


def run(options: Options, console: Console) -> dict[str, Any]:
    """Measure, write `results/NAME.json`, print tables; gives the results."""
    failures: dict[str, str] = {}
    results: dict[str, Any] = {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": machine(options.threads),
        "failures": failures,
    }
    with tempfile.TemporaryDirectory(prefix="photfit-bench-") as folder:
        scratch = Path(folder)
        if {"engine", "methods", "starts"} & set(options.parts):
            results |= _beside_peers(options, scratch, failures, console)
        if {"memory", "large", "service"} & set(options.parts):
            results |= _alone(options, scratch, failures, console)
    path = RESULTS / f"{options.name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(results, indent=1) + "\n")
    report.show(results, console)
    console.print(f"written to {path}")
    return results


def machine(threads: int) -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "threads": threads,
        "load_before": os.getloadavg()[0],
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "unknown")


def _beside_peers(options: Options, scratch: Path, failures: dict[str, str], console: Console) -> dict[str, Any]:
    """The parts in which contestants take turns."""
    peers = _peers(options, failures)
    results: dict[str, Any] = {}
    with ExitStack() as stack:
        contestants = _contestants(options, peers, scratch, failures, stack)
        results["versions"] = {contestant.name: contestant.versions for contestant in contestants}
        examples = [load(name) for name in NAMES]
        if "engine" in options.parts:
            results["side_by_side"] = {}
            for example in examples:
                console.print(f"{example.name}: {options.rounds} rounds …")
                tests = side_by_side.run_tests(example, contestants, options.rounds)
                results["side_by_side"][example.name] = tests
        if "methods" in options.parts:
            console.print(f"{NAMES[0]}: the methods …")
            results["methods"] = methods.run_methods(examples[0], contestants, min(options.rounds, 3))
        if "starts" in options.parts:
            counts = {"photfit": options.starts, "astrophot": options.peer_starts, "imfit": options.peer_starts}
            results["starts"] = {}
            for example in examples:
                console.print(f"{example.name}: {options.starts} starts …")
                results["starts"][example.name] = side_by_side.run_starts(example, contestants, counts)
    return results


def _peers(options: Options, failures: dict[str, str]) -> Peers | None:
    """The peers' environment, or None where none is wanted or none can be made."""
    if not options.peers:
        return None
    try:
        peers = prepare()
    except (OSError, subprocess.SubprocessError) as error:
        failures["the peers' environment"] = str(error)
        return None
    failures.update(peers.failures)
    return peers


def _contestants(
    options: Options, peers: Peers | None, scratch: Path, failures: dict[str, str], stack: ExitStack
) -> list[Contestant]:
    """photfit and the peers that start."""
    entered = [("photfit", Path(sys.executable))]
    if peers is not None:
        entered += [(name, peers.python) for name in ("astrophot", "imfit", "pysersic")]
    contestants = []
    for name, python in entered:
        contestant = stack.enter_context(Contestant(name, python, options.threads, scratch))
        try:
            contestant.greet()
        except ContestantFailed as failure:
            failures[name] = str(failure)
            continue
        contestants.append(contestant)
    return contestants


def _alone(options: Options, scratch: Path, failures: dict[str, str], console: Console) -> dict[str, Any]:
    """The parts that photfit does alone."""
    results: dict[str, Any] = {}

    def attempt(key: str, what: str, measure: Callable[[], dict[str, Any]]) -> None:
        console.print(f"{what} …")
        try:
            results[key] = measure()
        except Exception as error:  # noqa: BLE001 - what failed is part of the report
            failures[what] = f"{type(error).__name__}: {error}"

    for part, names in _SCENES.items():
        for name in names if part in options.parts else ():
            scene, folder = SCENES[name], scratch / name
            ways = ("lm", "run") if scene.method == "lm" else ("run",)
            attempt(name, scene.what, partial(memory.measure, name, folder, options.threads, ways))
    peers = _peers(options, failures) if "memory" in options.parts else None
    if peers is not None and "ten_galaxies" in results:
        measured = partial(memory.measure_astrophot, peers.python, scratch / "ten_galaxies", options.threads)
        attempt("ten_galaxies_astrophot", f"AstroPhot: {SCENES['ten_galaxies'].what}", measured)
    if "service" in options.parts:
        large = scratch / "five_galaxies"
        attempt("service", "a warm service", lambda: service.measure(scratch, large if large.exists() else None))
    return results
