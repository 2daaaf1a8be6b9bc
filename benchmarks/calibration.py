"""Are the uncertainties right? 500 simulated galaxies, each fitted once, and how far parameters end from their truth.

`python -m benchmarks.calibration` simulates galaxies of signal-to-noise 20 to 500 on a sky, with a PSF and noise, by a
renderer of its own (exact pixel integrals by Green's theorem, `tests.references.sersic_pixels`, and SciPy's
convolution), fits them from a start off the truth, and writes results/calibration.json.

A pull is (value − truth)/uncertainty. Honest uncertainties give pulls of mean 0 and standard deviation 1, of which
68.3 % lie within ±1. n, r_e and i_e are positive and found in their logarithms, in which noise moves them evenly up and
down; so beside the pulls of the values as reported stand those of the logarithms, ln(value/truth)/(uncertainty/value).
Beside both stand the pulls by the interval of the profile of χ² (`"intervals": true`): (value − truth) divided by the
distance from the value to the end of the interval on the truth's side, which follows the skew of the likelihood.
Fits that end at a limit are left out: their other uncertainties are those of a parameter held there, and it is flagged.
"""

import itertools
import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from scipy.signal import fftconvolve
from scipy.special import gammaincinv

from benchmarks.contestant import ROOT
from fitting.inputs import ImageData
from fitting.results import FitResult
from fitting.run import run
from fitting.spec import FitRequest, parse_request
from tests.references.sersic_pixels import pixel_integral

NAMES = ("x", "y", "q", "pa", "n", "r_e", "i_e")
SIDE = 81
SKY = 20.0
SIGMA = 3.0
FWHM = 3.0
PSF_SIDE = 21
CORE = 10.0
"""Radius, pixels, inside which pixels are integrated by Green's theorem."""
IN_LOGARITHM = ("g.n", "g.r_e", "g.i_e")
OUTLIER = 4.0
"""Pulls beyond this are looked at one by one."""


@dataclass(frozen=True)
class Galaxy:
    """Truth of one simulated image: parameters by name, and signal-to-noise √Σ m²/σ²."""

    parameters: dict[str, float]
    signal_to_noise: float


@dataclass(frozen=True)
class Outcome:
    """One fit: pulls by parameter, also of logarithms and by intervals, if there are any; and what was remarkable."""

    number: int
    signal_to_noise: float
    truth: dict[str, float]
    pulls: dict[str, float]
    logarithmic: dict[str, float]
    by_interval: dict[str, float]
    converged: bool
    at_limit: tuple[str, ...]
    chi2_reduced: float


def psf() -> np.ndarray:
    """A Moffat kernel, β 3, sampled at pixel centres, (PSF_SIDE, PSF_SIDE)."""
    half = PSF_SIDE // 2
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    scale = FWHM / (2.0 * math.sqrt(2.0 ** (1.0 / 3.0) - 1.0))
    stamp = (1.0 + (x**2 + y**2) / scale**2) ** -3.0
    return np.asarray(stamp / stamp.sum())


def drawn(random: np.random.Generator) -> dict[str, float]:
    """Parameters of a galaxy of unit intensity near the middle of the frame."""
    return {
        "x": SIDE // 2 + random.uniform(-2.0, 2.0),
        "y": SIDE // 2 + random.uniform(-2.0, 2.0),
        "q": random.uniform(0.25, 0.85),
        "pa": random.uniform(0.0, 180.0),
        "n": math.exp(random.uniform(math.log(0.7), math.log(4.5))),
        "r_e": random.uniform(3.0, 8.0),
        "i_e": 1.0,
    }


def light(parameters: Mapping[str, float]) -> np.ndarray:
    """The blurred galaxy, (SIDE, SIDE), by means that share nothing with the engine."""
    margin = PSF_SIDE // 2
    y, x = np.mgrid[-margin : SIDE + margin, -margin : SIDE + margin]
    values = tuple(parameters[name] for name in ("x", "y", "q", "pa", "n", "r_e", "i_e"))
    core = np.hypot(x - values[0], y - values[1]) < CORE
    sharp = smooth_integral(x, y, *values)
    sharp[core] = pixel_integral(values[0], values[1], x[core], y[core], *values[2:])
    return np.asarray(fftconvolve(sharp, psf(), mode="valid"))


def smooth_integral(
    x: np.ndarray, y: np.ndarray, x0: float, y0: float, q: float, pa: float, n: float, r_e: float, i_e: float
) -> np.ndarray:
    """Pixel integrals by Gauss and Legendre with 5 × 5 points, which is exact away from the centre."""
    nodes, weights = np.polynomial.legendre.leggauss(5)
    sine, cosine = math.sin(math.radians(pa)), math.cos(math.radians(pa))
    b = gammaincinv(2.0 * n, 0.5)
    total = np.zeros(x.shape)
    for (dx, weight_x), (dy, weight_y) in itertools.product(zip(nodes, weights, strict=True), repeat=2):
        right, up = x + 0.5 * dx - x0, y + 0.5 * dy - y0
        radius = np.hypot(-sine * right + cosine * up, (cosine * right + sine * up) / q) / r_e
        total += 0.25 * weight_x * weight_y * i_e * np.exp(-b * (radius ** (1.0 / n) - 1.0))
    return total


def simulated(random: np.random.Generator) -> tuple[Galaxy, np.ndarray]:
    """A galaxy and its image, of a signal-to-noise drawn log-uniformly from 20 to 500."""
    parameters = drawn(random)
    image = light(parameters)
    wanted = math.exp(random.uniform(math.log(20.0), math.log(500.0)))
    factor = wanted * SIGMA / float(np.sqrt((image**2).sum()))
    parameters["i_e"] = factor
    data = factor * image + SKY + random.normal(0.0, SIGMA, image.shape)
    return Galaxy(parameters, wanted), data


def request_for(galaxy: Galaxy, random: np.random.Generator) -> FitRequest:
    """A fit from a tenth (half a pixel, ten degrees) off the truth."""
    truth = galaxy.parameters
    start = {name: truth[name] * random.uniform(0.9, 1.1) for name in ("q", "n", "r_e", "i_e")}
    start |= {name: truth[name] + random.uniform(-0.5, 0.5) for name in ("x", "y")}
    start["pa"] = truth["pa"] + random.uniform(-10.0, 10.0)
    components = [
        {"name": "sky", "profile": "flat_sky", "parameters": {"i": SKY + 0.3}},
        {"name": "g", "profile": "sersic", "parameters": start},
    ]
    document = {
        "images": [{"name": "simulated", "data": "simulated.fits"}],
        "components": components,
        "stages": [{"method": "lm", "intervals": True}],
    }
    return parse_request(document)


def outcome(number: int, galaxy: Galaxy, result: FitResult) -> Outcome:
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
        pulls,
        logarithmic,
        by_interval,
        result.converged,
        tuple(row.name for row in result.parameters if row.at_limit),
        result.chi2_reduced,
    )


def calibrate(count: int, seed: int) -> list[Outcome]:
    """Simulate and fit."""
    torch.set_num_threads(1)
    random = np.random.default_rng(seed)
    found = []
    for number in range(count):
        galaxy, data = simulated(random)
        variance = np.full_like(data, SIGMA**2)
        image = ImageData("simulated", data, variance, np.zeros(data.shape, dtype=bool), psf=psf())
        found.append(outcome(number, galaxy, run(request_for(galaxy, random), [image])))
    return found


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


def by_signal_to_noise(outcomes: Sequence[Outcome], kind: str) -> dict[str, dict[str, dict[str, float]]]:
    """The same of pulls of a kind, by the name of an attribute, in three ranges."""
    edges = (20.0, 60.0, 170.0, 500.0)
    ranges = {
        f"{low:g}-{high:g}": [getattr(item, kind) for item in outcomes if low <= item.signal_to_noise < high]
        for low, high in itertools.pairwise(edges)
    }
    return {name: summary(found) for name, found in ranges.items() if len(found) > 1}


def outliers(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Fits that did not converge, ended at a limit, or are off by more than `OUTLIER`."""
    return [
        asdict(item)
        for item in outcomes
        if not item.converged or item.at_limit or max(map(abs, item.pulls.values()), default=math.inf) > OUTLIER
    ]


def table_of(title: str, rows: Mapping[str, Mapping[str, float]]) -> Table:
    """A summary for the terminal."""
    keys = ("mean", "standard_deviation", "within_68", "within_95", "largest")
    table = Table("parameter", "mean", "sd", "within 1", "within 1.96", "largest", title=title)
    for name, numbers in rows.items():
        table.add_row(name, *(f"{numbers[key]:.3f}" for key in keys))
    return table


@click.command()
@click.option("--count", default=500, show_default=True, help="Galaxies.")
@click.option("--seed", default=500, show_default=True, help="Of everything random.")
@click.option("--name", default="calibration", show_default=True, help="Of the results: results/NAME.json.")
def main(count: int, seed: int, name: str) -> None:
    """Measure, print a table, and write results/NAME.json."""
    began = time.perf_counter()
    outcomes = calibrate(count, seed)
    inside = [item for item in outcomes if not item.at_limit]
    document: dict[str, Any] = {
        "galaxies": count,
        "at_a_limit": count - len(inside),
        "seed": seed,
        "seconds": time.perf_counter() - began,
        "pulls": summary([item.pulls for item in inside]),
        "pulls_of_logarithms": summary([item.logarithmic for item in inside]),
        "pulls_by_interval": summary([item.by_interval for item in inside]),
        "by_signal_to_noise": by_signal_to_noise(inside, "logarithmic"),
        "by_signal_to_noise_by_interval": by_signal_to_noise(inside, "by_interval"),
        "outliers": outliers(outcomes),
    }
    path = Path(ROOT) / "benchmarks" / "results" / f"{name}.json"
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    for kind in ("pulls", "pulls_of_logarithms", "pulls_by_interval"):
        Console().print(table_of(kind, document[kind]))
    Console().print(f"{len(outliers(outcomes))} fits to look at, {document['seconds']:.0f} s")


if __name__ == "__main__":
    main()
