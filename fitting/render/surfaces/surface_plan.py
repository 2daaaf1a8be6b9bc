"""Quadrature plan of a surface: which pixel needs which rule, found by looking at the surface itself.

A plain elliptical profile has a theory of its errors (`fitting.render.radial.radial_plan`); a surface may bend, twist
and end as it likes. So each pixel is tried: the stencil serves where the eighth differences of the samples, the first
that it leaves out, are small; elsewhere Gauss–Legendre rules of rising order, each until the next agrees with it; the
pixels at the centre go to the cusp rule. Like the other plan it is made for parameters rounded to a coarse grid and
kept, so that the last steps of a fit see the same rules.
"""

import math
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np
import torch
from scipy.ndimage import maximum_filter
from torch import Tensor

from fitting.profiles.surface import Surface
from fitting.render.kinks import Candidates, kink_reach, kink_sides, pixel_table
from fitting.render.pixels import STENCIL_MARGIN, Frame, cached_by_bytes, corner_frame, pixel_rule, quincunx_means
from fitting.render.radial import CENTRAL, CUSP_AND_BREAK, ORDERS, QuadraturePlan

_NEXT_TERM = 27859 / 464486400
"""Weight of the eighth difference, the first term of the series that the stencil leaves out (`stencil_taps`)."""
_WIDER = STENCIL_MARGIN + 1
"""Pixels by which samples are wider than a frame, for eighth differences."""
_EIGHTH = torch.tensor([1.0, -8.0, 28.0, -56.0, 70.0, -56.0, 28.0, -8.0, 1.0], dtype=torch.float64)
"""Weights of the eighth difference: binomial coefficients."""
_SAFETY = 3.0
"""How many times smaller than allowed errors must be where they are judged by one look. Chosen by hand: true parameters
are up to 5 % and 1/8 pixel from the rounded ones.
"""
_NEAR = 5.5
"""Pixels whose centres are nearer than this to the centre, along both axes, are held to the stricter promise, which
goes to five.
"""
_NEAR_TOLERANCE, _BODY_TOLERANCE = 1e-6, 1e-5
"""Relative errors of a pixel that are allowed near the centre and elsewhere: a tenth of what is promised."""
_TOUCHING = 1.12
"""Pixels whose centres are nearer than this, along both axes, hold or touch the centre, wherever it is within its
rounding of 1/8 pixel.
"""
_HARD = 3e-4
"""A pixel near the centre in which order 8 is further off than this, relative, is not left to order 16. Chosen by hand;
tests/fitting/geometry/test_accuracy.py holds it.
"""
_HARD_REACH = 3.6
"""Pixels from the centre, along either axis, beyond which what no rule integrates is an edge, not the cusp. By hand."""
_CENTRAL_ORDER = 16
"""For pixels that hold or touch an analytic centre, where lower ones do; much of a small source's light is theirs."""
_EDGE_ORDER = 16
"""For pixels away from the centre that an edge crosses, where no rule is exact."""
_NEAR_KINK_ORDER = 8
"""For pixels near the centre that a kink crosses at the rounded parameters, if it does not at the true ones."""
_STENCIL_REACH = STENCIL_MARGIN + 1.5
"""Pixels from a kink within which the stencil's samples may lie beyond it, and one and a half more."""
_MOVED = 0.125
"""How far a centre is from its place at rounded parameters, pixels, at most: the step of `CENTRE`, twice what
rounding does along an axis.
"""
_KINK_SWING = 0.04
"""How far kinks are from their place at rounded parameters, of the distance from the centre: half a step of 3° in
position angle is 0.026, the rest is for q and what bends. By hand.
"""
_PROMISED_LENGTHS = 4.0
"""Lengths of `Surface.ellipse` from the centre to which pixels are exact relative to themselves (decision 0009)."""
_RAY_ORDER, _SMOOTH_RAY_ORDER = 16, 24
"""Nodes on rays from the centre, towards a cusp and where there is none: a flat centre falls off steeply outside.
By hand; tests/fitting/geometry/test_accuracy.py holds them.
"""
_FAINTEST = 3e-5
"""Share of the brightness one length out below which light counts as gone: 2^−15, as a Gaussian's at four half-light
radii (decision 0009).
"""
_AROUND = 5
"""Pixels, along both axes, whose errors are looked at together: an error that changes sign is small for less. By hand.
"""
_POINTS = np.array([0, *(order**2 for order in ORDERS), 0, 0, 0])
"""Points of the Gauss–Legendre rule of each class; none where it has another."""
_WORTH = 1.25
"""Points saved for each sample at a corner, less than which are not worth a second pass of weights. By hand."""
_FIVE_TOLERANCE = 1e-6
"""Error of a mean from five samples, relative to the pixel: a tenth of the strictest promise, as which pixels take five
changes with every change of the parameters.
"""
_FIVE_ERROR = 12.75
"""Error of a mean from five samples over that of the rule of order 2: 17/5760 over 1/4320 of the fourth derivative."""


@dataclass(frozen=True)
class RoundedSurface:
    """A surface and its parameters on the coarse grid that plans are made for; the amplitude is one."""

    surface: Surface
    values: tuple[float, ...]

    @classmethod
    def of(cls, surface: Surface, values: list[float]) -> "RoundedSurface":
        """The grid point next to the given values."""
        unit = list(values)
        for place in surface.linear:
            unit[place] /= values[-1] or 1.0
        near = [rounding(value) for rounding, value in zip(surface.roundings[:-1], unit[:-1], strict=True)]
        return cls(surface, (*near, 1.0))

    def at(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Brightness at pixel coordinates of any shape."""
        values = torch.tensor([self.values], dtype=torch.float64)
        points = (torch.as_tensor(x).reshape(1, -1) - values[:, :1], torch.as_tensor(y).reshape(1, -1) - values[:, 1:2])
        light: np.ndarray = self.surface.brightness(*points, values).reshape(x.shape).numpy()
        return light


@cached_by_bytes
def surface_plan(instance: RoundedSurface, window: tuple[int, int, int, int]) -> QuadraturePlan:
    """The classes of the pixels of a window x0, x1, y0, y1 (first, past the last) that the stencil does not serve."""
    y, x = np.mgrid[window[2] - _WIDER : window[3] + _WIDER, window[0] - _WIDER : window[1] + _WIDER].astype(float)
    samples = instance.at(x, y)
    inner = (slice(_WIDER, -_WIDER),) * 2
    x, y = x[inner], y[inner]
    away_x, away_y = np.abs(x - instance.values[0]), np.abs(y - instance.values[1])
    near_centre = np.maximum(away_x, away_y) < _NEAR
    allowed = np.where(near_centre, _NEAR_TOLERANCE, _BODY_TOLERANCE) * np.maximum(
        np.abs(samples[inner]), _faint(instance)
    )
    uncertain = near_centre | ~(_stencil_error(samples) * _SAFETY <= allowed)
    cusp = instance.surface.cusp_power(instance.values)
    touching = uncertain & (np.maximum(away_x, away_y) < _TOUCHING)
    at_cusp = touching & np.isfinite(cusp)
    classes = np.full(x.shape, CUSP_AND_BREAK + 1)
    kinked, beside = _kink_masks(instance, window)
    errors, means = _lowest_orders(instance, x, y, allowed, classes, (uncertain | beside) & ~at_cusp & ~kinked)
    # Where the mean follows from five samples, in spite of jumps near by; the errors are those of the lowest order.
    enough = _worst_around(errors, np.abs(samples[inner]) * (_FIVE_TOLERANCE / _FIVE_ERROR)) <= 1.0
    close = beside & ~near_centre & enough
    classes[close & (classes == len(ORDERS))] = CUSP_AND_BREAK + 1
    means[near_centre] = np.nan
    quincunx = instance.surface.kink_lines is None and _quincunx(instance, window, samples, means, allowed, classes)
    edges = (classes == CENTRAL) & (np.maximum(away_x, away_y) >= _HARD_REACH)
    classes[edges] = CUSP_AND_BREAK + 1
    classes[kinked & near_centre] = ORDERS.index(_NEAR_KINK_ORDER) + 1
    classes[kinked & ~near_centre & ~close] = len(ORDERS)
    _widen(classes)
    classes[edges] = ORDERS.index(_EDGE_ORDER) + 1
    classes[at_cusp] = CENTRAL if instance.surface.kink_lines is None else CUSP_AND_BREAK + 1
    central_class = ORDERS.index(_CENTRAL_ORDER) + 1
    classes[touching & ~at_cusp] = np.where(classes[touching & ~at_cusp] > central_class, central_class, CENTRAL)
    pixels = np.stack((x, y), axis=-1).astype(int)
    q, _, _ = instance.surface.ellipse(torch.tensor([instance.values], dtype=torch.float64))
    served = tuple(pixels[classes == index] for index in range(CUSP_AND_BREAK + 1))
    ray_order = _RAY_ORDER if cusp <= 1.01 else _SMOOTH_RAY_ORDER
    return QuadraturePlan(served, cusp, float(q), math.inf, ray_order, quincunx=quincunx)


@cached_by_bytes
def kink_candidates(
    instances: tuple[RoundedSurface, ...], frames: tuple[Frame, ...], device: torch.device
) -> Candidates:
    """Pixels of frames that kinks may cross, or whose stencil may reach across them, at the true parameters."""
    found = []
    for (number, frame), (place, instance) in product(enumerate(frames), enumerate(instances)):
        orders = np.full((frame.height, frame.width), ORDERS[-1])
        for order, pixels in zip(ORDERS, surface_plan(instance, frame.window).pixels[1:], strict=False):
            orders[pixels[:, 1] - frame.y0, pixels[:, 0] - frame.x0] = order
        found.append(pixel_table(place, number, frame, _kink_masks(instance, frame.window)[1], orders))
    return Candidates.of(found, device)


def _kink_masks(instance: RoundedSurface, window: tuple[int, int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Pixels of a window that kinks cross, and those that they may cross, or in whose stencil they may lie, at the
    true parameters.
    """
    y, x = np.mgrid[window[2] : window[3], window[0] : window[1]].astype(float)
    kinks = instance.surface.kink_lines
    if kinks is None:
        return np.zeros(x.shape, dtype=bool), np.zeros(x.shape, dtype=bool)
    values = torch.tensor([instance.values], dtype=torch.float64)
    x, y = x - instance.values[0], y - instance.values[1]
    away = np.maximum(np.abs(x), np.abs(y))
    points = (torch.as_tensor(x).flatten(), torch.as_tensor(y).flatten())
    sides = kink_sides(kinks, values, torch.zeros(x.size, dtype=torch.int64), *points)
    crossed, distance = (field.view(-1, *x.shape).numpy() for field in (sides.nearer(0.5), sides.distance))
    reached = away < kink_reach(kinks) + _MOVED
    near = distance.min(axis=0) < _STENCIL_REACH + _KINK_SWING * away
    return crossed.any(axis=0) & reached, ((near & kinks.jump) | (away < _NEAR + _MOVED)) & reached


def _widen(classes: np.ndarray) -> None:
    """Give each pixel the finest rule of itself and the four beside it: the true parameters are next to the rounded
    ones, and what a pixel needs may then lie in the next.
    """
    before = classes.copy()
    for axis in (0, 1):
        ahead, behind = ((slice(None),) * axis + (cut,) for cut in (slice(1, None), slice(None, -1)))
        classes[ahead] = np.minimum(classes[ahead], before[behind])
        classes[behind] = np.minimum(classes[behind], before[ahead])


def _faint(instance: RoundedSurface) -> float:
    """Brightness at the end of the promise on pixels, or (where it ends before) a little of that one length out."""
    values = torch.tensor([instance.values], dtype=torch.float64)
    q, pa, length = (float(part) for part in instance.surface.ellipse(values))
    sine, cosine = np.sin(np.radians(pa)), np.cos(np.radians(pa))
    x = length * np.array([-sine, sine, q * cosine, -q * cosine])
    y = length * np.array([cosine, -cosine, q * sine, -q * sine])
    edge, inner = (
        np.abs(instance.at(instance.values[0] + reach * x, instance.values[1] + reach * y)).max()
        for reach in (_PROMISED_LENGTHS, 1.0)
    )
    return float(max(edge, _FAINTEST * inner))


def _stencil_error(samples: np.ndarray) -> np.ndarray:
    """What the stencil leaves out along both axes, of samples `_WIDER` wider than the result on each side."""
    grid = torch.as_tensor(samples)
    along_x = (grid[_WIDER:-_WIDER].unfold(1, 9, 1) @ _EIGHTH).abs()
    along_y = (grid[:, _WIDER:-_WIDER].unfold(0, 9, 1) @ _EIGHTH).abs()
    error: np.ndarray = (_NEXT_TERM * (along_x + along_y)).numpy()
    return error


def _lowest_orders(
    instance: RoundedSurface,
    x: np.ndarray,
    y: np.ndarray,
    allowed: np.ndarray,
    classes: np.ndarray,
    uncertain: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Give each pixel that is `uncertain` the lowest order with which the next agrees; `CENTRAL` where none does by
    far.

    Returns the error of the lowest order of each pixel, zero where it is not known; and the mean by the next of the
    order that it is given, NaN elsewhere.
    """
    lowest, best = np.zeros(x.shape), np.full(x.shape, np.nan)
    rising = list(reversed(range(1, len(ORDERS) + 1)))
    places = np.nonzero(uncertain)
    means = _means(instance, x[places], y[places], ORDERS[rising[0] - 1])
    for index, following in pairwise(rising):
        finer = _means(instance, x[places], y[places], ORDERS[following - 1])
        error = np.abs(finer - means)
        served = error * (_SAFETY if index == rising[0] else 1.0) <= allowed[places]
        if index == rising[0]:
            lowest[places] = error
        classes[tuple(axis[served] for axis in places)] = index
        best[tuple(axis[served] for axis in places)] = finer[served]
        hard = error[~served] > _HARD * np.abs(finer[~served])
        places, means = tuple(axis[~served] for axis in places), finer[~served]
    classes[tuple(axis[~hard] for axis in places)] = rising[-1]
    classes[tuple(axis[hard] for axis in places)] = CENTRAL
    return lowest, best


def _quincunx(
    instance: RoundedSurface,
    window: tuple[int, int, int, int],
    samples: np.ndarray,
    means: np.ndarray,
    allowed: np.ndarray,
    classes: np.ndarray,
) -> bool:
    """Whether so many pixels need a rule that samples at the corners of all are fewer; those that these serve lose
    their class. `samples` are `_WIDER` wider than the rest on each side; `means` are NaN where they are not known, and
    not to be had so.
    """
    points = _POINTS[classes]
    corners = corner_frame(Frame(window[0], window[2], window[1] - window[0], window[3] - window[2]))
    worth = _WORTH * corners.width * corners.height
    if points.sum() < worth:
        return False
    y, x = np.mgrid[corners.y0 : corners.y0 + corners.height, corners.x0 : corners.x0 + corners.width] + 0.5
    spare = (slice(_WIDER - STENCIL_MARGIN, STENCIL_MARGIN - _WIDER),) * 2
    found = quincunx_means(torch.as_tensor(samples[spare]), torch.as_tensor(instance.at(x, y))).numpy()
    errors = np.nan_to_num(np.abs(found - means))
    served = np.isfinite(means) & (_worst_around(errors, allowed) * _SAFETY <= 1.0)
    if points[served].sum() < worth:
        return False
    # The lowest order errs by more than these do, but for its zeros, and must not be handed on to neighbours.
    classes[classes == len(ORDERS)] = len(ORDERS) - 1
    classes[served] = CUSP_AND_BREAK + 1
    return True


def _worst_around(errors: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """The largest of errors over what is allowed among the pixels around each: an error that changes sign is not small
    around its zero.
    """
    shares = np.divide(errors, allowed, out=np.where(errors > 0.0, np.inf, 0.0), where=allowed > 0.0)
    worst: np.ndarray = maximum_filter(shares, _AROUND)
    return worst


def _means(instance: RoundedSurface, x: np.ndarray, y: np.ndarray, order: int) -> np.ndarray:
    """Means over pixels by the rule of an order."""
    across, along, weights = pixel_rule(order)
    return instance.at(x[:, None] + across, y[:, None] + along) @ weights


def surface_quadrature_key(surface: Surface, values: Tensor) -> tuple[RoundedSurface, ...]:
    """The rounded instances of a stack of values (instances, parameters)."""
    return tuple(RoundedSurface.of(surface, row) for row in values.tolist())
