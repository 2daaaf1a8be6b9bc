"""AstroPhot's `lm` on a scene: `python -m benchmarks.contestants.astrophot_scene FOLDER` prints JSON like `memory`."""

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import astrophot as ap
import numpy as np
import torch
from astropy.io import fits

from benchmarks.contestants.answering import threads
from benchmarks.contestants.astrophot import group_model

_MB_OF_KIB = 1024 / 1e6


def fit(folder: Path) -> dict[str, Any]:
    """Seconds, χ²ᵣ and the peak of the whole process's memory."""
    document = json.loads((folder / "request.json").read_text())
    start = {
        f"{component['name']}.{name}": value
        for component in document["components"]
        for name, value in component["parameters"].items()
    }
    with fits.open(folder / "scene.fits") as planes:
        data = np.array(planes[0].data, dtype=np.float64)
    variance = np.full_like(data, document["images"][0]["variance"]["constant"])
    scene = group_model(data, variance, None, start)
    before = _peak_mb()
    began = time.perf_counter()
    result = ap.fit.LM(scene, verbose=0).fit()
    seconds = time.perf_counter() - began
    chi2 = -2.0 * float(scene.gaussian_log_likelihood(scene.get_values()).detach())
    return {
        "seconds": seconds,
        "peak_extra_MB": _peak_mb() - before,
        "chi2_reduced": chi2 / (data.size - len(start)),
        "message": str(result.message),
    }


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MB_OF_KIB


if __name__ == "__main__":
    torch.set_num_threads(threads())
    print(json.dumps(fit(Path(sys.argv[1]))))
