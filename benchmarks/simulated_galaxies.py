"""Single galaxies of known truth, rendered by means that share nothing with the engine, and what a linear fit makes of
their noise.

Pixels are exact integrals (by Green's theorem near the centre, `tests.references.sersic_pixels`), the convolution is
SciPy's, the noise is Gaussian and of known σ, the same in every pixel.
"""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.signal import fftconvolve
from scipy.special import gammaincinv

from tests.references.sersic_pixels import pixel_integral

NAMES = ("x", "y", "q", "pa", "n", "r_e", "i_e")
SIDE = 81
SKY = 20.0
SIGMA = 3.0
FWHM = 3.0
PSF_SIDE = 21
CORE = 10.0
"""Radius, pixels, inside which pixels are integrated by Green's theorem."""
_STEPS = {"x": 1e-3, "y": 1e-3, "q": 1e-4, "pa": 1e-2, "n": 1e-4, "r_e": 1e-3}
"""Half the distance of the two renderings whose difference is a derivative; its own error goes with the square."""


@dataclass(frozen=True)
class Galaxy:
    """Truth of one simulated image, and what its noise does to a linear fit.

    Attributes:
        parameters: by name.
        signal_to_noise: √Σ m²/σ² of the blurred galaxy m.
        linear_pulls: of `linear_pulls`, by parameter, the sky's too.
    """

    parameters: dict[str, float]
    signal_to_noise: float
    linear_pulls: dict[str, float]


def psf() -> np.ndarray:
    """A Moffat kernel, β 3, sampled at pixel centres, (PSF_SIDE, PSF_SIDE)."""
    half = PSF_SIDE // 2
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    scale = FWHM / (2.0 * math.sqrt(2.0 ** (1.0 / 3.0) - 1.0))
    stamp = (1.0 + (x**2 + y**2) / scale**2) ** -3.0
    return np.asarray(stamp / stamp.sum())


def drawn(random: np.random.Generator, side: int = SIDE) -> dict[str, float]:
    """Parameters of a galaxy of unit intensity near the middle of the frame."""
    return {
        "x": side // 2 + random.uniform(-2.0, 2.0),
        "y": side // 2 + random.uniform(-2.0, 2.0),
        "q": random.uniform(0.25, 0.85),
        "pa": random.uniform(0.0, 180.0),
        "n": math.exp(random.uniform(math.log(0.7), math.log(4.5))),
        "r_e": random.uniform(3.0, 8.0),
        "i_e": 1.0,
    }


def light(parameters: Mapping[str, float], side: int = SIDE) -> np.ndarray:
    """The blurred galaxy, (side, side), by means that share nothing with the engine."""
    margin = PSF_SIDE // 2
    y, x = np.mgrid[-margin : side + margin, -margin : side + margin]
    values = tuple(parameters[name] for name in ("x", "y", "q", "pa", "n", "r_e", "i_e"))
    core = np.hypot(x - values[0], y - values[1]) < CORE
    sharp = smooth_integral(x, y, *values)
    sharp[core] = pixel_integral(values[0], values[1], x[core], y[core], *values[2:])
    return np.asarray(fftconvolve(sharp, psf(), mode="valid"))


def smooth_integral(  # noqa: PLR0913 - the formula as it is printed, apart from photfit's own code
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
    noise = random.normal(0.0, SIGMA, image.shape)
    pulls = linear_pulls(jacobian(parameters), noise)
    named = dict(zip((*(f"g.{name}" for name in NAMES), "sky.i"), pulls.tolist(), strict=True))
    return Galaxy(parameters, wanted, named), factor * image + SKY + noise


def jacobian(parameters: Mapping[str, float]) -> np.ndarray:
    """Derivatives of all pixels by `NAMES` and by the sky, (SIDE², 8): by central differences, but i_e and the sky are
    linear.
    """
    columns = [_slope(parameters, name, step) for name, step in _STEPS.items()]
    columns += [light(parameters) / parameters["i_e"], np.ones((SIDE, SIDE))]
    return np.stack([column.ravel() for column in columns], axis=1)


def _slope(parameters: Mapping[str, float], name: str, step: float) -> np.ndarray:
    above, below = ({**parameters, name: parameters[name] + offset} for offset in (step, -step))
    return (light(above) - light(below)) / (2.0 * step)


def linear_pulls(slopes: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """What pulls would be if the model were linear: δ/σ with δ = (JᵀJ)⁻¹ Jᵀe and σ² the diagonal of (JᵀJ)⁻¹ SIGMA².

    Args:
        slopes: J at the truth, (pixels, parameters), the sky's column of ones among them.
        noise: e, Gaussian of standard deviation `SIGMA`, as many pixels in any shape.

    Whatever J is, each pull is a draw from the standard normal distribution: e is Gaussian and its covariance known.
    """
    orthonormal, triangle = np.linalg.qr(slopes)
    inverse = np.linalg.inv(triangle)
    return np.asarray(inverse @ (orthonormal.T @ noise.ravel()) / (SIGMA * np.linalg.norm(inverse, axis=1)))
