"""Proposals put to the test: `propose`, then `lm`, on simulated fields of galaxies whose truth is known, and on noise.

`python -m benchmarks.proposals` writes results/proposals.json. A galaxy counts as recovered where a fitted component
within 5 pixels of it, no other's, has x, y, r_e and total flux each within 5 of its own standard deviations of the
truth.
"""

from __future__ import annotations

import gc
import json
import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch

from benchmarks.fields import Field, Galaxy, noise_field, simulated_field
from fitting.proposing.proposal import propose_for
from fitting.results import FitResult
from fitting.run import run
from fitting.spec import FitRequest, ProposalSpec

RESULTS = Path(__file__).parent / "results"
SNR = 20.0
SIGMAS = 5.0
_NEAR = 5.0
_BLENDED = 1.0
_PARAMETERS = ("x", "y", "r_e")


@dataclass(frozen=True)
class Outcome:
    """What became of one galaxy.

    Attributes:
        field: the field's seed.
        snr: of the galaxy.
        separation: to the nearest other galaxy of the field, over the sum of their half-light radii and the PSF's FWHM.
        pulls: (value − truth)/σ of x, y, r_e and flux; None where a σ is missing, empty where nothing was found there.
        recovered: whether all are within `SIGMAS`.
    """

    field: int
    snr: float
    separation: float
    pulls: dict[str, float | None]
    recovered: bool

    @property
    def blended(self) -> bool:
        """Whether another galaxy is nearer than the sum of the radii and the FWHM."""
        return self.separation < _BLENDED


def fitted(field: Field) -> FitResult:
    """The field's proposal, fitted."""
    request = proposed(field)
    return run(request, [field.image])


def proposed(field: Field) -> FitRequest:
    """The field's proposal. Its files exist in name only, but a star needs a PSF beside the data."""
    files = {"data": "field"} | ({} if field.image.psf is None else {"psf": "psf"})
    return propose_for(field.image, ProposalSpec.model_validate(files)).request


def outcomes(seed: int, field: Field, result: FitResult) -> Iterator[Outcome]:
    """What became of the galaxies of a field above `SNR`; each takes the nearest component that a brighter one left."""
    values = {item.name: (item.value, item.uncertainty) for item in (*result.parameters, *result.derived)}
    left = {name.partition(".")[0] for name in values if name.endswith(".x")}
    for galaxy in sorted(field.galaxies, key=lambda item: -item.snr):
        own = galaxy.parameters
        near = [
            (math.dist((values[f"{name}.x"][0], values[f"{name}.y"][0]), (own["x"], own["y"])), name) for name in left
        ]
        distance, name = min(near, default=(math.inf, ""))
        pulls: dict[str, float | None] = {}
        if distance < _NEAR:
            left.remove(name)
            for key, truth in (*((key, own[key]) for key in _PARAMETERS), ("flux", galaxy.flux)):
                value, sigma = values.get(f"{name}.{key}", (math.nan, None))
                pulls[key] = (value - truth) / sigma if sigma else None
        good = bool(pulls) and all(pull is not None and abs(pull) <= SIGMAS for pull in pulls.values())
        if galaxy.snr > SNR:
            yield Outcome(seed, round(galaxy.snr, 1), round(_separation(galaxy, field), 3), pulls, good)


def _separation(galaxy: Galaxy, field: Field) -> float:
    own = galaxy.parameters
    psf = field.image.psf
    assert psf is not None
    fwhm = 2.0 * math.sqrt(float((psf >= psf.max() / 2.0).sum()) / math.pi)
    others = [item.parameters for item in field.galaxies if item is not galaxy]
    return min(
        (
            math.dist((own["x"], own["y"]), (other["x"], other["y"])) / (own["r_e"] + other["r_e"] + fwhm)
            for other in others
        ),
        default=math.inf,
    )


def measure_fields(seeds: range) -> dict[str, Any]:
    """Recovery of the galaxies of simulated fields."""
    found: list[Outcome] = []
    spurious = unconverged = 0
    seconds = 0.0
    for seed in seeds:
        field = simulated_field(seed)
        began = time.process_time()
        result = fitted(field)
        seconds += time.process_time() - began
        own = list(outcomes(seed, field, result))
        found += own
        unconverged += not result.converged
        spurious += max(sum(name.name.endswith(".x") for name in result.parameters) - len(field.galaxies), 0)
        gc.collect()
        print(seed, [asdict(item) for item in own if not item.recovered], result.converged, flush=True)
    return {"fields": len(seeds), **_summary(found), "surplus_components": spurious, "unconverged": unconverged} | {
        "cpu_seconds": round(seconds, 1),
        "lost": [asdict(item) | {"blended": item.blended} for item in found if not item.recovered],
    }


def _summary(found: list[Outcome]) -> dict[str, Any]:
    apart = [item for item in found if not item.blended]
    return {
        "galaxies": len(found),
        "recovered": sum(item.recovered for item in found),
        "fraction": round(sum(item.recovered for item in found) / max(len(found), 1), 4),
        "apart": len(apart),
        "apart_recovered": sum(item.recovered for item in apart),
        "apart_fraction": round(sum(item.recovered for item in apart) / max(len(apart), 1), 4),
    }


def measure_noise(seeds: range) -> dict[str, Any]:
    """How many images of noise bring more than the sky."""
    wrong: dict[str, int] = {}
    count: dict[str, int] = {}
    for seed in seeds:
        field = noise_field(seed)
        components = proposed(field).components
        count[field.image.name] = count.get(field.image.name, 0) + 1
        if [component.profile for component in components] != ["flat_sky"]:
            wrong[field.image.name] = wrong.get(field.image.name, 0) + 1
    return {"images": count, "with_more_than_a_level_sky": wrong}


@click.command()
@click.option("--fields", default=200, show_default=True, help="Fields of galaxies.")
@click.option("--noise", default=100, show_default=True, help="Images of noise.")
@click.option("--output", default=RESULTS / "proposals.json", type=click.Path(path_type=Path), help="Results as JSON.")
def main(fields: int, noise: int, output: Path) -> None:
    """Measure and write the results."""
    torch.set_num_threads(1)
    results = {"noise": measure_noise(range(noise)), "fields": measure_fields(range(fields))}
    output.write_text(json.dumps(results, indent=1, default=_plain) + "\n")
    print(json.dumps({key: value for key, value in results["fields"].items() if key != "lost"}), results["noise"])


def _plain(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else str(value)


if __name__ == "__main__":
    main()
