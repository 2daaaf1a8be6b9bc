"""Sky under the sources: its level and its tilt, from what is left when the sources are taken off."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fitting.inputs import CLIP, background

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_BLOCKS = 8
"""Blocks along the longer axis; chosen by hand: enough for a plane, each with pixels enough for a clipped mean."""
_SMALLEST_BLOCK = 8
"""Side of a block, pixels, at least; chosen by hand."""
_FEWEST_BLOCKS = 9
"""Blocks of which a slope can be told: three times its parameters."""
_SIGNIFICANT = 6.0
"""Standard deviations from which a slope is sure. High, since the light of unseen sources is no noise; chosen by
hand."""
_WORTHWHILE = 0.25
"""Rise over the image, in units of a pixel's noise, below which a slope does not matter; chosen by hand."""


@dataclass(frozen=True)
class Sky:
    """level + slope_x (x − x_0) + slope_y (y − y_0), about the middle (x_0, y_0) of an array.

    Attributes:
        level: data units per pixel, in the middle.
        slope_x, slope_y: data units per pixel, for each pixel along x and y.
    """

    level: float
    slope_x: float = 0.0
    slope_y: float = 0.0

    @property
    def tilted(self) -> bool:
        """Whether it has a slope."""
        return self.slope_x != 0.0 or self.slope_y != 0.0

    def plane(self, shape: tuple[int, ...]) -> Array:
        """The sky on an array of that shape, (height, width)."""
        rows, columns = np.ogrid[: shape[0], : shape[1]]
        x, y = columns - (shape[1] - 1) / 2.0, rows - (shape[0] - 1) / 2.0
        return np.asarray(self.level + self.slope_x * x + self.slope_y * y)

    def plus(self, other: Sky) -> Sky:
        """The sum of the two."""
        return Sky(self.level + other.level, self.slope_x + other.slope_x, self.slope_y + other.slope_y)


def sky_of(data: Array, used: Mask) -> Sky:
    """The sky of data whose sources are faint, masked, or taken off.

    The level is the clipped mean, since the median of few photons is a whole number of them. The slope is fitted to
    the means of blocks, whose own scatter about the plane gives its uncertainty, so that correlated noise feigns none;
    one that is not sure, or too small to matter, is taken for none.
    """
    level, rms = _level(data, used)
    slope = _slope(data, used)
    if slope is None:
        return Sky(level)
    (by_x, by_y), chi2 = slope
    rise = abs(by_x) * data.shape[1] + abs(by_y) * data.shape[0]
    if chi2 < _SIGNIFICANT**2 or rise < _WORTHWHILE * rms:
        return Sky(level)
    flat = data - Sky(0.0, by_x, by_y).plane(data.shape)
    return Sky(_level(flat, used)[0], by_x, by_y)


def _level(data: Array, used: Mask) -> tuple[float, float]:
    """Clipped mean and rms."""
    median, rms = background(data, used)
    near = used & (np.abs(data - median) <= CLIP * rms)
    return (float(data[near].mean()) if near.any() else median), rms


def _slope(data: Array, used: Mask) -> tuple[tuple[float, float], float] | None:
    """Slopes by x and y, and χ² of both being none; None where there are too few blocks."""
    side = max(_SMALLEST_BLOCK, math.ceil(max(data.shape) / _BLOCKS))
    places, means = [], []
    for top in range(0, data.shape[0], side):
        for left in range(0, data.shape[1], side):
            part = np.s_[top : top + side, left : left + side]
            if used[part].mean() > 0.5:
                height, width = used[part].shape
                places.append((1.0, left + (width - data.shape[1]) / 2.0, top + (height - data.shape[0]) / 2.0))
                means.append(_level(data[part], used[part])[0])
    if len(means) < _FEWEST_BLOCKS:
        return None
    matrix, values = np.array(places), np.array(means)
    for _ in range(3):
        solution, *_ = np.linalg.lstsq(matrix, values, rcond=None)
        off = values - matrix @ solution
        scatter = max(1.4826 * float(np.median(np.abs(off))), 1e-300)
        near = np.abs(off) < 3.0 * scatter
        if near.sum() < _FEWEST_BLOCKS or near.all():
            break
        matrix, values = matrix[near], values[near]
    variance = max(float(np.var(off)) * len(off) / (len(off) - 3), 1e-300)
    information = matrix.T @ matrix / variance
    covariance = np.linalg.inv(information)[1:, 1:]
    chi2 = float(solution[1:] @ np.linalg.solve(covariance, solution[1:]))
    return (float(solution[1]), float(solution[2])), chi2
