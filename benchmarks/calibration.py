"""Are the uncertainties right? 2,000 simulated galaxies, each fitted once, and how far values end from their truth.

`python -m benchmarks.calibration` simulates galaxies of signal-to-noise 20 to 500 on a sky, with a PSF and noise, by a
renderer of its own (`benchmarks.simulated_galaxies`), fits them from a start off the truth, and writes
results/calibration.json.

A pull is (value − truth)/uncertainty. Honest uncertainties give pulls of mean 0 and standard deviation 1, of which
68.3 % lie within ±1. n, r_e and i_e are positive and found in their logarithms, in which noise moves them evenly up and
down; so beside the pulls of the values as reported stand those of the logarithms, ln(value/truth)/(uncertainty/value).
Beside both stand the pulls by the interval of the profile of χ² (`"intervals": true`): (value − truth) divided by the
distance from the value to the end of the interval on the truth's side, which follows the skew of the likelihood.
Each is told twice: as it comes, and without the chance in the noise that was drawn (`benchmarks.control_variates`).
What the theory of the second order expects of the means of the first kind stands beside (`benchmarks.second_order`).
Of 500 galaxies chance alone moves a mean by 0.045 and a share by 2.1 per cent, so that a perfect fitter misses ±0.1 and
±4 per cent somewhere in a third of all samples; 2,000 halve that.
Fits that end at a limit are left out: their other uncertainties are those of a parameter held there, and it is flagged.
"""

import itertools
import json
import math
import multiprocessing
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import click
import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from benchmarks.contestant import ROOT
from benchmarks.control_variates import controlled
from benchmarks.second_order import expected_pulls
from benchmarks.simulated_galaxies import SIGMA, SKY, Galaxy, psf, simulated
from fitting.inputs import ImageData
from fitting.problem import Problem
from fitting.results import FitResult
from fitting.run import run
from fitting.spec import FitRequest, parse_request

IN_LOGARITHM = ("g.n", "g.r_e", "g.i_e")
OUTLIER = 4.0
"""Pulls beyond this are looked at one by one."""
KINDS = {"pulls": "by the uncertainty", "logarithmic": "of logarithms", "by_interval": "by the interval"}
_WIDTH = 132
BLOCK = 50
"""Galaxies with random numbers of their own."""
_FEW = 10
"""No summary is made of so few."""


@dataclass(frozen=True)
class Outcome:
    """One fit: linear pulls of its noise, means of pulls that the second order expects, pulls by parameter, also of
    logarithms and by intervals where there are any, and what was remarkable.
    """

    number: int
    signal_to_noise: float
    truth: dict[str, float]
    linear: dict[str, float]
    expected: dict[str, float]
    pulls: dict[str, float]
    logarithmic: dict[str, float]
    by_interval: dict[str, float]
    converged: bool
    at_limit: tuple[str, ...]
    chi2_reduced: float


def request_for(parameters: Mapping[str, float], sky: float) -> FitRequest:
    """A fit from these parameters."""
    components = [
        {"name": "sky", "profile": "flat_sky", "parameters": {"i": sky}},
        {"name": "g", "profile": "sersic", "parameters": dict(parameters)},
    ]
    document = {
        "images": [{"name": "simulated", "data": "simulated.fits"}],
        "components": components,
        "stages": [{"method": "lm", "intervals": True}],
    }
    return parse_request(document)


def start_for(truth: Mapping[str, float], random: np.random.Generator) -> dict[str, float]:
    """A tenth (half a pixel, ten degrees) off the truth."""
    start = {name: truth[name] * random.uniform(0.9, 1.1) for name in ("q", "n", "r_e", "i_e")}
    start |= {name: truth[name] + random.uniform(-0.5, 0.5) for name in ("x", "y")}
    return start | {"pa": truth["pa"] + random.uniform(-10.0, 10.0)}


def outcome(number: int, galaxy: Galaxy, expected: dict[str, float], result: FitResult) -> Outcome:
    """How far the fit ended from the truth."""
    truth = {f"g.{name}": value for name, value in galaxy.parameters.items()} | {"sky.i": SKY}
    pulls, logarithmic, by_interval = {}, {}, {}
    for row in result.parameters:
        if row.uncertainty is not None:
            off = row.value - truth[row.name]
            if row.name == "g.pa":
                off = (off + 90.0) % 180.0 - 90.0
            pulls[row.name] = logarithmic[row.name] = off / row.uncertainty
            if row.name in IN_LOGARITHM:
                logarithmic[row.name] = math.log(row.value / truth[row.name]) * row.value / row.uncertainty
            end = None if row.interval is None else row.interval[1 if off < 0.0 else 0]
            if end is not None:
                by_interval[row.name] = off / abs(end - row.value)
    return Outcome(
        number,
        galaxy.signal_to_noise,
        truth,
        galaxy.linear_pulls,
        expected,
        pulls,
        logarithmic,
        by_interval,
        result.converged,
        tuple(row.name for row in result.parameters if row.at_limit),
        result.chi2_reduced,
    )


def calibrate(count: int, seed: int, processes: int) -> list[Outcome]:
    """Simulate and fit, in blocks of their own random numbers, so that processes may share the work."""
    blocks = [(seed, first, min(BLOCK, count - first)) for first in range(0, count, BLOCK)]
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        return list(itertools.chain.from_iterable(pool.map(_block, *zip(*blocks, strict=True))))


def _block(seed: int, first: int, count: int) -> list[Outcome]:
    torch.set_num_threads(1)
    random = np.random.default_rng([seed, first])
    found = []
    for number in range(first, first + count):
        galaxy, image, start = drawn(random)
        expected = expected_pulls(Problem(request_for(galaxy.parameters, SKY), [image]))
        found.append(outcome(number, galaxy, expected, run(start, [image])))
    return found


def drawn(random: np.random.Generator) -> tuple[Galaxy, ImageData, FitRequest]:
    """The next galaxy, its image, and the request from a start off the truth."""
    galaxy, data = simulated(random)
    image = ImageData("simulated", data, np.full_like(data, SIGMA**2), np.zeros(data.shape, dtype=bool), psf=psf())
    return galaxy, image, request_for(start_for(galaxy.parameters, random), SKY + 0.3)


def drawn_again(seed: int, number: int) -> tuple[Galaxy, ImageData, FitRequest]:
    """The galaxy of a number."""
    first = number - number % BLOCK
    random = np.random.default_rng([seed, first])
    for _ in range(number - first):
        drawn(random)
    return drawn(random)


def summary(found: Sequence[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Mean, standard deviation and coverage of each parameter's pulls."""
    rows = {}
    for name in found[0]:
        pulls = np.array([pulls[name] for pulls in found if name in pulls])
        rows[name] = {
            "fits": len(pulls),
            "mean": float(pulls.mean()),
            "standard_deviation": float(pulls.std(ddof=1)),
            "within_68": float((np.abs(pulls) < 1.0).mean()),
            "within_95": float((np.abs(pulls) < 1.96).mean()),
            "largest": float(np.abs(pulls).max()),
        }
    return rows


def without_chance(outcomes: Sequence[Outcome], kind: str) -> dict[str, dict[str, float]]:
    """Mean, standard deviation and coverage of each parameter's pulls of a kind, by the name of an attribute, with
    `benchmarks.control_variates`; fits at a limit are left out, but not the linear pulls of their noise.
    """
    rows = {}
    for name in outcomes[0].linear:
        pulls = [math.nan if item.at_limit else getattr(item, kind).get(name, math.nan) for item in outcomes]
        rows[name] = controlled(np.array(pulls), np.array([item.linear[name] for item in outcomes]))
    return rows


def by_signal_to_noise(outcomes: Sequence[Outcome], kind: str) -> dict[str, dict[str, dict[str, dict[str, float]]]]:
    """Both summaries of pulls of a kind in three ranges."""
    edges = (20.0, 60.0, 170.0, 500.0)
    ranges = {
        f"{low:g}-{high:g}": [item for item in outcomes if low <= item.signal_to_noise < high]
        for low, high in itertools.pairwise(edges)
    }
    return {name: summaries(found, kind) for name, found in ranges.items() if len(found) > _FEW}


def summaries(outcomes: Sequence[Outcome], kind: str) -> dict[str, dict[str, dict[str, float]]]:
    """Pulls of a kind as they come, of fits that ended at no limit; without chance; and to the second order."""
    inside = [item for item in outcomes if not item.at_limit]
    found = {"raw": summary([getattr(item, kind) for item in inside]), "without_chance": without_chance(outcomes, kind)}
    if kind == "pulls":
        names = inside[0].expected
        found["second_order"] = {name: {"mean": fmean(item.expected[name] for item in inside)} for name in names}
    return found


def outliers(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Fits that did not converge, ended at a limit, or are off by more than `OUTLIER`."""
    return [
        asdict(item)
        for item in outcomes
        if not item.converged or item.at_limit or max(map(abs, item.pulls.values()), default=math.inf) > OUTLIER
    ]


def table_of(title: str, found: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Table:
    """Summaries of one kind for the terminal: as they come, and without chance ± what is left of it."""
    headings = {"mean": "mean", "standard_deviation": "sd", "within_68": "within 1"}
    table = Table("parameter", title=title)
    for heading in headings.values():
        table.add_column(heading)
        table.add_column("without chance")
    table.add_column("mean to second order")
    for name, raw in found["raw"].items():
        row = found["without_chance"][name]
        cells = [(f"{raw[key]:.3f}", f"{row[key]:.3f} ± {row[f'{key}_error']:.3f}") for key in headings]
        expected = found.get("second_order", {}).get(name)
        table.add_row(
            name, *itertools.chain.from_iterable(cells), "" if expected is None else f"{expected['mean']:.3f}"
        )
    return table


@click.command()
@click.option("--count", default=2000, show_default=True, help="Galaxies.")
@click.option("--seed", default=500, show_default=True, help="Of everything random.")
@click.option("--processes", default=os.cpu_count() or 1, show_default=True, help="That share the work.")
@click.option("--name", default="calibration", show_default=True, help="Of the results: results/NAME.json.")
def main(count: int, seed: int, processes: int, name: str) -> None:
    """Measure, print a table, and write results/NAME.json."""
    began = time.perf_counter()
    outcomes = calibrate(count, seed, processes)
    document: dict[str, Any] = {
        "galaxies": count,
        "at_a_limit": sum(bool(item.at_limit) for item in outcomes),
        "seed": seed,
        "seconds": time.perf_counter() - began,
        **{kind: summaries(outcomes, kind) for kind in KINDS},
        "by_signal_to_noise": {kind: by_signal_to_noise(outcomes, kind) for kind in KINDS},
        "outliers": outliers(outcomes),
    }
    path = Path(ROOT) / "benchmarks" / "results" / f"{name}.json"
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    console = Console(width=_WIDTH)
    for kind, title in KINDS.items():
        console.print(table_of(title, document[kind]))
    console.print(f"{len(document['outliers'])} fits to look at, {document['seconds']:.0f} s")


if __name__ == "__main__":
    main()
