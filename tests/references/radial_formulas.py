"""Textbook formulas of every radial profile, written again and apart from the engine, and the cases it is held to.

Each formula takes R, the elliptical radius in pixels, and the parameters by name.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.special import gammaincinv

Array = np.ndarray[Any, np.dtype[np.float64]]
Formula = Callable[..., Array]


def sersic(r: Array, n: float, r_e: float, i_e: float) -> Array:
    return np.asarray(i_e * np.exp(-gammaincinv(2 * n, 0.5) * ((r / r_e) ** (1 / n) - 1)))


def exponential(r: Array, h: float, i_0: float) -> Array:
    return np.asarray(i_0 * np.exp(-r / h))


def de_vaucouleurs(r: Array, r_e: float, i_e: float) -> Array:
    return np.asarray(i_e * np.exp(-7.669249442500802 * ((r / r_e) ** 0.25 - 1)))


def gaussian(r: Array, fwhm: float, i_0: float) -> Array:
    sigma = fwhm / np.sqrt(8 * np.log(2))
    return np.asarray(i_0 * np.exp(-(r**2) / (2 * sigma**2)))


def moffat(r: Array, fwhm: float, beta: float, i_0: float) -> Array:
    core = fwhm / (2 * np.sqrt(2 ** (1 / beta) - 1))
    return np.asarray(i_0 * (1 + (r / core) ** 2) ** -beta)


def nuker(r: Array, r_b: float, alpha: float, beta: float, gamma: float, i_b: float) -> Array:
    x = np.maximum(r / r_b, 1e-150)
    bend = np.exp((gamma - beta) / alpha * np.logaddexp(0.0, alpha * np.log(x)))
    return np.asarray(i_b * 2 ** ((beta - gamma) / alpha) * x**-gamma * bend)


def modified_king(r: Array, r_c: float, r_t: float, alpha: float, i_0: float) -> Array:
    edge = (1 + (r_t / r_c) ** 2) ** (-1 / alpha)
    height = (1 + (r / r_c) ** 2) ** (-1 / alpha) - edge
    return np.asarray(i_0 * np.where(r < r_t, np.maximum(height, 0.0) / (1 - edge), 0.0) ** alpha)


def king(r: Array, r_c: float, r_t: float, i_0: float) -> Array:
    edge = 1 / np.sqrt(1 + (r_t / r_c) ** 2)
    return np.asarray(i_0 * np.where(r < r_t, 1 / np.sqrt(1 + (r / r_c) ** 2) - edge, 0.0) ** 2 / (1 - edge) ** 2)


def ferrers(r: Array, r_out: float, alpha: float, beta: float, i_0: float) -> Array:
    return np.asarray(i_0 * np.maximum(1 - (r / r_out) ** (2 - beta), 0.0) ** alpha)


def core_sersic(r: Array, n: float, r_b: float, r_e: float, alpha: float, gamma: float, i_b: float) -> Array:
    b = gammaincinv(2 * n, 0.5)
    r = np.maximum(r, 1e-14 * r_b)
    inner = i_b * 2 ** (-gamma / alpha) * np.exp(b * (2 ** (1 / alpha) * r_b / r_e) ** (1 / n))
    mean = np.exp(np.logaddexp(alpha * np.log(r / r_e), alpha * np.log(r_b / r_e)) / alpha)
    return np.asarray(inner * (mean * r_e / r) ** gamma * np.exp(-b * mean ** (1 / n)))


def broken_exponential(r: Array, h_1: float, h_2: float, r_b: float, alpha: float, i_0: float) -> Array:
    power = (1 / h_1 - 1 / h_2) / alpha
    bend = np.logaddexp(0.0, alpha * (r - r_b)) - np.logaddexp(0.0, -alpha * r_b)
    return np.asarray(i_0 * np.exp(-r / h_1 + power * bend))


def isothermal(r: Array, r_c: float, i_0: float) -> Array:
    return np.asarray(i_0 / np.sqrt(1 + (r / r_c) ** 2))


def gaussian_ring(r: Array, r_ring: float, sigma_r: float, i_r: float) -> Array:
    return np.asarray(i_r * np.exp(-((r - r_ring) ** 2) / (2 * sigma_r**2)))


def spline(r: Array, r_unit: float, **levels: float) -> Array:
    """Lines that go on where the spline ends."""
    radii = np.array(SPLINE_RADII) * r_unit
    curve = CubicSpline(
        radii, np.log([levels[f"i_{number}"] for number in range(1, len(radii) + 1)]), bc_type="natural"
    )
    inside = np.clip(r, radii[0], radii[-1])
    slopes = curve(radii[[0, -1]], 1)
    outside = np.minimum(slopes[1], 0.0) * np.maximum(r - radii[-1], 0.0)
    return np.asarray(np.exp(curve(inside) + slopes[0] * np.minimum(r - radii[0], 0.0) + outside))


def multi_gaussian(r: Array, **own: float) -> Array:
    return np.asarray(sum(own[f"i_{k}"] * np.exp(-0.5 * (r / own[f"sigma_{k}"]) ** 2) for k in (1, 2, 3)))


def einasto(r: Array, alpha: float, r_s: float, i_s: float) -> Array:
    return np.asarray(i_s * np.exp(-2 / alpha * ((r / r_s) ** alpha - 1)))


def formula(r: Array, h: float, c: float, i_0: float) -> Array:
    return np.asarray(i_0 * np.exp(-((r / h) ** c)))


SPLINE_RADII = (1.5, 4.0, 9.0, 18.0)
FORMULAS: Mapping[str, Formula] = {
    written.__name__: written
    for written in (
        sersic,
        exponential,
        de_vaucouleurs,
        gaussian,
        moffat,
        nuker,
        king,
        modified_king,
        ferrers,
        core_sersic,
        broken_exponential,
        isothermal,
        gaussian_ring,
        spline,
        multi_gaussian,
        einasto,
        formula,
    )
}

SHAPES: Mapping[str, tuple[dict[str, float], ...]] = {
    "sersic": (
        {"n": 0.7, "r_e": 4.0, "i_e": 1.0},
        {"n": 3.0, "r_e": 9.0, "i_e": 2.0},
        {"n": 6.0, "r_e": 15.0, "i_e": 1.0},
    ),
    "exponential": (
        {"h": 1.0, "i_0": 3.0},
        {"h": 3.0, "i_0": 1.0},
        {"h": 12.0, "i_0": 1.0},
    ),
    "de_vaucouleurs": (
        {"r_e": 2.0, "i_e": 1.0},
        {"r_e": 6.0, "i_e": 3.0},
        {"r_e": 20.0, "i_e": 1.0},
    ),
    "gaussian": (
        {"fwhm": 1.5, "i_0": 5.0},
        {"fwhm": 4.0, "i_0": 1.0},
        {"fwhm": 18.0, "i_0": 1.0},
    ),
    "moffat": (
        {"fwhm": 1.5, "beta": 3.0, "i_0": 1.0},
        {"fwhm": 4.0, "beta": 1.3, "i_0": 2.0},
        {"fwhm": 5.0, "beta": 8.0, "i_0": 1.0},
        {"fwhm": 15.0, "beta": 2.5, "i_0": 1.0},
    ),
    "nuker": (
        {"r_b": 5.0, "alpha": 2.0, "beta": 3.0, "gamma": 0.5, "i_b": 1.0},
        {"r_b": 8.0, "alpha": 20.0, "beta": 2.5, "gamma": 0.0, "i_b": 1.0},
        {"r_b": 3.0, "alpha": 0.7, "beta": 4.0, "gamma": 1.2, "i_b": 2.0},
        {"r_b": 1.3, "alpha": 6.0, "beta": 1.6, "gamma": 0.2, "i_b": 1.0},
        {"r_b": 0.3, "alpha": 3.0, "beta": 2.2, "gamma": 0.8, "i_b": 1.0},
        {"r_b": 15.0, "alpha": 80.0, "beta": 5.0, "gamma": 0.3, "i_b": 1.0},
    ),
    "king": (
        {"r_c": 2.0, "r_t": 12.0, "i_0": 1.0},
        {"r_c": 5.0, "r_t": 9.3, "i_0": 2.0},
        {"r_c": 1.0, "r_t": 25.0, "i_0": 1.0},
        {"r_c": 1.0, "r_t": 2.2, "i_0": 1.0},
    ),
    "modified_king": (
        {"r_c": 3.0, "r_t": 14.0, "alpha": 1.0, "i_0": 1.0},
        {"r_c": 2.0, "r_t": 8.0, "alpha": 3.5, "i_0": 2.0},
        {"r_c": 6.0, "r_t": 22.0, "alpha": 0.6, "i_0": 1.0},
    ),
    "ferrers": (
        {"r_out": 10.0, "alpha": 2.0, "beta": 0.0, "i_0": 1.0},
        {"r_out": 14.3, "alpha": 0.5, "beta": 0.6, "i_0": 1.0},
        {"r_out": 6.0, "alpha": 1.0, "beta": -2.0, "i_0": 2.0},
        {"r_out": 2.4, "alpha": 1.3, "beta": 1.0, "i_0": 1.0},
        {"r_out": 30.0, "alpha": 4.0, "beta": 1.5, "i_0": 1.0},
    ),
    "core_sersic": (
        {"n": 4.0, "r_b": 2.0, "r_e": 15.0, "alpha": 3.0, "gamma": 0.2, "i_b": 1.0},
        {"n": 2.0, "r_b": 4.0, "r_e": 8.0, "alpha": 50.0, "gamma": 0.0, "i_b": 1.0},
        {"n": 5.0, "r_b": 0.5, "r_e": 10.0, "alpha": 10.0, "gamma": 0.6, "i_b": 2.0},
        {"n": 1.0, "r_b": 6.0, "r_e": 6.0, "alpha": 1.0, "gamma": 1.0, "i_b": 1.0},
    ),
    "broken_exponential": (
        {"h_1": 8.0, "h_2": 3.0, "r_b": 15.0, "alpha": 1.0, "i_0": 1.0},
        {"h_1": 3.0, "h_2": 8.0, "r_b": 7.0, "alpha": 5.0, "i_0": 1.0},
        {"h_1": 6.0, "h_2": 2.0, "r_b": 9.0, "alpha": 60.0, "i_0": 2.0},
        {"h_1": 2.0, "h_2": 5.0, "r_b": 1.7, "alpha": 10.0, "i_0": 1.0},
    ),
    "isothermal": (
        {"r_c": 1.0, "i_0": 1.0},
        {"r_c": 3.0, "i_0": 2.0},
        {"r_c": 12.0, "i_0": 1.0},
    ),
    "gaussian_ring": (
        {"r_ring": 10.0, "sigma_r": 2.0, "i_r": 1.0},
        {"r_ring": 4.0, "sigma_r": 1.0, "i_r": 2.0},
        {"r_ring": 6.0, "sigma_r": 6.0, "i_r": 1.0},
        {"r_ring": 18.0, "sigma_r": 3.0, "i_r": 1.0},
    ),
    "spline": (
        {"i_1": 30.0, "i_2": 12.0, "i_3": 3.0, "i_4": 0.2, "r_unit": 1.0},
        {"i_1": 10.0, "i_2": 2.0, "i_3": 1.5, "i_4": 0.1, "r_unit": 0.6},
        {"i_1": 1.0, "i_2": 2.0, "i_3": 1.8, "i_4": 0.5, "r_unit": 1.2},
    ),
    "multi_gaussian": (
        {"sigma_1": 1.0, "i_1": 20.0, "sigma_2": 3.0, "i_2": 6.0, "sigma_3": 8.0, "i_3": 1.0},
        {"sigma_1": 6.0, "i_1": 1.0, "sigma_2": 0.4, "i_2": 50.0, "sigma_3": 2.0, "i_3": 4.0},
    ),
    "einasto": (
        {"alpha": 0.6, "r_s": 6.0, "i_s": 1.0},
        {"alpha": 0.17, "r_s": 15.0, "i_s": 1.0},
        {"alpha": 1.4, "r_s": 4.0, "i_s": 2.0},
        {"alpha": 2.5, "r_s": 12.0, "i_s": 1.0},
    ),
    "formula": (
        {"h": 3.0, "c": 0.8, "i_0": 2.0},
        {"h": 0.05, "c": 0.35, "i_0": 20.0},
        {"h": 8.0, "c": 2.0, "i_0": 1.0},
        {"h": 10.0, "c": 3.5, "i_0": 1.0},
    ),
}
"""Shape parameters of each profile, within what galaxies and star clusters have."""

OPTIONS: Mapping[str, dict[str, Any]] = {
    "spline": {"radii": list(SPLINE_RADII)},
    "multi_gaussian": {"gaussians": 3},
    "formula": {
        "brightness": "i_0 * exp(-(r / h) ** c)",
        "symbols": {"h": {"unit": "pixel"}, "c": {"min": 0.1, "max": 10.0}, "i_0": {"unit": "data/pixel"}},
    },
}
"""Of the profiles that have any."""

ENDS: Mapping[str, str] = {"king": "r_t", "modified_king": "r_t", "ferrers": "r_out"}
"""The parameter where a profile ends, for those that do."""
