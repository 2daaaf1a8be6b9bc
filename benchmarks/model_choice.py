"""How often is the right model chosen? Simulated galaxies of three kinds, each fitted as a star, Sérsic, bulge + disc.

`python -m benchmarks.model_choice` draws, by a renderer of its own (`benchmarks.simulated_galaxies`), 64 × 64 pixels
each, blurred by 21 × 21:

- *sersic*: one Sérsic of index 0.7 to 4.5;
- *bulge_disc*: a bulge (n = 4) with 15 to 60 % of the light on an exponential disc 2.5 to 5 times its size;
- *companion*: one Sérsic with a compact source beside it that no model has: it should be refused.

They are rows of one catalogue with three `models`, whose positions, sizes and magnitudes are as a detection gives them,
15 % off; all else is found in the pixels. Counts are of models chosen by `bic` and by `aic`, of rows flagged
`no_model_fits`, and of bulge + disc fits that ended above the χ² of the truth: a choice can only be as good as the
fits. Writes results/model_choice.json.
"""

import itertools
import json
import math
import os
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from astropy.io import fits
from astropy.table import Table

from benchmarks.contestant import ROOT
from benchmarks.simulated_galaxies import SIGMA, SKY, light, psf
from fitting.catalogue_fits import fit_rows
from fitting.catalogues import plan_catalogue
from fitting.render import compiled
from fitting.spec.catalogues import decode_flags, parse_catalogue

SIDE = 64
ZERO_POINT = 27.0
OFF = 0.15
"""What a detection's sizes and fluxes are off by, in e-folds."""
KINDS = ("sersic", "bulge_disc", "companion")
BINS = (20.0, 60.0, 170.0, 500.0, 2000.0)
"""Edges in signal-to-noise, √Σ m²/σ² of the blurred galaxy m."""
WRONG = 25.0
"""χ² above that of the truth from which an end is another minimum: five standard deviations."""


def parts_of(kind: str, random: np.random.Generator) -> list[tuple[dict[str, float], float]]:
    """Sérsic parameters of each part of a galaxy, of unit intensity, and its share of the light."""
    place = {name: SIDE // 2 + float(random.uniform(-1.0, 1.0)) for name in ("x", "y")}
    pa, q = float(random.uniform(0.0, 180.0)), float(random.uniform(0.35, 0.85))
    if kind == "bulge_disc":
        size, share = float(random.uniform(1.5, 3.0)), float(random.uniform(0.15, 0.6))
        bulge = place | {"q": float(random.uniform(0.7, 0.95)), "pa": pa, "n": 4.0, "r_e": size, "i_e": 1.0}
        disc = place | {"q": q, "pa": pa, "n": 1.0, "r_e": size * float(random.uniform(2.5, 5.0)), "i_e": 1.0}
        return [(bulge, share), (disc, 1.0 - share)]
    n, size = math.exp(float(random.uniform(math.log(0.7), math.log(4.5)))), float(random.uniform(3.0, 8.0))
    galaxy = place | {"q": q, "pa": pa, "n": n, "r_e": size, "i_e": 1.0}
    if kind == "sersic":
        return [(galaxy, 1.0)]
    angle = float(random.uniform(0.0, 2.0 * math.pi))
    aside = {"x": place["x"] + 9.0 * math.cos(angle), "y": place["y"] + 9.0 * math.sin(angle)}
    return [(galaxy, 0.88), (galaxy | aside | {"q": 0.9, "n": 1.0, "r_e": 1.5}, 0.12)]


def image_of(kind: str, random: np.random.Generator, signal_to_noise: float) -> np.ndarray:
    """The blurred light of a galaxy of one kind, (SIDE, SIDE)."""
    image = np.zeros((SIDE, SIDE))
    for parameters, share in parts_of(kind, random):
        part = light(parameters, SIDE)
        image += share * part / part.sum()
    return image * signal_to_noise * SIGMA / math.sqrt(float((image**2).sum()))


def detected(image: np.ndarray, random: np.random.Generator) -> dict[str, float]:
    """Size and magnitude of a galaxy, nearly as a detection gives them."""
    y, x = np.indices(image.shape)
    order = np.argsort(np.hypot(x - (image * x).sum() / image.sum(), y - (image * y).sum() / image.sum()), axis=None)
    half = int(np.searchsorted(np.cumsum(image.ravel()[order]), 0.5 * image.sum()))
    size, flux = math.sqrt(half / math.pi), float(image.sum())
    size, flux = (value * math.exp(OFF * float(random.normal())) for value in (max(size, 1.0), flux))
    magnitude = ZERO_POINT - 2.5 * math.log10(flux)
    return {"r50": size, "r_bulge": 0.5 * size, "h_disc": 0.8 * size, "mag": magnitude, "mag_half": magnitude + 0.75}


def request() -> dict[str, Any]:
    """The catalogue."""
    at: dict[str, Any] = {name: {"column": name} for name in ("x", "y")}
    centre = {"x": "= bulge.x", "y": "= bulge.y"}
    half = {"magnitude": {"column": "mag_half"}}
    bulge = {**at, "n": {"value": 4.0, "fixed": True}, "r_e": {"column": "r_bulge"}, **half}
    galaxy = {**at, "r_e": {"column": "r50"}, "magnitude": {"column": "mag"}}
    return {
        "objects": "objects.csv",
        "template": {
            "images": [
                {
                    "name": "r",
                    "data": "mosaic.fits",
                    "variance": {"constant": SIGMA**2},
                    "psf": "psf.fits",
                    "zero_point": ZERO_POINT,
                    "window": {"around": at, "size": SIDE},
                }
            ],
            "components": [
                {"name": "sky", "profile": "flat_sky"},
                {"name": "g", "profile": "sersic", "parameters": galaxy},
            ],
            "stages": [{"method": "lm"}],
        },
        "models": {
            "star": [{"name": "star", "profile": "point_source", "parameters": {**at, "magnitude": {"column": "mag"}}}],
            "sersic": [{"name": "g", "profile": "sersic", "parameters": galaxy}],
            "bulge_disc": [
                {"name": "bulge", "profile": "sersic", "parameters": bulge},
                {
                    "name": "disc",
                    "profile": "exponential",
                    "parameters": {**centre, "h": {"column": "h_disc"}, **half},
                },
            ],
        },
        "choose": "bic",
    }


def write_field(folder: Path, kind: str, edges: tuple[float, float], count: int, seed: int) -> list[float]:
    """Mosaic, table and PSF of galaxies of one kind; of each the χ² of the truth."""
    random = np.random.default_rng([20, seed])
    across = math.ceil(math.sqrt(count))
    mosaic = SKY + random.normal(0.0, SIGMA, (SIDE * across, SIDE * across))
    rows, truths = [], []
    for number in range(count):
        row, column = divmod(number, across)
        low, left = SIDE * row, SIDE * column
        part = mosaic[low : low + SIDE, left : left + SIDE]
        truths.append(float(((part - SKY) ** 2).sum()) / SIGMA**2)
        wanted = math.exp(float(random.uniform(math.log(edges[0]), math.log(edges[1]))))
        image = image_of(kind, random, wanted)
        part += image
        rows.append({"x": left + SIDE // 2, "y": low + SIDE // 2, **detected(image, random)})
    fits.writeto(folder / "mosaic.fits", mosaic)
    fits.writeto(folder / "psf.fits", psf())
    Table(rows=rows).write(folder / "objects.csv")
    return truths


def measure(kind: str, edges: tuple[float, float], count: int, seed: int) -> dict[str, Any]:
    """What was chosen for galaxies of one kind, of such signal-to-noise."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        truths = write_field(folder, kind, edges, count, seed)
        plan = plan_catalogue(parse_catalogue(request()), lambda name: folder / name, folder / "objects.parquet")
        rows = fit_rows(plan, 0, plan.rows, lambda name: folder / name).to_pylist()
    names = tuple(request()["models"])
    right = kind if kind in names else None
    return {
        "kind": kind,
        "signal_to_noise": list(edges),
        "objects": count,
        "bic": _counts(rows, "bic", names),
        "aic": _counts(rows, "aic", names),
        "no_model_fits": sum("no_model_fits" in decode_flags(row["flags"]) for row in rows),
        "ended_above_truth": None if right is None else _above(rows, right, truths),
    }


def _counts(rows: Sequence[Mapping[str, Any]], by: str, names: Sequence[str]) -> dict[str, int]:
    """How often each model is the best by a criterion."""
    figures = [{name: row[f"{by}_{name}"] for name in names if row[f"{by}_{name}"] is not None} for row in rows]
    chosen = Counter(min(each, key=each.__getitem__) for each in figures if each)
    return {name: chosen[name] for name in names}


def _above(rows: Sequence[Mapping[str, Any]], right: str, truths: Sequence[float]) -> int:
    """How many fits with the right model ended in another minimum."""
    free = {"sersic": 8, "bulge_disc": 10}[right]
    ends = [(row[f"bic_{right}"], row["n_pixels"], truth) for row, truth in zip(rows, truths, strict=True)]
    return sum(bic is None or bic - free * math.log(pixels) > truth + WRONG for bic, pixels, truth in ends)


@click.command()
@click.option("--objects", default=40, show_default=True, help="Galaxies of each kind in each bin of signal-to-noise.")
@click.option("--output", default=str(ROOT / "benchmarks" / "results" / "model_choice.json"), show_default=True)
def main(objects: int, output: str) -> None:
    """See the module."""
    os.environ["OMP_NUM_THREADS"] = "1"
    torch.set_num_threads(1)
    compiled.compile_loops()
    compiled.load()
    found = []
    for number, kind in enumerate(KINDS):
        for place, edges in enumerate(itertools.pairwise(BINS)):
            found.append(measure(kind, edges, objects, 10 * number + place))
            click.echo(json.dumps(found[-1]))
    Path(output).write_text(json.dumps({"side": SIDE, "off": OFF, "rows": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
