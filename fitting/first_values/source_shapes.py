"""Shapes of sources in an image: peak, growth of the light, second moments. Crude, but hard to fool."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_MOMENT_STEPS = 30
"""Steps of the adaptive moments; chosen by hand, as a bound on their time."""
_ROUNDEST, _FLATTEST = 0.99, 0.1
"""Axis ratios that a first value may have: off 1, where pa means nothing, and off what noise makes of few pixels."""
_FARTHEST = 2.0
"""Pixels, beside a tenth of the radius, by which a centre may move before it is taken back; chosen by hand."""
_CORE = 0.6
"""Size of the moments' weight in half-light radii; chosen by hand: small, so that neighbours count little."""


@dataclass(frozen=True)
class Shape:
    """A source's light.

    Attributes:
        x, y: centre in pixels of the array.
        q, pa: axis ratio; position angle in degrees, counter-clockwise from +y, within 0 to 180.
        radius: half-light radius along the major axis, pixels.
        flux: total, data units.
    """

    x: float
    y: float
    q: float
    pa: float
    radius: float
    flux: float


def gaussian_mean(data: Array, used: Mask, sigma: float) -> Array:
    """Gaussian-weighted mean of the used pixels around each pixel; 0 where none is near."""
    half = math.ceil(3.0 * sigma)
    line = np.exp(-0.5 * (np.arange(-half, half + 1) / sigma) ** 2)
    line /= line.sum()
    light = _convolution(np.where(used, data, 0.0), line)
    coverage = _convolution(used.astype(np.float64), line)
    return np.divide(light, coverage, out=np.zeros_like(light), where=coverage > 0.1)


def _convolution(data: Array, line: Array) -> Array:
    """Convolution with a symmetric line along both axes, zero beyond the edges."""
    half = len(line) // 2
    for axis in (0, 1):
        width = [(half, half) if axis == other else (0, 0) for other in (0, 1)]
        padded = np.pad(data, width)
        length = data.shape[axis]
        data = sum(weight * padded.take(range(step, step + length), axis=axis) for step, weight in enumerate(line))
    return data


def brightest_pixel(light: Array, used: Mask) -> tuple[float, float, float] | None:
    """x, y and value of the brightest used pixel; None where none is used."""
    if not used.any():
        return None
    place = int(np.argmax(np.where(used, light, -np.inf)))
    y, x = divmod(place, light.shape[1])
    return float(x), float(y), float(light[y, x])


def summits(light: Array) -> Mask:
    """Pixels that no neighbour outshines: the flank of a source that is cut off by a mask is none."""
    height, width = light.shape
    padded = np.pad(light, 1, constant_values=-np.inf)
    around = [padded[y : y + height, x : x + width] for y in range(3) for x in range(3)]
    return np.asarray(light >= np.max(around, axis=0))


def growth(data: Array, used: Mask, x: float, y: float, rms: float) -> tuple[float, float]:
    """Half-light radius (circular, pixels) and total flux about a position, from medians of annuli a pixel wide.

    Medians make neighbours and gaps count little. The sum ends where the light is lost in the noise for three annuli.
    """
    rows, columns = np.ogrid[: data.shape[0], : data.shape[1]]
    distance = np.hypot(columns - x, rows - y)
    last = int(max(data.shape))
    ring = np.minimum(np.rint(distance[used]).astype(np.intp), last)
    order = np.argsort(ring, kind="stable")
    starts = np.searchsorted(ring[order], np.arange(last + 1))
    values = data[used][order]
    light, radii, faint = [0.0], [0.0], 0
    for radius, (first, end) in enumerate(pairwise(starts)):
        if end > first:
            median = float(np.median(values[first:end]))
            faint = faint + 1 if median < max(rms, 0.0) / math.sqrt(end - first) * 2.0 else 0
            if faint == 3:
                break
            area = math.pi * ((radius + 0.5) ** 2 - max(radius - 0.5, 0.0) ** 2)
            light.append(light[-1] + max(median, 0.0) * area)
            radii.append(radius + 0.5)
    return float(np.interp(0.5 * light[-1], light, radii)), light[-1]


def moments(data: Array, used: Mask, x: float, y: float, radius: float, recentre: bool) -> tuple[float, float, Array]:
    """Centre and covariance (pixels squared; xx, xy, yx, yy) by a Gaussian weight that adapts to the source.

    Adaptive moments (Bernstein & Jarvis 2002, AJ 123, 583, section 3.1): the weight takes the source's own shape, and a
    Gaussian seen through itself has half its covariance, so twice the weighted covariance is the next weight. Its
    size stays at `radius`, so that noise cannot make it run away.
    """
    start = np.eye(2) * radius**2
    shape, centre = start, np.array([x, y])
    reach = math.ceil(4.0 * radius) + 2
    left, top = max(round(x) - reach, 0), max(round(y) - reach, 0)
    part = np.s_[top : max(round(y) + reach + 1, 1), left : max(round(x) + reach + 1, 1)]
    light = np.where(used[part], data[part], 0.0)
    rows, columns = np.mgrid[: light.shape[0], : light.shape[1]]
    for _ in range(_MOMENT_STEPS):
        offsets = np.stack([columns + left - centre[0], rows + top - centre[1]])
        inverse = np.linalg.inv(shape)
        weighted = light * np.exp(-0.5 * np.einsum("iyx,ij,jyx->yx", offsets, inverse, offsets))
        total = float(weighted.sum())
        if total <= 0.0:
            return x, y, start
        mean = np.einsum("iyx,yx->i", offsets, weighted) / total
        spread = np.einsum("iyx,jyx,yx->ij", offsets, offsets, weighted) / total - np.outer(mean, mean)
        determinant = float(np.linalg.det(spread))
        if not determinant > 0.0 or spread[0, 0] <= 0.0:
            return x, y, start
        if recentre:
            centre = centre + mean
            strayed = math.hypot(centre[0] - x, centre[1] - y) > _FARTHEST + 0.1 * radius
            centre, recentre = (np.array([x, y]), False) if strayed else (centre, True)
        shape = _bounded_axis_ratio(spread * (radius**2 / math.sqrt(determinant)))
    return float(centre[0]), float(centre[1]), shape


def _bounded_axis_ratio(shape: Array) -> Array:
    """The covariance with its axis ratio held above the flattest."""
    values, vectors = np.linalg.eigh(shape)
    values = np.maximum(values, values[1] * _FLATTEST**2)
    return np.asarray((vectors * values) @ vectors.T)


def axis_ratio_and_angle(shape: Array, blur: float) -> tuple[float, float]:
    """q and pa of a covariance from which a round blur (sigma, pixels) is taken off."""
    values, vectors = np.linalg.eigh(shape)
    minor, major = np.maximum(values - blur**2, 0.1 * values)
    x, y = vectors[:, 1]
    angle = math.degrees(math.atan2(-x, y)) % 180.0
    return float(np.clip(math.sqrt(minor / major), _FLATTEST, _ROUNDEST)), angle


def measure_shape(data: Array, used: Mask, at: tuple[float, float], rms: float, blur: float, recentre: bool) -> Shape:
    """Shape of the source at a position of sky-subtracted data.

    Args:
        rms: noise of one pixel.
        blur: sigma of the PSF, pixels, 0 where there is none.
        recentre: whether the position may move to the light's centre.
    """
    half, flux = growth(data, used, at[0], at[1], rms)
    half = max(half, 0.7)
    x, y, shape = moments(data, used, at[0], at[1], max(_CORE * half, 1.0), recentre)
    q, pa = axis_ratio_and_angle(shape, blur)
    # 1.1774 sigma is a Gaussian's half-light radius; a source no larger than the blur keeps a third of its size.
    intrinsic = math.sqrt(max(half**2 - (1.1774 * blur) ** 2, (half / 3.0) ** 2))
    return Shape(x, y, q, pa, intrinsic / math.sqrt(q), flux)
