"""Simulated fields of galaxies, and fields of noise alone, whose truth is known."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from fitting.inputs import ImageData
from fitting.inputs.psf_stamps import gaussian_stamp, moffat_stamp
from fitting.problem import Problem
from fitting.spec import GaussianPsf, MoffatPsf, parse_request

Array = NDArray[np.float64]

NOISES = ("white", "correlated", "poisson")
_BORDER = 6.0
_GAIN = (2.0, 200.0)


@dataclass(frozen=True)
class Galaxy:
    """A galaxy that was put into a field.

    Attributes:
        parameters: of its Sérsic profile, in pixels and data units per pixel.
        flux: total, data units.
        snr: signal to noise of a fit of its flux with all else known, (Σ m²/variance)^½ of its blurred image m.
    """

    parameters: dict[str, float]
    flux: float
    snr: float


@dataclass(frozen=True)
class Field:
    """An image and what is in it."""

    image: ImageData
    galaxies: tuple[Galaxy, ...]


def simulated_field(seed: int) -> Field:
    """A field of 1 to 8 galaxies on 100 to 200 pixels a side, blurred by a PSF of 2.5 to 5 pixels, with photon noise.

    Drawn at random, uniformly where nothing else is said: places (6 pixels or more from the edge), n 0.5 to 6 and r_e
    1.5 to 15 pixels (by their logarithms), q 0.2 to 1, pa, S/N 8 to 500 (by its logarithm), sky, gain and unit.
    """
    random = np.random.default_rng([seed, 1])
    height, width = (int(side) for side in random.integers(100, 201, 2))
    psf = _psf(random)
    sky, unit = float(random.uniform(0.0, 200.0)), float(10.0 ** random.uniform(-2.0, 2.0))
    empty = ImageData(
        "image", np.zeros((height, width)), np.ones((height, width)), np.zeros((height, width), bool), psf
    )
    lights, parameters = [], []
    for _ in range(int(random.integers(1, 9))):
        own = _galaxy(random, width, height)
        light = rendered([own], empty)
        scale = float(_log_uniform(random, 8.0, 500.0)) / math.sqrt(float((light**2).sum()))
        lights.append(light * scale)
        parameters.append({**own, "i_e": scale})
    model = sum(lights, np.zeros((height, width)))
    # Noise of 1 where there is only sky; a galaxy adds its photons' own.
    variance = 1.0 + model / float(_log_uniform(random, *_GAIN))
    data = unit * (sky + model + random.normal(0.0, np.sqrt(variance)))
    image = replace(empty, data=data, variance=unit**2 * variance)
    return Field(
        image,
        tuple(
            Galaxy({**own, "i_e": unit * own["i_e"]}, unit * flux(own), math.sqrt(float((light**2 / variance).sum())))
            for own, light in zip(parameters, lights, strict=True)
        ),
    )


def noise_field(seed: int) -> Field:
    """A field without any source: white noise, noise correlated over a pixel or two, or few photons, in turn."""
    random = np.random.default_rng([seed, 2])
    height, width = (int(side) for side in random.integers(100, 201, 2))
    kind = NOISES[seed % len(NOISES)]
    if kind == "poisson":
        data = random.poisson(float(_log_uniform(random, 1.0, 100.0)), (height, width)).astype(np.float64)
    else:
        data = random.normal(float(random.uniform(-5.0, 50.0)), 1.0, (height, width))
    if kind == "correlated":
        data = gaussian_filter(data, float(random.uniform(0.5, 1.5)), mode="wrap")
    psf = _psf(random) if random.random() < 0.5 else None
    variance = np.full(data.shape, float(data.var()))
    return Field(ImageData(kind, data, variance, np.zeros(data.shape, bool), psf), ())


def rendered(galaxies: list[dict[str, float]], image: ImageData) -> Array:
    """The light of Sérsic galaxies as photfit renders it, (height, width)."""
    components = [{"name": f"g{place}", "profile": "sersic", "parameters": own} for place, own in enumerate(galaxies)]
    problem = Problem(parse_request({"images": [{"data": "field"}], "components": components}), [image])
    light: Array = problem.model(problem.start())[0][0].numpy()
    return light


def flux(own: dict[str, float]) -> float:
    """Total flux of a Sérsic profile (Graham & Driver 2005, PASA 22, 118, equation 4)."""
    from scipy.special import gamma, gammaincinv

    n = own["n"]
    b = float(gammaincinv(2.0 * n, 0.5))
    unit = 2.0 * math.pi * n * math.exp(b) * b ** (-2.0 * n) * float(gamma(2.0 * n))
    return own["q"] * own["r_e"] ** 2 * own["i_e"] * unit


def _galaxy(random: np.random.Generator, width: int, height: int) -> dict[str, Any]:
    return {
        "x": float(random.uniform(_BORDER, width - 1 - _BORDER)),
        "y": float(random.uniform(_BORDER, height - 1 - _BORDER)),
        "q": float(random.uniform(0.2, 1.0)),
        "pa": float(random.uniform(0.0, 180.0)),
        "n": float(_log_uniform(random, 0.5, 6.0)),
        "r_e": float(_log_uniform(random, 1.5, 15.0)),
        "i_e": 1.0,
    }


def _psf(random: np.random.Generator) -> Array:
    fwhm = float(random.uniform(2.5, 5.0))
    if random.random() < 0.5:
        return gaussian_stamp(GaussianPsf.model_validate({"gaussian": {"fwhm": fwhm}}))
    return moffat_stamp(MoffatPsf.model_validate({"moffat": {"fwhm": fwhm, "beta": float(random.uniform(2.5, 5.0))}}))


def _log_uniform(random: np.random.Generator, low: float, high: float) -> float:
    return math.exp(random.uniform(math.log(low), math.log(high)))
