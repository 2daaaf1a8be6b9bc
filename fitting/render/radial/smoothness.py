"""Smoothness of a profile: how exactly each rule integrates it across a pixel, measured along a radius beforehand.

A chord of one pixel's stretched side lies along the radius, the direction in which a profile changes fastest. The
rules' errors on it are found by comparison with a finer rule, for radii from the centre outward. They are relative to
the brightness there, or at the profile's extent, whichever is more; next to a break, where a profile may end, to the
brightest of the chord and its neighbours.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import torch

from fitting.profiles import RadialProfile
from fitting.profiles.radial import RHO_FLOOR
from fitting.render.compiled import KINDS, loops
from fitting.render.pixels import SHORT_MARGIN, STENCIL_MARGIN, stencil_taps, unit_rule
from fitting.render.radial.cusp_pixels import ray_rule

ORDERS = (32, 16, 8, 5, 3, 2)
"""Gauss–Legendre orders that pixels are integrated with, highest first: about twice as many points each. By hand."""
STENCIL = len(ORDERS)
"""Row of the stencil in the table, after those of `ORDERS`."""
SHORT_STENCIL = STENCIL + 1
"""Row of the short stencil."""
_REACH = 60.0
"""How far from the centre the table goes, in scale lengths or stretched sides of a pixel, whichever is longer; beyond,
errors are those at its end. Chosen by hand: six times the largest `RadialProfile.extent` that is fixed.
"""
_RADII = 96
"""Radii in the table between the centre and its end: neighbours are 8 % apart where the scale is a pixel. By hand."""
_AROUND_BREAK = 4.5
"""Stretched sides on either side of a break where the table is dense: one more than the 3.5 at which the stencil's
outermost samples begin to meet it.
"""
_EXACT = 1e-16
"""Relative error below which a rule is as exact as rounding (2^−53); it keeps logarithms finite."""
RAY_ORDERS = (10, 16, 24, 40)
"""Gauss–Legendre orders along rays from the centre, lowest first. By hand: from what a Sérsic profile needs to what an
edge within a pixel of the centre does.
"""
_RAY_ERROR = 1e-6
"""Relative error of a ray that is allowed: a tenth of the promise on pixels near the centre (decision 0009)."""
_SHORT = 0.5
"""Longest chord across a break on which it is judged, in break radii, so that the centre stays half of it away."""
_ACROSS = np.linspace(-0.5, 0.5, 9)
"""Places along a chord at which a break may lie, in its length."""
_SHARP = 1e-8
"""Relative error of order 8 on a short chord above which a break is sharp. By hand, a hundredth of the strictest
tolerance: where the profile is smooth order 8 errs by rounding only.
"""


@dataclass(frozen=True)
class Smoothness:
    """Relative errors of the rules on chords across one profile.

    Attributes:
        radii: elliptical radii, pixels.
        log_errors: (rules, radii): ln of the worst error near each of `radii`.
        sharp: whether the profile has a break that spoils even short chords.
        dark: whether it ends at its break.
        ray_order: how many nodes a ray from the centre across a pixel needs.
    """

    radii: np.ndarray
    log_errors: np.ndarray
    sharp: bool
    dark: bool
    ray_order: int

    def log_error(self, rule: int, radius: np.ndarray) -> np.ndarray:
        """ln of a rule's relative error at elliptical radii in pixels; same shape."""
        return np.interp(radius, self.radii, self.log_errors[rule])

    def log_errors_at(self, radius: np.ndarray) -> np.ndarray:
        """ln of all rules' relative errors at elliptical radii in pixels: (rules, …)."""
        after = np.searchsorted(self.radii, radius).clip(1, len(self.radii) - 1)
        left = self.radii[after - 1]
        share = np.minimum((radius - left) / (self.radii[after] - left), 1.0)
        before = self.log_errors[:, after - 1]
        return before + share * (self.log_errors[:, after] - before)

    def scaled(self, scale: float) -> "Smoothness":
        """The same of a profile, and of pixels, that are larger by a factor."""
        return replace(self, radii=scale * self.radii)

    def log_error_across(self, rule: int, radius: float, size: float) -> float:
        """ln of the largest error on chords of `size` that hold the break at `radius`."""
        return float(self.log_error(rule, np.maximum(radius + size * _ACROSS, 0.0)).max())

    def reach(self, stencil: int, log_tolerance: float) -> float:
        """The largest radius where a stencil errs by more, pixels; 0 where there is none."""
        served = np.flatnonzero(self.log_errors[stencil] > log_tolerance)
        return float(self.radii[min(served[-1] + 1, len(self.radii) - 1)]) if served.size else 0.0


def measure_smoothness(
    profile: RadialProfile, shape: tuple[float, ...], scale: float, break_radius: float | None, size: float
) -> Smoothness:
    """The errors for a profile of a given scale (pixels) across pixels whose stretched side is `size`."""
    constants = profile.constants(tuple(torch.tensor([value], dtype=torch.float64) for value in shape))
    unit_break = profile.break_radius(constants)
    if break_radius is not None and unit_break is not None and float(unit_break) > 0.0:
        # Shape and scale are rounded; the break has to be where the pixels are told that it is.
        scale = break_radius / float(unit_break)
    numbers = np.ascontiguousarray(constants.reshape(-1).numpy())
    constants = constants[..., None]
    extent = profile.extent(shape)

    def brightness(radii: np.ndarray) -> np.ndarray:
        compiled = loops()
        if compiled is not None and profile.name in KINDS:
            light = np.empty(radii.shape)
            compiled.write_brightness(KINDS[profile.name], numbers, radii.ravel(), float(scale), light.reshape(-1))
            return light
        log_rho = torch.as_tensor(2.0 * np.log(np.maximum(np.abs(radii) / scale, RHO_FLOOR**0.5)))
        return profile.brightness(log_rho, constants).numpy()

    at = math.inf if break_radius is None else break_radius
    floor = float(brightness(np.array([[extent * scale]]))[0, 0])
    radii = _radii(scale, break_radius, size)
    errors = _worst_of_neighbours(_errors(brightness, radii, size, at, floor))
    sharp = dark = False
    if break_radius is not None:
        short = min(size, _SHORT * at)
        close = _errors(brightness, at + short * _ACROSS, short, at, floor)
        sharp = bool(close[ORDERS.index(8)].max() > _SHARP)
        dark = not brightness(np.array([[at * (1.0 + 1e-9)]])).any()
    ray_order = _ray_order(brightness, profile.cusp_power(shape), size, floor)
    return Smoothness(radii, np.log(errors), sharp, dark, ray_order)


def _ray_order(brightness: Callable[[np.ndarray], np.ndarray], cusp_power: float, size: float, floor: float) -> int:
    """The first of `RAY_ORDERS` that integrates rays of all lengths up to `size` as exactly as a finer rule."""
    lengths = size * np.array([[0.15], [0.3], [0.5], [0.7], [1.0]])

    def summed(order: int) -> np.ndarray:
        nodes, weights = ray_rule(order, cusp_power)
        return np.asarray(brightness(lengths * nodes) @ weights)

    exact = summed(2 * RAY_ORDERS[-1])
    allowed = _RAY_ERROR * np.maximum(np.abs(exact), 0.5 * floor)
    enough = (order for order in RAY_ORDERS[:-1] if bool((np.abs(summed(order) - exact) <= allowed).all()))
    return next(enough, RAY_ORDERS[-1])


def _errors(
    brightness: Callable[[np.ndarray], np.ndarray], radii: np.ndarray, size: float, at: float, floor: float
) -> np.ndarray:
    """Relative errors (rules, radii) on chords of `size` around `radii`; the break is `at`."""
    offsets, rules, surroundings = _chord()
    values = brightness(radii[:, None] + size * offsets)
    errors = np.abs(values @ rules.T).T
    beside = values[:, surroundings]
    yardstick = np.maximum(np.where(np.abs(radii - at) <= size, beside.max(axis=1), beside[:, 1]), floor)
    hopeless = (errors > 0.0).astype(float)
    lit = yardstick > np.finfo(float).tiny
    return np.maximum(np.divide(errors, yardstick, out=hopeless, where=lit), _EXACT)


def _radii(scale: float, break_radius: float | None, size: float) -> np.ndarray:
    """Radii from the centre to beyond all curvature, dense around the break."""
    furthest = _REACH * max(scale, size) + 2.0 * (break_radius or 0.0)
    radii = np.append(0.0, np.geomspace(0.05 * size, furthest, _RADII))
    if break_radius is None:
        return radii
    around = break_radius + size * np.linspace(-_AROUND_BREAK, _AROUND_BREAK, 73)
    return np.sort(np.concatenate((radii, around[around > 0.0])))


def _worst_of_neighbours(errors: np.ndarray) -> np.ndarray:
    """The largest of each radius and the two beside it: an error that changes sign is not small around its zero."""
    worst = errors.copy()
    np.maximum(worst[:, 1:], errors[:, :-1], out=worst[:, 1:])
    np.maximum(worst[:, :-1], errors[:, 1:], out=worst[:, :-1])
    return worst


@cache
def _chord() -> tuple[np.ndarray, np.ndarray, slice]:
    """Offsets of all samples (in sides), each rule's weights less those of the reference (rules, samples), and which
    samples are the chord's ends and middle with its neighbours'.
    """
    nodes, weights = unit_rule(24)
    reference = np.concatenate((0.5 * nodes - 0.5, 0.5 * nodes))
    stencils = [np.arange(-margin, margin + 1.0) for margin in (STENCIL_MARGIN, SHORT_MARGIN)]
    parts = [reference, *(unit_rule(order)[0] - 0.5 for order in ORDERS), *stencils]
    of_rules: list[np.ndarray | list[float]] = [
        *(unit_rule(order)[1] for order in ORDERS),
        stencil_taps(STENCIL_MARGIN),
        stencil_taps(SHORT_MARGIN),
    ]
    starts = np.cumsum([len(part) for part in parts])
    rules = np.zeros((len(of_rules), int(starts[-1])))
    rules[:, : len(reference)] = -0.5 * np.concatenate((weights, weights))
    for row, (start, part) in enumerate(zip(starts[:-1], of_rules, strict=True)):
        rules[row, start : start + len(part)] = part
    middle = int(starts[-1]) - SHORT_MARGIN - 1
    return np.concatenate(parts), rules, slice(middle - 1, middle + 2)
