"""The problems that every contestant is given, in plain arrays and numbers; needs numpy and astropy alone."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

Array = np.ndarray[Any, np.dtype[np.float64]]
Values = dict[str, float]
"""Values by photfit's names (`sky.i`, `a.x`, …), in photfit's conventions: pixel centres at whole numbers from 0, pa in
degrees counter-clockwise from +y."""

FOLDER = Path(__file__).resolve().parents[1] / "examples"
NAMES = ("three_galaxies", "three_galaxies_psf")
GALAXIES = ("a", "b", "c")


@dataclass(frozen=True)
class Example:
    """A flat sky and three Sérsic galaxies on 99 × 99 pixels.

    Attributes:
        data, variance: (99, 99).
        psf: discrete kernel, or None.
        start: the tutorial's.
        truth: what the image was simulated with.
        optimum, uncertainties, covariance: known to many digits; `names` is their order.
    """

    name: str
    data: Array
    variance: Array
    psf: Array | None
    start: Values
    truth: Values
    optimum: Values
    uncertainties: Values
    covariance: Array

    @property
    def names(self) -> tuple[str, ...]:
        """The free parameters in order: the sky's level, then x, y, q, pa, n, r_e, i_e of each galaxy."""
        return tuple(self.optimum)

    @property
    def degrees_of_freedom(self) -> int:
        """Pixels minus parameters."""
        return int(self.data.size) - len(self.optimum)

    def chi2_reduced(self, model: Array) -> float:
        """χ²ᵣ of a model image."""
        return float(((self.data - model) ** 2 / self.variance).sum()) / self.degrees_of_freedom


def load(name: str) -> Example:
    """One of NAMES."""
    folder = FOLDER / name
    request, truth, reference = (
        json.loads((folder / f"{part}.json").read_text()) for part in ("request", "truth", "reference")
    )
    start = {
        f"{component['name']}.{parameter}": value
        for component in request["components"]
        for parameter, value in component["parameters"].items()
    }
    with fits.open(folder / f"{name}.fits") as planes:
        data, variance = (np.array(planes[plane].data, dtype=np.float64) for plane in ("DATA", "VARIANCE"))
        psf = np.array(planes["PSF"].data, dtype=np.float64) if "PSF" in planes else None
    uncertainties = reference["uncertainties"]
    covariance = np.array(reference["covariance"], dtype=np.float64)
    return Example(
        name, data, variance, psf, start, truth["parameters"], reference["values"], uncertainties, covariance
    )


def near_optimum(example: Example, count: int, seed: int) -> list[Values]:
    """Points around the optimum, each parameter drawn with its uncertainty: where a fit spends its last steps."""
    generator = np.random.default_rng(seed)
    return [
        {
            name: value + example.uncertainties[name] * float(generator.normal())
            for name, value in example.optimum.items()
        }
        for _ in range(count)
    ]


def around_truth(example: Example, count: int, seed: int) -> list[Values]:
    """Starts within ±20 % of the truth, ±2 pixels in position, ±20° in angle; axis ratios at most 1."""
    generator = np.random.default_rng(seed)
    return [
        {name: _moved(name, value, float(generator.uniform(-1.0, 1.0))) for name, value in example.truth.items()}
        for _ in range(count)
    ]


def _moved(name: str, value: float, by: float) -> float:
    kind = name.partition(".")[2]
    if kind in ("x", "y"):
        return value + 2.0 * by
    if kind == "pa":
        return value + 20.0 * by
    moved = value * (1.0 + 0.2 * by)
    return min(moved, 1.0) if kind == "q" else moved
