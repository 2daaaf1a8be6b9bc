"""Isophotes of an object as ellipses, from its noise-free light, and its surface brightness along them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_SMALLEST = 12
"""Pixels within the innermost isophote; fewer say nothing of its shape."""
_LEVELS = 40
"""Isophotes from the innermost to the faintest; chosen by hand: their shapes are interpolated between."""
_ROUNDS = 12
"""Times that a pixel's radius is worked out anew with the shape at its last radius; chosen by hand."""


@dataclass(frozen=True)
class MeasuredIsophotes:
    """Nested ellipses about one centre; between them shape and direction are interpolated, beyond them kept.

    Attributes:
        centre: (x, y) in pixels of the plane.
        semi_major: increasing, (k,), pixels.
        axis_ratio: b/a, (k,).
        angle: of the major axis, radians from +x to +y, without jumps, (k,).
    """

    centre: tuple[float, float]
    semi_major: Array
    axis_ratio: Array
    angle: Array

    def ratio_at(self, radius: Array) -> Array:
        """Axis ratio of the isophotes with these semi-major axes."""
        return np.asarray(np.interp(radius, self.semi_major, self.axis_ratio), dtype=np.float64)

    def radius(self, shape: tuple[int, int]) -> Array:
        """Semi-major axis of the isophote through the centre of each pixel of a plane, pixels."""
        rows, columns = np.indices(shape, dtype=np.float64)
        x, y = columns - self.centre[0], rows - self.centre[1]
        radius = np.hypot(x, y)
        for _ in range(_ROUNDS if len(self.semi_major) > 1 else 1):
            angle = np.interp(radius, self.semi_major, self.angle)
            along = x * np.cos(angle) + y * np.sin(angle)
            across = y * np.cos(angle) - x * np.sin(angle)
            radius = np.hypot(along, across / self.ratio_at(radius))
        return np.asarray(radius, dtype=np.float64)


def single_ellipse(centre: tuple[float, float], axis_ratio: float, position_angle: float) -> MeasuredIsophotes:
    """MeasuredIsophotes all of one shape; the position angle is in degrees, counter-clockwise from +y."""
    angle = np.radians(position_angle + 90.0)
    return MeasuredIsophotes(centre, np.array([1.0]), np.array([axis_ratio]), np.array([angle]))


def isophotes_of(light: Array, centre: tuple[float, float] | None = None) -> MeasuredIsophotes | None:
    """The isophotes of one object.

    The pixels brighter than a level fill a region whose second moments are those of an ellipse with half axes 2√λ, λ
    their eigenvalues. The levels stop where a region meets the border of the plane.

    Args:
        light: (height, width), one object alone, without noise.
        centre: (x, y); None means the middle of the brightest region.

    Returns:
        None where the light is not that of an object within the plane.
    """
    order = np.argsort(light, axis=None)[::-1]
    rows, columns = np.unravel_index(order, light.shape)
    height, width = light.shape
    border = (rows == 0) | (columns == 0) | (rows == height - 1) | (columns == width - 1)
    inside = int(np.argmax(border))
    if inside < _SMALLEST:
        return None
    counts = np.unique(np.geomspace(_SMALLEST, inside, _LEVELS).astype(int))
    x, y = columns[:inside].astype(np.float64), rows[:inside].astype(np.float64)
    sums = [np.cumsum(values)[counts - 1] / counts for values in (x, y, x * x, y * y, x * y)]
    spread_x = sums[2] - sums[0] ** 2 + 1.0 / 12.0  # a pixel has an extent of its own
    spread_y = sums[3] - sums[1] ** 2 + 1.0 / 12.0
    both = sums[4] - sums[0] * sums[1]
    mean, half = (spread_x + spread_y) / 2, np.hypot((spread_x - spread_y) / 2, both)
    major, minor = 2.0 * np.sqrt(mean + half), 2.0 * np.sqrt(mean - half)
    angle = np.unwrap(np.arctan2(2.0 * both, spread_x - spread_y)) / 2.0
    growing = np.concatenate(([True], major[1:] > np.maximum.accumulate(major)[:-1]))
    middle = (float(sums[0][0]), float(sums[1][0])) if centre is None else centre
    return MeasuredIsophotes(middle, major[growing], (minor / major)[growing], angle[growing])


Mask = NDArray[np.bool_]

_NARROWEST, _GROWTH = 1.0, 0.1
"""Width of a ring: pixels, and as a share of its radius."""
_COVERED = 0.3
"""Share of a ring that must be in the image and not masked."""
_VISIBLE = 0.2
"""The profile ends where the model has sunk below this times the error of a ring's mean."""
_IN_PIXEL = 0.38
"""Mean distance of a pixel's points from its middle: no ring is nearer to the centre."""


@dataclass(frozen=True)
class RadialBrightness:
    """Means over rings between isophotes, each (rings,), in data units per pixel.

    Attributes:
        radius: mean semi-major axis of the pixels in a ring, pixels.
        data, model: means of the pixels used.
        error: standard deviation of the data's mean, from the noise of its pixels.
        parts: the model's components.
        pixels: how many were used.
    """

    radius: Array
    data: Array
    model: Array
    error: Array
    parts: dict[str, Array]
    pixels: Array

    @property
    def pulls(self) -> Array:
        """(data - model)/error."""
        return (self.data - self.model) / self.error


def radial_brightness(
    isophotes: MeasuredIsophotes, data: Array, model: Array, sigma: Array, parts: Mapping[str, Array]
) -> RadialBrightness:
    """Average over rings from the centre to where the object fades or leaves the image.

    Args:
        data, model: of the object alone, (height, width).
        sigma: noise of each pixel, NaN where the pixel is not used.
        parts: the components of the model.
    """
    radius = isophotes.radius((data.shape[0], data.shape[1]))
    limits = [0.0, 0.7]  # of the rings, the first a disc of about a pixel
    largest = float(radius.max())
    while limits[-1] < largest:
        limits.append(limits[-1] + max(_NARROWEST, _GROWTH * limits[-1]))
    edges = np.array(limits)
    used = np.isfinite(sigma) & np.isfinite(data)
    ring = np.digitize(radius[used], edges) - 1
    pixels = np.bincount(ring, minlength=len(edges) - 1).astype(np.float64)[: len(edges) - 1]

    def mean(plane: Array) -> Array:
        sums = np.bincount(ring, weights=plane[used], minlength=len(edges) - 1)[: len(edges) - 1]
        return np.divide(sums, pixels, out=np.full(len(pixels), np.nan), where=pixels > 0)

    middle = (edges[1:] + edges[:-1]) / 2
    area = np.pi * isophotes.ratio_at(middle) * (edges[1:] ** 2 - edges[:-1] ** 2)
    error = np.sqrt(mean(sigma**2) / np.maximum(pixels, 1.0))
    shown = mean(model)
    last = _last_ring(pixels, area, shown, error)
    there = np.flatnonzero(pixels[:last] > 0)
    return RadialBrightness(
        np.maximum(mean(radius)[there], _IN_PIXEL),
        mean(data)[there],
        shown[there],
        error[there],
        {name: mean(plane)[there] for name, plane in parts.items()},
        pixels[there],
    )


def _last_ring(pixels: Array, area: Array, model: Array, error: Array) -> int:
    """How many rings are shown: to where most of a ring is lost, or its light."""
    large = area > 20.0  # in smaller ones the grid of pixels makes the share jump
    lost = large & (pixels < _COVERED * area)
    faint = model < _VISIBLE * error
    ends = np.flatnonzero(lost | faint)
    return int(ends[0]) if len(ends) else len(pixels)
