"""How many objects a second? 5,000 simulated cutouts in batches, one by one with and without compiled loops, and by
pyimfit where it is installed.

`python -m benchmarks.catalogues` (`make bench-catalogues`) draws Sérsic galaxies of signal-to-noise 20 to 500 on a sky,
64 × 64 pixels, blurred by 21 × 21 pixels, by a renderer of its own (`benchmarks.simulated_galaxies`). All fits start
with every parameter off the truth: n, r_e, i_e and q by 25 %, positions by a pixel, angles by 20 degrees. Two processes
with one thread each take blocks of objects; in a block every contestant fits the same ones, one contestant after the
other, so that what else the machine does falls on all alike. pyimfit fits the first few of each block.

Rates are objects a second of both processes by the wall clock; beside them stand milliseconds of processor time an
object. Pulls are (value − truth)/uncertainty. Writes results/catalogues.json.
"""

import itertools
import json
import math
import multiprocessing
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch

from benchmarks.contestant import ROOT
from benchmarks.simulated_galaxies import NAMES, SIGMA, SKY, drawn, light, psf
from fitting.batch import fit_batch
from fitting.inputs import ImageData
from fitting.problem.components import radial_group
from fitting.render import compiled
from fitting.render.radial import quadrature_plan
from fitting.results import FitResult
from fitting.run import run
from fitting.spec import FitRequest, parse_request

SIDE = 64
OFF = 0.25
BLOCK = 125
"""Objects that one process fits at a time by each contestant."""
BINS = (20.0, 60.0, 170.0, 500.0)
"""Edges in signal-to-noise of the rows of the recovery."""
WRONG = 25.0
"""χ² above that of the truth from which an end is another minimum: five standard deviations."""
Pulls = dict[str, float]


@dataclass(frozen=True)
class Simulated:
    """A cutout, its truth and where fits start."""

    data: np.ndarray
    truth: dict[str, float]
    start: dict[str, float]
    signal_to_noise: float
    chi2_of_truth: float


@dataclass(frozen=True)
class Fitted:
    """Where one contestant ended: χ² above the truth's, and pulls by parameter (none where it gave no uncertainty)."""

    above: float
    converged: bool
    pulls: Pulls


def simulate(random: np.random.Generator) -> Simulated:
    """One object."""
    truth = drawn(random, SIDE)
    image = light(truth, SIDE)
    wanted = math.exp(random.uniform(math.log(BINS[0]), math.log(BINS[-1])))
    factor = wanted * SIGMA / float(np.sqrt((image**2).sum()))
    truth["i_e"] = factor
    noise = random.normal(0.0, SIGMA, image.shape)
    start = {name: value * math.exp(OFF * random.choice((-1.0, 1.0))) for name, value in truth.items()}
    start |= {name: truth[name] + random.choice((-1.0, 1.0)) for name in ("x", "y")}
    start |= {"pa": truth["pa"] + 20.0 * random.choice((-1.0, 1.0)), "q": min(start["q"], 0.95)}
    chi2 = float((noise**2).sum()) / SIGMA**2
    return Simulated(factor * image + SKY + noise, truth, start, wanted, chi2)


def _entered(objects: Sequence[Simulated]) -> tuple[list[FitRequest], list[list[ImageData]]]:
    variance, mask = np.full((SIDE, SIDE), SIGMA**2), np.zeros((SIDE, SIDE), dtype=bool)
    images = [{"name": "r", "data": "cutout.fits", "psf": "psf.fits"}]
    requests = []
    for item in objects:
        sky = {"name": "sky", "profile": "flat_sky", "parameters": {"i": SKY * 1.02}}
        galaxy = {"name": "g", "profile": "sersic", "parameters": item.start}
        requests.append(parse_request({"images": images, "components": [sky, galaxy], "stages": [{"method": "lm"}]}))
    return requests, [[ImageData("r", item.data, variance, mask, psf=psf())] for item in objects]


def _of_result(item: Simulated, result: FitResult) -> Fitted:
    pulls = {}
    for parameter in result.parameters:
        truth = SKY if parameter.name == "sky.i" else item.truth[parameter.name.removeprefix("g.")]
        off = parameter.value - truth
        if parameter.name == "g.pa":
            off = (off + 90.0) % 180.0 - 90.0
        if parameter.uncertainty and not parameter.at_limit:
            pulls[parameter.name] = off / parameter.uncertainty
    return Fitted(result.chi2 - item.chi2_of_truth, result.converged, pulls)


def _batch(objects: Sequence[Simulated]) -> list[Fitted]:
    ends = fit_batch(*_entered(objects))
    return [_of_result(item, end) for item, end in zip(objects, ends, strict=True) if isinstance(end, FitResult)]


def _one_by_one(objects: Sequence[Simulated]) -> list[Fitted]:
    requests, images = _entered(objects)
    return [
        _of_result(item, run(request, planes)) for item, request, planes in zip(objects, requests, images, strict=True)
    ]


def _by_tensors(objects: Sequence[Simulated]) -> list[Fitted]:
    """One by one without compiled loops, as where numba is not installed."""
    compiled.unload()
    try:
        return _one_by_one(objects)
    finally:
        compiled.load()


def _pyimfit(objects: Sequence[Simulated]) -> list[Fitted]:
    pyimfit = import_module("pyimfit")

    fitted = []
    for item in objects:
        at = item.start
        scene, group = pyimfit.SimpleModelDescription(), pyimfit.make_imfit_function("Sersic", label="g")
        for axis in ("x", "y"):
            getattr(scene, f"{axis}0").setValue(at[axis] + 1.0, [at[axis] - 19.0, at[axis] + 21.0])
        group.PA.setValue(at["pa"], [at["pa"] - 180.0, at["pa"] + 180.0])
        group.ell.setValue(1.0 - at["q"], [0.0, 0.99])
        group.n.setValue(at["n"], [0.36, 12.0])
        group.I_e.setValue(at["i_e"], [0.0, 1e8])
        group.r_e.setValue(at["r_e"], [0.05, 200.0])
        sky = pyimfit.make_imfit_function("FlatSky", label="sky")
        sky.I_sky.setValue(SKY * 1.02, [-1e4, 1e4])
        scene.addFunction(group)
        scene.addFunction(sky)
        fitter = pyimfit.Imfit(scene, psf=psf(), maxThreads=1)
        result = fitter.fit(
            item.data, error=np.full((SIDE, SIDE), SIGMA**2), error_type="variance", use_cash_statistics=False
        )
        fitted.append(Fitted(float(result.fitStat) - item.chi2_of_truth, bool(result.fitConverged), {}))
    return fitted


CONTESTANTS: dict[str, Callable[[Sequence[Simulated]], list[Fitted]]] = {
    "batch": _batch,
    "one by one": _one_by_one,
    "by tensors": _by_tensors,
    "pyimfit": _pyimfit,
}


def fit_block(number: int, count: int, peers: int) -> dict[str, dict[str, Any]]:
    """One block of objects by every contestant: seconds, seconds of the processor, and where each object ended."""
    torch.set_num_threads(1)
    compiled.load()
    random = np.random.default_rng([20, number])
    objects = [simulate(random) for _ in range(count)]
    found: dict[str, dict[str, Any]] = {}
    names = list(CONTESTANTS) if number % 2 else list(CONTESTANTS)[::-1]
    for name in names:
        some = objects if name != "pyimfit" else objects[:peers]
        if not some:
            continue
        CONTESTANTS[name](objects[:1])  # what is loaded at the first use
        _forget_plans()
        wall, processor = time.perf_counter(), time.process_time()
        fitted = CONTESTANTS[name](some)
        found[name] = {
            "seconds": time.perf_counter() - wall,
            "processor_seconds": time.process_time() - processor,
            "fitted": fitted,
            "signal_to_noise": [item.signal_to_noise for item in some],
        }
    return found


def _forget_plans() -> None:
    """Or the second contestant would find the plans of quadrature that the first made for the same galaxies."""
    for plans in (quadrature_plan, radial_group._quadrature_pixels, radial_group._compiled_pixels):
        vars(plans)["cache"].clear()


def _summary(blocks: Sequence[Mapping[str, Any]], processes: int) -> dict[str, Any]:
    fitted = [one for block in blocks for one in block["fitted"]]
    snr = np.array([one for block in blocks for one in block["signal_to_noise"]])
    seconds = sum(block["seconds"] for block in blocks)
    wrong = np.array([one.above > WRONG or not math.isfinite(one.above) for one in fitted])
    made = {
        "objects": len(fitted),
        "rate": processes * len(fitted) / seconds,
        "processor_ms": 1e3 * sum(block["processor_seconds"] for block in blocks) / len(fitted),
        "unconverged": sum(not one.converged for one in fitted),
        "wrong": int(wrong.sum()),
    }
    rows = []
    for low, high in itertools.pairwise(BINS):
        chosen = [one for one, at, bad in zip(fitted, snr, wrong, strict=True) if low <= at < high and not bad]
        pulls = {name: np.array([one.pulls[name] for one in chosen if name in one.pulls]) for name in _pulled(chosen)}
        rows.append({"signal_to_noise": [low, high], "objects": len(chosen), "pulls": _pull_rows(pulls)})
    return made | ({"recovery": rows} if any(row["pulls"] for row in rows) else {})


def _pulled(fitted: Sequence[Fitted]) -> list[str]:
    return [name for name in ("sky.i", *(f"g.{name}" for name in NAMES)) if any(name in one.pulls for one in fitted)]


def _pull_rows(pulls: Mapping[str, np.ndarray]) -> dict[str, Any]:
    return {
        name: {
            "median": round(float(np.median(pull)), 3),
            "scatter": round(float(np.subtract(*np.percentile(pull, (84.13, 15.87)))) / 2.0, 3),
            "within_1": round(float((np.abs(pull) < 1.0).mean()), 4),
            "within_1.96": round(float((np.abs(pull) < 1.96).mean()), 4),
        }
        for name, pull in pulls.items()
    }


@click.command()
@click.option("--objects", default=5000, show_default=True, help="Simulated cutouts.")
@click.option("--peers", default=5, show_default=True, help="Objects of each block that pyimfit fits.")
@click.option("--processes", default=2, show_default=True)
@click.option("--output", default=str(ROOT / "benchmarks" / "results" / "catalogues.json"), show_default=True)
def main(objects: int, peers: int, processes: int, output: str) -> None:
    """See the module."""
    os.environ["OMP_NUM_THREADS"] = "1"
    compiled.compile_loops()
    peers = peers if find_spec("pyimfit") is not None else 0
    sizes = [min(BLOCK, objects - start) for start in range(0, objects, BLOCK)]
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        made = list(pool.map(fit_block, range(len(sizes)), sizes, [peers] * len(sizes)))
    found = {
        name: _summary([block[name] for block in made if name in block], processes)
        for name in CONTESTANTS
        if any(name in block for block in made)
    }
    ratios = {name: found["batch"]["rate"] / found[name]["rate"] for name in found if name != "batch"}
    report = {"side": SIDE, "processes": processes, "load": os.getloadavg(), "contestants": found, "batch_over": ratios}
    Path(output).write_text(json.dumps(report, indent=1) + "\n")
    for name, row in found.items():
        click.echo(f"{name:12s} " + " ".join(f"{key} {value:.4g}" for key, value in row.items() if key != "recovery"))
    click.echo(f"batch over {ratios}")


if __name__ == "__main__":
    main()
