"""Quadrature plan of a radial profile: which pixel needs which rule, decided before anything is evaluated.

Three things spoil a rule: the cusp at the centre too near, a break (or the end) of the profile in the pixel, and a
profile that changes too fast. A Gauss–Legendre rule of order N errs by κ^{−2N}, where κ is the size of the largest
ellipse around the pixel's chord (semi-axes' sum, in half chords) inside which the brightness is analytic (Trefethen
2013, Approximation Theory and Approximation Practice, theorem 19.3); the brightness is singular where R = 0, at complex
coordinates along the chord, and at the break. How fast the profile changes is measured
(`fitting.render.radial.smoothness`). The choice is made for parameters rounded to a coarse grid, with a margin, so it
is a pure function of the parameters that stays the same over the last steps of a fit (decision 0009).

Example, a Sérsic galaxy of index 2 on 60 × 60 pixels, and the pixels about its centre::

    galaxy = round_shape(Sersic(), x=10.2, y=8.7, q=0.4, pa=33.0, scale=3.0, shape=(2.0,))
    plan = quadrature_plan(galaxy, (0, 60, 0, 60))
    plan.pixels[CENTRAL]  # x and y, (count, 2)
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from types import ModuleType
from typing import NamedTuple

import numpy as np

from fitting.profiles import RadialProfile
from fitting.render.compiled import loops
from fitting.render.pixels import cached_by_bytes
from fitting.render.radial.smoothness import ORDERS, SHORT_STENCIL, STENCIL, Smoothness, measure_smoothness

CENTRAL = 0
"""Class of the pixels integrated by `CuspRule`; classes 1 and on are the orders of `ORDERS`."""
BREAK = len(ORDERS) + 1
"""Class of the pixels integrated by `BreakRule`."""
CUSP_AND_BREAK = BREAK + 1
"""Class of the pixels integrated by `CuspAndBreakRule`: near the centre, or from the break far in towards it."""
_STENCIL_CLASS = CUSP_AND_BREAK + 1
_SMALLEST_ELLIPSE = {32: 1.6, 16: 1.6, 8: 2.5, 5: 4.2, 3: 11.5, 2: 38.0}
"""The least κ at which a pixel is given to each order: κ^{−2N} = 5e-7, half of the strictest tolerance, but for order
32, which is never taken for the cusp's sake (smaller ellipses are the cusp rule's).
"""
_ELLIPSES = np.array([_SMALLEST_ELLIPSE[order] for order in ORDERS])
"""The same, in the order of `ORDERS`."""
_NO_PIXELS = (np.zeros((0, 2), dtype=int),) * _STENCIL_CLASS
_CHORDS = np.linspace(-0.5, 0.5, 5)
"""Chords of a pixel on which κ is looked at, by their distance from its middle, pixels: both edges are among them."""
_STENCIL_NEAREST = 7.0
"""Stretched sides of a pixel from the centre within which the stencil serves nowhere: its samples, three pixels away on
either side, come too near to the cusp. Chosen by hand; tests/promises/test_render_accuracy.py holds it.
"""
_NEAR_TOLERANCE = math.log(1.0e-6)
"""ln of a pixel's relative error that is allowed near the centre, a tenth of the promise there (decision 0009)."""
_FAR_TOLERANCE = math.log(1.0e-5)
"""The same elsewhere: a tenth of the promise of 1e-4."""
_SHORT_TOLERANCE = math.log(2.0e-6)
"""The same for the short stencil, and stricter, so that derivatives, which curve more, come out as exactly as
elsewhere: tests/fitting/render/radial/test_far_frames.py.
"""
_NEAR = 6.0
"""Pixels from the centre; nearer, the promise is ten times stricter. The promise says five, the rest is margin."""
_MARGIN = 0.12
"""Pixels by which a centre may be off its place in the plan: √2/16 = 0.088 for its rounding to 1/8 pixel; the
rest, by hand, is for that of q and pa.
"""
_BREAK_MARGIN = 0.2
"""The same of a break's ellipse: √2/16 of the centre, 1/16 of the radius, and a little for q and pa, by hand."""
_HIGHEST_BESIDE_BREAK = 8
"""The highest Gauss–Legendre order next to a break: the 16² points of the next are more than the 8 · 6 · 5 of the
leanest `BreakRule`, which is exact there.
"""
_SIZE_STEPS = 40.0
"""Steps to an e-fold, of 2.5 %, in which stretched sides are rounded up where smoothness is measured; chosen by hand.
"""
_LONG = 0.4
"""Share of a break's radius: a pixel that reaches from the break farther in than this has rays too long for
`BreakRule`. Chosen by hand; tests/fitting/profiles/test_every_profile.py holds it.
"""


_LIMITS = np.array([_NEAR_TOLERANCE, _FAR_TOLERANCE, _NEAR, _MARGIN, _STENCIL_NEAREST])
"""What compiled loops choose classes by."""


class RoundedShape(NamedTuple):
    """Parameters of one instance on the coarse grid that plans are made for.

    `break_radius` is that of the profile's break, pixels along the major axis, or None.
    """

    profile: RadialProfile
    x: float
    y: float
    q: float
    pa: float
    scale: float
    shape: tuple[float, ...]
    break_radius: float | None


@dataclass(frozen=True)
class QuadraturePlan:
    """Pixels of one instance that the stencil does not serve: `pixels[k]` is (count, 2) of x, y for class k.

    `short` says whether all others of the window lie so far out that the short stencil serves them; `quincunx` that
    they are served by samples at pixels' corners, too (`fitting.render.pixels.quincunx`).
    """

    pixels: tuple[np.ndarray, ...]
    cusp_power: float
    q: float
    break_radius: float
    ray_order: int
    short: bool = False
    quincunx: bool = False

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays, and about those of their headers and of the parameters by which it is kept."""
        return 2048 + sum(pixels.nbytes for pixels in self.pixels)


def round_shape(  # noqa: PLR0913 - an ellipse's parameters, and its break
    profile: RadialProfile,
    x: float,
    y: float,
    q: float,
    pa: float,
    scale: float,
    shape: tuple[float, ...],
    break_radius: float | None = None,
) -> RoundedShape:
    """The grid point next to the given parameters: centre to 1/8 pixel, lengths and shapes to 5 %, pa to 3° · q; and so
    fine that a break moves by no more than 1/8 pixel.
    """
    fine = 0.05 if break_radius is None else min(0.05, 0.125 / max(break_radius, 1e-3))
    q = math.exp(round(math.log(q) / fine) * fine)
    step = math.degrees(fine * min(q, 1.0 / q))
    return RoundedShape(
        profile,
        round(x * 8.0) / 8.0,
        round(y * 8.0) / 8.0,
        q,
        round((pa % 180.0) / step) * step,
        math.exp(round(math.log(scale) * 20.0) / 20.0),
        # To 5 %, and of numbers next to zero to 0.0025.
        tuple(0.05 * math.sinh(round(20.0 * math.asinh(value / 0.05)) / 20.0) for value in shape),
        None if break_radius is None else max(round(break_radius * 8.0) / 8.0, 0.125),
    )


@lru_cache(maxsize=1024)
def _smoothness_of(instance: RoundedShape) -> tuple[float, Smoothness]:
    """The stretched side of a pixel, and how smooth the profile is across pixels so large, or a little larger."""
    angle = math.radians(instance.pa)
    sine, cosine = math.sin(angle), math.cos(angle)
    size = max(math.hypot(sine, cosine / instance.q), math.hypot(cosine, sine / instance.q))
    profile, scale = instance.profile, instance.scale
    if instance.break_radius is not None:
        return size, measure_smoothness(profile, instance.shape, scale, instance.break_radius, size)
    steps = math.ceil(math.log(size / scale) * _SIZE_STEPS)
    unit = RoundedShape(profile, 0.0, 0.0, 1.0, 0.0, 1.0, instance.shape, None)
    return size, _smoothness_in_scales(unit, steps).scaled(scale)


@lru_cache(maxsize=8192)
def _smoothness_in_scales(unit: RoundedShape, steps: int) -> Smoothness:
    """Of a profile without a break whose scale length is one, for a stretched side of so many steps: the same for
    galaxies of all sizes, so that hundreds of them share it.
    """
    return measure_smoothness(unit.profile, unit.shape, 1.0, None, math.exp(steps / _SIZE_STEPS))


@cached_by_bytes
def quadrature_plan(instance: RoundedShape, window: tuple[int, int, int, int]) -> QuadraturePlan:
    """The classes of the pixels around one instance that lie in a window x0, x1, y0, y1 (first, past the last)."""
    _, smoothness = _smoothness_of(instance)
    near, far = _boxes(instance)
    columns, rows = _part_of_window(instance, near, window)
    lit = columns.stop > columns.start and rows.stop > rows.start
    short = not all(span.stop > span.start for span in _part_of_window(instance, far, window))
    return QuadraturePlan(
        _pixels_by_class(instance, columns, rows) if lit else _NO_PIXELS,
        instance.profile.cusp_power(instance.shape),
        instance.q,
        math.inf if instance.break_radius is None else instance.break_radius,
        smoothness.ray_order,
        short,
    )


@lru_cache(maxsize=1024)
def _boxes(instance: RoundedShape) -> tuple[tuple[float, float], tuple[float, float]]:
    """How far from the centre, along x and y, each stencil begins to serve everywhere: the long and the short one."""
    size, smoothness = _smoothness_of(instance)
    angle = math.radians(instance.pa)
    sine, cosine = math.sin(angle), math.cos(angle)
    sides = math.hypot(sine, instance.q * cosine), math.hypot(cosine, instance.q * sine)
    near = max(smoothness.reach(STENCIL, _FAR_TOLERANCE), _STENCIL_NEAREST * size + _MARGIN)
    far = max(near, smoothness.reach(SHORT_STENCIL, _SHORT_TOLERANCE))
    return (near * sides[0], near * sides[1]), (far * sides[0], far * sides[1])


def _pixels_by_class(instance: RoundedShape, columns: slice, rows: slice) -> tuple[np.ndarray, ...]:
    """x and y of the pixels of each class, of those in the columns and rows."""
    size, smoothness = _smoothness_of(instance)
    compiled = loops()
    if compiled is None or instance.break_radius is not None:
        y, x = np.mgrid[rows, columns]
        served = _classes(instance, smoothness, size, x - instance.x, y - instance.y)
    else:
        served = _compiled_classes(compiled, instance, smoothness, size, columns, rows)
    # In order of the classes, and of each row after row.
    chosen = np.argsort(served, axis=None, kind="stable")
    ends = np.bincount(served.ravel(), minlength=_STENCIL_CLASS)[:_STENCIL_CLASS].cumsum()
    y, x = np.divmod(chosen[: ends[-1]], served.shape[1])
    pixels = np.stack((x + columns.start, y + rows.start), axis=-1)
    return tuple(pixels[start:end] for start, end in pairwise((0, *ends.tolist())))


def _compiled_classes(
    compiled: ModuleType, instance: RoundedShape, smoothness: Smoothness, size: float, columns: slice, rows: slice
) -> np.ndarray:
    """As `_classes`, for a profile without a break, by compiled loops."""
    angle = math.radians(instance.pa)
    smooth_centre = math.isinf(instance.profile.cusp_power(instance.shape))
    sine, cosine = math.sin(angle), math.cos(angle)
    shape = np.array([instance.x, instance.y, instance.q, sine, cosine, size, float(smooth_centre)])
    served = np.empty((rows.stop - rows.start, columns.stop - columns.start), dtype=np.int64)
    box = np.array([columns.start, rows.start])
    compiled.write_classes(shape, box, _LIMITS, _ELLIPSES, smoothness.radii, smoothness.log_errors, served)
    return served


def _part_of_window(
    instance: RoundedShape, box: tuple[float, float], window: tuple[int, int, int, int]
) -> tuple[slice, slice]:
    """Columns and rows of the window that come so near to the centre along x and y."""
    return _span(instance.x, box[0], *window[:2]), _span(instance.y, box[1], *window[2:])


def _span(centre: float, reach: float, first: int, end: int) -> slice:
    """The pixels from `first` to before `end` that come within `reach` of a centre."""
    low, high = math.floor(centre - reach - 0.5), math.ceil(centre + reach + 0.5) + 1
    return slice(min(max(low, first), end), min(max(high, first), end))


def _classes(instance: RoundedShape, smoothness: Smoothness, size: float, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Class of the pixels at offsets x, y from the centre."""
    radius = _elliptical_radius(instance, x, y)
    tolerance = np.where(np.hypot(x, y) <= _NEAR, _NEAR_TOLERANCE, _FAR_TOLERANCE)
    smooth_centre = np.isinf(instance.profile.cusp_power(instance.shape))
    centre = np.full(x.shape, np.inf) if smooth_centre else analytic_ellipse(instance, x, y)
    breaks = _BreakDistances.around(instance, smoothness, size, x, y, radius)
    served = np.full(x.shape, CENTRAL)
    if smooth_centre:
        served[radius > 2.0 * size] = 1
    else:
        served[centre >= _SMALLEST_ELLIPSE[ORDERS[0]]] = 1
    if breaks is not None:
        served[(served == CENTRAL) & breaks.inside_hull] = CUSP_AND_BREAK
        served[(served == 1) & breaks.near] = BREAK
        served[(served == BREAK) & breaks.long] = CUSP_AND_BREAK
    log_errors = smoothness.log_errors_at(radius)
    for index, order in enumerate(ORDERS, start=1):
        enough = log_errors[index - 1] <= tolerance
        if breaks is not None:
            enough &= ~breaks.crossed | (smoothness.log_error_across(index - 1, breaks.at, size) <= tolerance)
            # Next to the break its rule is exact with fewer points than high orders take.
            enough &= ~breaks.near if order > _HIGHEST_BESIDE_BREAK else True
            aside = smoothness.log_error(index - 1, breaks.aside) <= tolerance
            aside &= (order <= _HIGHEST_BESIDE_BREAK) | ~breaks.near
            enough |= (breaks.ellipse >= _SMALLEST_ELLIPSE[order]) & aside
        served[(centre >= _SMALLEST_ELLIPSE[order]) & enough] = index
    smooth = (radius - _MARGIN >= _STENCIL_NEAREST * size) & (log_errors[STENCIL] <= tolerance)
    served[smooth] = _STENCIL_CLASS
    return served


def _elliptical_radius(instance: RoundedShape, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Elliptical radius at offsets x, y from the centre, pixels along the major axis."""
    angle = np.radians(instance.pa)
    sine, cosine = np.sin(angle), np.cos(angle)
    return np.hypot(-x * sine + y * cosine, (x * cosine + y * sine) / instance.q)


def analytic_ellipse(instance: RoundedShape, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """κ of each pixel at offsets x, y from the centre: the least over chords along both axes, centre moved by a
    margin.
    """
    angle = np.radians(instance.pa)
    sine, cosine, stretch = np.sin(angle), np.cos(angle), instance.q**-2
    xx, yy = sine**2 + cosine**2 * stretch, cosine**2 + sine**2 * stretch
    xy = sine * cosine * (stretch - 1.0)
    least = np.full(x.shape, np.inf)
    for across, along, straight in ((y, x, xx), (x, y, yy)):
        off = across + _CHORDS.reshape(-1, *(1,) * x.ndim)
        near = np.maximum(np.abs(off) - _MARGIN, 0.0)
        # The singular place along each chord, in half chords: real part, moved by the margin, and imaginary part.
        real = 2.0 * (np.copysign(near, off) * (-xy / straight) - along)
        real -= np.clip(real, -2.0 * _MARGIN, 2.0 * _MARGIN)
        squared = (near * (2.0 / (instance.q * straight))) ** 2
        # Its distances to the chord's ends ±1 add up to κ + 1/κ.
        distances = np.sqrt((real - 1.0) ** 2 + squared) + np.sqrt((real + 1.0) ** 2 + squared)
        least = np.minimum(least, distances.min(0))
    return 0.5 * (least + np.sqrt(np.maximum(least**2 - 4.0, 0.0)))


@dataclass(frozen=True)
class _BreakDistances:
    """How pixels lie to a break that no Gauss–Legendre rule integrates across.

    Attributes:
        ellipse: κ as the break sets it; 0 where it crosses the pixel.
        aside: the pixel's elliptical radius, moved off the break so far that the chord does not cross it.
        at: the break's radius.
        crossed: whether it crosses the pixel.
        near: whether the pixel is next to the break.
        inside_hull: whether the break comes between the centre and the pixel's far corner.
        long: whether the pixel reaches from the break far in towards the centre.
    """

    at: float
    crossed: np.ndarray
    ellipse: np.ndarray
    aside: np.ndarray
    near: np.ndarray
    inside_hull: np.ndarray
    long: np.ndarray

    @classmethod
    def around(
        cls,
        instance: RoundedShape,
        smoothness: Smoothness,
        size: float,
        x: np.ndarray,
        y: np.ndarray,
        radius: np.ndarray,
    ) -> "_BreakDistances | None":
        """For pixels at offsets x, y from the centre; None where there is no break or only a gentle one."""
        at = instance.break_radius
        if at is None or not smoothness.sharp:
            return None
        low, high = _range_of_radius(instance, x, y)
        half = np.maximum(0.5 * (high - low), 1e-9)
        distance = np.abs(0.5 * (high + low) - at) / half
        ellipse = np.where(distance > 1.0, distance + np.sqrt(np.maximum(distance**2 - 1.0, 0.0)), 0.0)
        if smoothness.dark:
            ellipse[low > at] = np.inf
        clear = 0.5 * size + 1e-3
        aside = np.where(radius < at, np.minimum(radius, max(at - clear, 0.0)), np.maximum(radius, at + clear))
        return cls(
            at,
            (low <= at) & (at <= high),
            ellipse,
            aside,
            np.abs(radius - at) <= 2.0 * size,
            high >= at,
            (high >= at) & (low < _LONG * at),
        )


def _range_of_radius(instance: RoundedShape, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest elliptical radius over pixels grown by a margin."""
    side = 0.5 + _BREAK_MARGIN
    angle = np.radians(instance.pa)
    sine, cosine = np.sin(angle), np.cos(angle)
    corners = [(x + a * side, y + b * side) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    u = np.stack([-cx * sine + cy * cosine for cx, cy in corners])
    w = np.stack([(cx * cosine + cy * sine) / instance.q for cx, cy in corners])
    along_u, along_w = np.roll(u, -1, axis=0) - u, np.roll(w, -1, axis=0) - w
    foot = np.clip(-(u * along_u + w * along_w) / (along_u**2 + along_w**2), 0.0, 1.0)
    nearest = np.hypot(u + foot * along_u, w + foot * along_w).min(axis=0)
    holds_centre = np.maximum(np.abs(x), np.abs(y)) <= side
    return np.where(holds_centre, 0.0, nearest), np.hypot(u, w).max(axis=0)
