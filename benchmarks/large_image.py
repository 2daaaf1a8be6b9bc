"""The memory of a fit of 5 Sérsics to 2000 × 2000 pixels, measured in a process of its own.

`python -m benchmarks.large_image simulate FOLDER` writes the image and its request; `… fit FOLDER {lm|run}` fits it and
prints JSON: the peak of the resident memory during the fit, less what was resident once the inputs were loaded.
"""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.contestant import ROOT

SIDE = 2000
VARIANCE = 25.0
SKY = 20.0
GALAXIES = (
    # x, y, q, pa, n, r_e, i_e
    (1000.3, 1010.7, 0.6, 30.0, 4.0, 80.0, 60.0),
    (400.8, 500.2, 0.4, 100.0, 1.0, 60.0, 40.0),
    (1500.1, 450.6, 0.8, 60.0, 2.5, 30.0, 120.0),
    (700.4, 1600.9, 0.7, 150.0, 1.5, 45.0, 50.0),
    (1600.5, 1500.5, 0.5, 10.0, 3.0, 20.0, 200.0),
)
NAMES = ("x", "y", "q", "pa", "n", "r_e", "i_e")
OFF = (1.5, -1.5, 1.12, 12.0, 0.88, 1.15, 0.85)
"""Starts: added to x, y and pa, multiplied into the rest."""
_TIME_LIMIT = 900.0


def request_document(off: bool) -> dict[str, Any]:
    """The request at the truth, or at a start off it."""
    components: list[dict[str, Any]] = [{"name": "sky", "profile": "flat_sky", "parameters": {"i": SKY}}]
    for number, galaxy in enumerate(GALAXIES):
        values = [
            value if not off else value + by if name in ("x", "y", "pa") else value * by
            for name, value, by in zip(NAMES, galaxy, OFF, strict=True)
        ]
        parameters = dict(zip(NAMES, values, strict=True))
        components.append({"name": f"g{number}", "profile": "sersic", "parameters": parameters})
    image = {"name": "image", "data": "large.fits", "variance": {"constant": VARIANCE}}
    stages = [{"method": "lm"}] if off else []
    return {"name": "five galaxies", "images": [image], "components": components, "stages": stages}


def simulate(folder: Path) -> None:
    """Write large.fits and request.json."""
    from astropy.io import fits

    from fitting.inputs import ImageData
    from fitting.problem import Problem
    from fitting.spec import parse_request

    plane = np.zeros((SIDE, SIDE))
    empty = ImageData("image", plane, np.full_like(plane, VARIANCE), np.zeros(plane.shape, dtype=bool))
    problem = Problem(parse_request(request_document(off=False)), [empty])
    model = problem.model(problem.start())[0][0].numpy()
    noise = np.random.default_rng(7).normal(0.0, np.sqrt(VARIANCE), model.shape)
    fits.PrimaryHDU((model + noise).astype(np.float32)).writeto(folder / "large.fits", overwrite=True)
    (folder / "request.json").write_text(json.dumps(request_document(off=True)))


def fit(folder: Path, part: str) -> dict[str, Any]:
    """Fit the image by `lm` alone, or by the whole run of the request; memory in MB (10⁶ bytes)."""
    import torch

    from fitting.inputs import complete_request, load_images
    from fitting.methods.levenberg_marquardt import levenberg_marquardt
    from fitting.problem import Problem
    from fitting.run import run
    from fitting.spec import parse_request

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    request = parse_request(json.loads((folder / "request.json").read_text()))
    images = load_images(request, lambda file: folder / file)
    request = complete_request(request, images)
    resettable = _reset_peak()
    before = _resident_bytes()
    began = time.perf_counter()
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
        facts = {"chi2_reduced": result.chi2_reduced, "converged": result.converged}
    seconds = time.perf_counter() - began
    peak = _peak_bytes()
    return {
        "seconds": seconds,
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


def measure(folder: Path, threads: int) -> dict[str, Any]:
    """Simulate into `folder`, then fit by `lm` and by `run`, each in a fresh process: part → its figures."""
    _child(["simulate", str(folder)], threads)
    return {part: json.loads(_child(["fit", str(folder), part], threads)) for part in ("lm", "run")}


def _child(arguments: list[str], threads: int) -> str:
    count = str(threads)
    finished = subprocess.run(
        [sys.executable, "-m", "benchmarks.large_image", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": count, "MKL_NUM_THREADS": count},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=_TIME_LIMIT,
    )
    return finished.stdout


if __name__ == "__main__":
    if sys.argv[1] == "simulate":
        simulate(Path(sys.argv[2]))
    else:
        print(json.dumps(fit(Path(sys.argv[2]), sys.argv[3])))
