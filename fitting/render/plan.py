"""Which pixels need which quadrature, decided before anything is evaluated.

Two things spoil a rule: the cusp at the centre too near, and a profile that falls too steeply. A Gauss–Legendre rule
of order N errs by κ^{−2N}, where κ is the size of the largest ellipse around the pixel's chord (semi-axes' sum, in
half chords) inside which the brightness is analytic (Trefethen 2013, Approximation Theory and Approximation Practice,
theorem 19.3); the brightness is singular where R = 0, at complex coordinates along the chord. The choice is made for
parameters rounded to a coarse grid, with a margin, so it is a pure function of the parameters that stays the same over
the last steps of a fit.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fitting.profiles import RADIAL_PROFILES

CORNER = 0
"""Class of the pixels integrated by `CornerRule`."""
ORDERS = (16, 8, 5, 3)
"""Gauss–Legendre orders, the classes after `CORNER`; beyond the last the stencil serves."""
_SMALLEST_ELLIPSE = {16: 1.6, 8: 2.5, 5: 4.2, 3: 11.5}
_CHORDS = np.linspace(-0.5, 0.5, 5)
_STENCIL_NEAREST = 7.0
_ERROR_CONSTANT = {16: 1.2e-55, 8: 3.9e-25, 5: 3.9e-13, 3: 5.0e-7}
_STENCIL_CONSTANT = 6.0e-5
_TOLERANCE = 1.0e-6
_PROMISED_RADIUS = 4.0
_MARGIN = 0.12


@dataclass(frozen=True)
class RoundedShape:
    """Parameters of one instance on the coarse grid that plans are made for."""

    profile: str
    x: float
    y: float
    q: float
    pa: float
    scale: float
    shape: tuple[float, ...]


@dataclass(frozen=True)
class CorePlan:
    """Pixels of one instance that the stencil does not serve: `pixels[k]` is (count, 2) of x, y for class k."""

    pixels: tuple[np.ndarray, ...]
    cusp_power: float
    q: float


def rounded(
    profile: str, x: float, y: float, q: float, pa: float, scale: float, shape: tuple[float, ...]
) -> RoundedShape:
    """The grid point next to the given parameters: centre to 1/8 pixel, lengths and shapes to 5 %, pa to 3° · q."""
    q = _rounded_log(q)
    step = math.degrees(0.05 * min(q, 1.0 / q))
    return RoundedShape(
        profile,
        round(x * 8.0) / 8.0,
        round(y * 8.0) / 8.0,
        q,
        round((pa % 180.0) / step) * step,
        _rounded_log(scale),
        tuple(_rounded_log(value) for value in shape),
    )


def _rounded_log(value: float) -> float:
    """The nearest power of e^0.05."""
    return math.exp(round(math.log(value) * 20.0) / 20.0)


@lru_cache(maxsize=4096)
def core_plan(instance: RoundedShape, window: tuple[int, int, int, int]) -> CorePlan:
    """The classes of the pixels around one instance that lie in a window x0, x1, y0, y1 (first, past the last)."""
    angle = np.radians(instance.pa)
    sine, cosine = np.sin(angle), np.cos(angle)
    size = max(np.hypot(sine, cosine / instance.q), np.hypot(cosine, sine / instance.q))
    reach = _core_radius(instance, size)
    columns = _covered(instance.x, reach * np.hypot(sine, instance.q * cosine), *window[:2])
    rows = _covered(instance.y, reach * np.hypot(cosine, instance.q * sine), *window[2:])
    y, x = np.mgrid[rows, columns]
    along = -(x - instance.x) * sine + (y - instance.y) * cosine
    across = (x - instance.x) * cosine + (y - instance.y) * sine
    radius = np.hypot(along, across / instance.q)
    ellipse = analytic_ellipse(instance, x - instance.x, y - instance.y)
    served = pixel_class(instance, radius, size, ellipse)
    pixels = np.stack((x, y), axis=-1)
    return CorePlan(
        tuple(pixels[served == index] for index in range(len(ORDERS) + 1)),
        RADIAL_PROFILES[instance.profile].cusp_power(instance.shape),
        instance.q,
    )


def _covered(centre: float, reach: float, first: int, end: int) -> slice:
    """The pixels from `first` to before `end` that come within `reach` of a centre."""
    low, high = np.clip((np.floor(centre - reach - 0.5), np.ceil(centre + reach + 0.5) + 1.0), first, end)
    return slice(int(low), int(high))


def analytic_ellipse(instance: RoundedShape, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """κ of each pixel at offsets x, y from the centre: the least over chords along both axes, centre moved by a
    margin.
    """
    angle = np.radians(instance.pa)
    sine, cosine, stretch = np.sin(angle), np.cos(angle), instance.q**-2
    xx, yy = sine**2 + cosine**2 * stretch, cosine**2 + sine**2 * stretch
    xy = sine * cosine * (stretch - 1.0)
    height = 1j / instance.q
    least = np.full(x.shape, np.inf)
    for chord in _CHORDS:
        for across, along, slope in ((y + chord, x, (height - xy) / xx), (x + chord, y, (height - xy) / yy)):
            near = np.sign(across) * np.maximum(np.abs(across) - _MARGIN, 0.0)
            singular = 2.0 * (near * slope - along)
            singular = singular.real - np.clip(singular.real, -2.0 * _MARGIN, 2.0 * _MARGIN) + 1j * singular.imag
            root = np.sqrt(singular**2 - 1.0)
            least = np.minimum(least, np.maximum(abs(singular + root), abs(singular - root)))
    return least


def pixel_class(instance: RoundedShape, radius: np.ndarray, size: float, ellipse: np.ndarray) -> np.ndarray:
    """Class of pixels at elliptical `radius` (pixels along the major axis) whose stretched side is `size`.

    Class k ≥ 1 is the Gauss–Legendre order ORDERS[k − 1]; len(ORDERS) + 1 is the stencil. `ellipse` is κ.
    """
    steepness = _log_steepness(instance, radius, size)
    allowed = np.log(_TOLERANCE) + _faintness(instance, radius)
    served = np.full(radius.shape, CORNER)
    for index, order in enumerate(ORDERS, start=1):
        enough = np.log(_ERROR_CONSTANT[order]) + 2 * order * steepness <= allowed
        enough |= order == ORDERS[0]
        served[(ellipse >= _SMALLEST_ELLIPSE[order]) & enough] = index
    smooth = (radius - _MARGIN >= _STENCIL_NEAREST * size) & (np.log(_STENCIL_CONSTANT) + 8 * steepness <= allowed)
    served[smooth] = len(ORDERS) + 1
    return served


def _log_steepness(instance: RoundedShape, radius: np.ndarray, size: float) -> np.ndarray:
    """ln of −d ln I / dR times the pixel's stretched side."""
    relative = np.maximum(radius / instance.scale, 1e-12)
    slope = RADIAL_PROFILES[instance.profile].log_slope(relative, instance.shape)
    return np.log(np.maximum(slope, 1e-12) / (relative * instance.scale) * size)


def _faintness(instance: RoundedShape, radius: np.ndarray) -> np.ndarray:
    """ln I(promised radius) / I(R) beyond the promised radius, else 0.

    Out there the promise is on the flux: brightness that has fallen tenfold may be integrated ten times less exactly.
    """
    profile = RADIAL_PROFILES[instance.profile]
    relative = np.maximum(radius / instance.scale, _PROMISED_RADIUS)
    edge = profile.log_brightness(np.asarray(_PROMISED_RADIUS), instance.shape)
    return edge - profile.log_brightness(relative, instance.shape)


def _core_radius(instance: RoundedShape, size: float) -> float:
    """Largest radius that the stencil does not serve."""
    radii = np.geomspace(_STENCIL_NEAREST * size + _MARGIN, 60.0 * max(instance.scale, size), 64)
    unserved = pixel_class(instance, radii, size, np.full(radii.shape, np.inf)) <= len(ORDERS)
    return float(radii[unserved].max() if unserved.any() else radii[0])
