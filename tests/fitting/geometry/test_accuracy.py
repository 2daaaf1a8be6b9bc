"""Modified galaxies with smooth isophotes against independent quadrature of the formulae, written down once more."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from scipy.special import gammaincinv

from tests.fitting.scene import rendered, sersic
from tests.references.pixel_means import pixel_mean

Array = np.ndarray
G = {"x": 20.3, "y": 19.6, "q": 0.6, "pa": 35.0, "n": 1.7, "r_e": 5.0, "i_e": 50.0}


def axes(x: Array, y: Array) -> tuple[Array, Array]:
    """Along and (clockwise) across the major axis."""
    sine, cosine = np.sin(np.radians(G["pa"])), np.cos(np.radians(G["pa"]))
    x, y = x - G["x"], y - G["y"]
    return y * cosine - x * sine, x * cosine + y * sine


def light(radius: Array) -> Array:
    b = gammaincinv(2.0 * G["n"], 0.5)
    return np.asarray(G["i_e"] * np.exp(-b * ((radius / G["r_e"]) ** (1.0 / G["n"]) - 1.0)))


def boxy(x: Array, y: Array) -> Array:
    u, v = axes(x, y)
    return light((np.abs(u) ** 2.6 + np.abs(v / 0.6) ** 2.6) ** (1.0 / 2.6))


def lopsided(x: Array, y: Array) -> Array:
    """Angles run counter-clockwise from the major axis, so against v."""
    u, v = axes(x, y)
    angle = np.arctan2(-v / 0.6, u)
    modes = 0.1 * np.cos(angle - np.radians(30.0)) - 0.05 * np.cos(3.0 * (angle - np.radians(10.0)))
    return light(np.hypot(u, v / 0.6) * (1.0 + modes))


def banana(x: Array, y: Array) -> Array:
    u, v = axes(x, y)
    return light(np.hypot(u, (v + 0.8 * (u / 5.0) ** 2) / 0.6))


def truncated(x: Array, y: Array) -> Array:
    u, v = axes(x, y)
    radius = np.hypot(u, v / 0.6)
    k = np.arctanh(0.98)
    return light(radius) * 0.5 * (1.0 - np.tanh(k * (2.0 * (radius - 12.0) / 6.0 - 1.0)))


def banded(x: Array, y: Array) -> Array:
    """Truncated inside and outside."""
    u, v = axes(x, y)
    radius = np.hypot(u, v / 0.6)
    k = np.arctanh(0.98)
    outer = 0.5 * (1.0 - np.tanh(k * (2.0 * (radius - 9.0) / 5.0 - 1.0)))
    return light(radius) * outer * 0.5 * (1.0 + np.tanh(k * (2.0 * (radius - 4.0) / 3.0 + 1.0)))


def warped(x: Array, y: Array) -> Array:
    """Splines through nodes at 4, 9 and 15 pixels, level at the centre and from the last node on."""
    u, v = axes(x, y)
    weights = CubicSpline([0.0, 4.0, 9.0, 15.0], np.eye(4)[:, 1:], bc_type="clamped")
    w = weights(np.minimum(np.hypot(u, v / 0.6), 15.0))
    angle = np.radians(w @ np.array([10.0, 40.0, 60.0]))
    along, across = u * np.cos(angle) - v * np.sin(angle), u * np.sin(angle) + v * np.cos(angle)
    return light(np.hypot(along, across / (0.6 * np.exp(w @ np.log([0.8, 1.2, 0.9])))))


def spiral(x: Array, y: Array) -> Array:
    """Face on: the light at r comes from where it was before it was turned by θ(r)."""
    x, y = x - G["x"], y - G["y"]
    radius = np.hypot(x, y)
    total, inner, outer = np.radians(100.0), 2.0, 12.0
    bar = 2.0 * 0.23 / (total + 0.23) - 1.00001
    onset = 0.5 * (np.tanh((2.0 - np.arctanh(bar)) * (radius - outer) / (outer - inner) + 2.0) + 1.0)
    angle = total * onset * (0.5 * (radius / outer + 1.0)) ** 0.5
    back_x, back_y = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    u, v = axes(back_x + G["x"], back_y + G["y"])
    return light(np.hypot(u, v / 0.6))


def rays(x: Array, y: Array) -> Array:
    u, v = axes(x, y)
    place = np.arctan2(-v / 0.6, u) / (np.pi / 2.0)
    size, brightness = 0.0, 0.0
    for ray, own, bright in ((1, 1.3, 1.0), (2, 0.8, 1.2), (3, 1.1, 0.7)):
        away = np.abs((place - ray + 2.0) % 4.0 - 2.0)
        weight = np.where(away < 1.0, 0.5 * (1.0 + np.cos(np.pi * away)), 0.0)
        size, brightness = size + weight * np.log(own), brightness + weight * np.log(bright)
    return np.asarray(light(np.hypot(u, v / 0.6) / np.exp(size)) * np.exp(brightness))


CASES: dict[str, tuple[Callable[[Array, Array], Array], Any, dict[str, float]]] = {
    "boxy": (boxy, "superellipse", {"c0": 0.6}),
    "lopsided": (
        lopsided,
        "fourier",
        {
            "fourier_1_amplitude": 0.1, "fourier_1_phase": 30.0,
            "fourier_3_amplitude": -0.05, "fourier_3_phase": 10.0,
        },
    ),
    "banana": (banana, "bending", {"bending_2": 0.8}),
    "truncated": (truncated, "truncation", {"outer_truncation": 12.0, "outer_truncation_width": 6.0}),
    "banded": (
        banded,
        {"truncation": ["inner", "outer"]},
        {
            "inner_truncation": 4.0, "inner_truncation_width": 3.0,
            "outer_truncation": 9.0, "outer_truncation_width": 5.0,
        },
    ),
    "warped": (
        warped,
        {"warp": [4, 9, 15]},
        {
            "warp_1_q": 0.8, "warp_2_q": 1.2, "warp_3_q": 0.9,
            "warp_1_pa": 10.0, "warp_2_pa": 40.0, "warp_3_pa": 60.0,
        },
    ),
    "spiral": (
        spiral,
        "rotation",
        {
            "rotation_inner": 2.0, "rotation_outer": 12.0, "rotation_angle": 100.0, "rotation_power": 0.5,
            "rotation_inclination": 0.0, "rotation_pa": 0.0,
        },
    ),
    "rays": (
        rays,
        {"rays": 4},
        {
            "ray_2_size": 1.3, "ray_3_size": 0.8, "ray_4_size": 1.1,
            "ray_2_brightness": 1.0, "ray_3_brightness": 1.2, "ray_4_brightness": 0.7,
        },
    ),
}  # fmt: skip
CORE_ERROR, BODY_ERROR = 1e-5, 1e-4


@pytest.mark.parametrize("case", CASES)
def test_pixels_hold_the_integrals_of_the_formula(case: str) -> None:
    brightness, geometry, values = CASES[case]
    model = rendered([sersic(**values) | {"geometry": [geometry]}])
    centre = (G["x"], G["y"])
    near = [(x, y) for x in range(16, 26) for y in range(15, 25) if np.hypot(x - centre[0], y - centre[1]) <= 5.0]
    far = [(x, y) for x in range(2, 41, 5) for y in range(2, 41, 5) if np.hypot(x - centre[0], y - centre[1]) > 5.0]
    for pixels, depth, promise in ((near, 11, CORE_ERROR), (far, 3, BODY_ERROR)):
        exact = np.array([pixel_mean(brightness, pixel, centre, depth) for pixel in pixels])
        inside = exact > light(np.array(4.0 * G["r_e"]))
        got = np.array([model[y, x] for x, y in pixels])
        assert np.abs(got[inside] / exact[inside] - 1.0).max() <= promise
