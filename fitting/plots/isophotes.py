"""The isophotes of an object as ellipses, from its noise-free light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_SMALLEST = 12
"""Pixels within the innermost isophote; fewer say nothing of its shape."""
_LEVELS = 40
_ROUNDS = 12


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
