"""`python -m benchmarks.gpu`: the engine on a GPU beside the CPU of the same machine; writes results/gpu.json.

The three questions on the three galaxies and on the ten of 500×500 pixels; `lm` on every scene that `lm` fits, and
`iterative_components` on two hundred galaxies on the GPU alone. Questions take turns and the median counts; images are
simulated in memory.
"""

import datetime
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from benchmarks.examples import FOLDER, load
from benchmarks.run import RESULTS, machine
from benchmarks.scenes import SCENES, VARIANCE, noisy
from fitting.inputs import ImageData
from fitting.methods.minimizers import levenberg_marquardt
from fitting.problem import Problem
from fitting.run import run
from fitting.spec import FitRequest, parse_request

ROUNDS = 15
CPU_TOO_LARGE = ("ten_galaxies_4000", "two_hundred_galaxies")
"""Scenes that are fitted on the GPU alone."""
DEVICES = ("cpu", "cuda")
QUESTIONS = ("value", "value_and_gradient", "normal_equations")


@dataclass(frozen=True)
class Case:
    """A request and its image."""

    name: str
    request: FitRequest
    image: ImageData

    def problem(self, device: str) -> Problem:
        """On a device."""
        return Problem(self.request, [self.image], device)


def three_galaxies() -> Case:
    """The example, from the tutorial's start."""
    example = load("three_galaxies")
    document = json.loads((FOLDER / "three_galaxies" / "request.json").read_text())
    masked = np.zeros(example.data.shape, dtype=bool)
    return Case("three_galaxies", parse_request(document), ImageData("image", example.data, example.variance, masked))


def simulated(name: str) -> Case:
    """A scene, drawn on the GPU."""
    scene = SCENES[name]
    data = noisy(scene, "cuda")
    image = ImageData("image", data, np.full_like(data, VARIANCE), np.zeros(data.shape, dtype=bool))
    return Case(name, parse_request(scene.request(off=True)), image)


def timed(ask: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds until the answer is in hand, and the answer."""
    torch.cuda.synchronize()
    began = time.perf_counter()
    answer = ask()
    torch.cuda.synchronize()
    return time.perf_counter() - began, answer


def questions(case: Case, batch: int = 1) -> dict[str, dict[str, float]]:
    """Milliseconds of each question, by device; of a batch of θ as a whole."""
    asked: dict[str, dict[str, list[float]]] = {}
    problems = {device: case.problem(device) for device in DEVICES}
    generator = torch.Generator().manual_seed(1)
    for turn in range(ROUNDS + 1):
        for device, problem in problems.items():
            start = problem.start().repeat(batch, 1)
            for name in QUESTIONS:
                theta = start + 1e-3 * torch.randn(start.shape, generator=generator, dtype=torch.float64)
                seconds, _ = timed(lambda ask=getattr(problem, name), theta=theta: ask(theta))
                if turn:
                    asked.setdefault(name, {}).setdefault(device, []).append(1e3 * seconds)
    return {name: {device: statistics.median(times) for device, times in own.items()} for name, own in asked.items()}


def fits(case: Case, turns: int) -> dict[str, dict[str, Any]]:
    """`lm` on each device, the median time of some fits, the first left out where there is more than one."""
    rows: dict[str, dict[str, Any]] = {}
    for device in DEVICES:
        if device == "cpu" and case.name in CPU_TOO_LARGE:
            continue
        torch.cuda.reset_peak_memory_stats()
        times = []
        for _ in range(turns):
            problem = case.problem(device)
            seconds, end = timed(lambda problem=problem: levenberg_marquardt(problem, problem.start()))
            times.append(seconds)
        rows[device] = {
            "seconds": statistics.median(times[1:] or times),
            "first_seconds": times[0],
            "chi2_reduced": float(end.equations.chi2) / problem.degrees_of_freedom,
            "iterations": end.iterations,
            "converged": end.converged,
        }
        if device == "cuda":
            rows[device]["gpu_MB"] = torch.cuda.max_memory_allocated() / 1e6
    return rows


def whole(case: Case) -> dict[str, Any]:
    """The whole run of the request on the GPU."""
    torch.cuda.reset_peak_memory_stats()
    seconds, result = timed(lambda: run(case.request, [case.image], device="cuda"))
    return {
        "seconds": seconds,
        "chi2_reduced": result.chi2_reduced,
        "converged": result.converged,
        "gpu_MB": torch.cuda.max_memory_allocated() / 1e6,
    }


def main() -> None:
    """Measure, print and write."""
    if not torch.cuda.is_available():
        sys.exit("no CUDA device")
    results: dict[str, Any] = {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": machine(torch.get_num_threads()),
        "gpu": torch.cuda.get_device_name(),
        "torch": torch.__version__,
    }

    def tell(what: str, figures: Any) -> None:
        results[what] = figures
        print(what, json.dumps(figures), flush=True)
        (RESULTS / "gpu.json").write_text(json.dumps(results, indent=1) + "\n")

    small, ten = three_galaxies(), simulated("ten_galaxies")
    tell("three_galaxies", {"questions_ms": questions(small), "lm": fits(small, 8)})
    tell("three_galaxies, 64 at once", {"questions_ms": questions(small, 64)})
    tell("ten_galaxies", {"questions_ms": questions(ten), "lm": fits(ten, 4)})
    tell("five_galaxies", {"lm": fits(simulated("five_galaxies"), 2)})
    tell("ten_galaxies_4000", {"lm": fits(simulated("ten_galaxies_4000"), 2)})
    tell("two_hundred_galaxies", {"iterative_components": whole(simulated("two_hundred_galaxies"))})


if __name__ == "__main__":
    main()
