"""Time and memory of fits of whole scenes, each in a process of its own.

`python -m benchmarks.memory simulate SCENE FOLDER` writes an image and its request; `… fit FOLDER {method|run}` fits it
and prints JSON: the peak of the resident memory during the fit, less what was resident once the inputs were loaded.
"""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.contestant import ROOT
from benchmarks.scenes import simulate

_TIME_LIMIT = 1800.0


def fit(folder: Path, part: str) -> dict[str, Any]:
    """Fit the image by `lm` alone, or by the whole run of the request; memory in MB (10⁶ bytes)."""
    import torch

    from fitting.first_values import complete_request
    from fitting.inputs import load_images
    from fitting.methods.minimizers import levenberg_marquardt
    from fitting.problem import Problem
    from fitting.render import compiled
    from fitting.run import run
    from fitting.spec import parse_request

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    request = parse_request(json.loads((folder / "request.json").read_text()))
    images = load_images(request, lambda file: folder / file)
    request = complete_request(request, images)
    if any(stage.method != "lm" for stage in request.stages):
        compiled.load()  # as `photfit fit` does
    resettable = _reset_peak()
    before = _resident_bytes()
    began, processor = time.perf_counter(), time.process_time()
    if part == "lm":
        problem = Problem(request, images)
        end = levenberg_marquardt(problem, problem.start())
        facts = {
            "chi2_reduced": float(end.equations.chi2) / problem.degrees_of_freedom,
            "iterations": end.iterations,
            "converged": end.converged,
        }
    else:
        result = run(request, images)
        stages = [stage.message for stage in result.stages]
        facts = {"chi2_reduced": result.chi2_reduced, "converged": result.converged, "stages": stages}
    seconds, processor = time.perf_counter() - began, time.process_time() - processor
    peak = _peak_bytes()
    return {
        "seconds": seconds,
        "processor_seconds": processor,
        "resident_before_MB": before / 1e6,
        "peak_extra_MB": (peak - before) / 1e6,
        "peak_since_inputs": resettable,
        **facts,
    }


def _reset_peak() -> bool:
    """Start the kernel's count of the peak anew; False where that is not allowed (then it counts from the start)."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def _status_bytes(field: str) -> int | None:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(field + ":")), None)


def _resident_bytes() -> int:
    return _status_bytes("VmRSS") or _largest_resident()


def _peak_bytes() -> int:
    return _status_bytes("VmHWM") or _largest_resident()


def _largest_resident() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def measure(scene: str, folder: Path, threads: int, parts: tuple[str, ...] = ("lm", "run")) -> dict[str, Any]:
    """Simulate a scene into `folder`, then fit it by each part in a fresh process: part → its figures."""
    folder.mkdir(exist_ok=True)
    _child(Path(sys.executable), ["benchmarks.memory", "simulate", scene, str(folder)], threads)
    ours = {
        part: _child(Path(sys.executable), ["benchmarks.memory", "fit", str(folder), part], threads) for part in parts
    }
    return {part: json.loads(text) for part, text in ours.items()}


def measure_astrophot(python: Path, folder: Path, threads: int) -> dict[str, Any]:
    """The same of AstroPhot's `lm` on a scene that is in `folder`; `python` is of the peers' environment."""
    found: dict[str, Any] = json.loads(_child(python, ["benchmarks.contestants.astrophot_scene", str(folder)], threads))
    return found


def _child(python: Path, arguments: list[str], threads: int) -> str:
    count = str(threads)
    finished = subprocess.run(
        [str(python), "-m", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": count, "MKL_NUM_THREADS": count},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=_TIME_LIMIT,
    )
    return finished.stdout


if __name__ == "__main__":
    if sys.argv[1] == "simulate":
        simulate(sys.argv[2], Path(sys.argv[3]))
    else:
        print(json.dumps(fit(Path(sys.argv[2]), sys.argv[3])))
