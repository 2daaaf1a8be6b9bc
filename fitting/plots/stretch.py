"""Colour scales: the asinh stretch that shows core and outskirts at once, and round numbers along it."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import Colormap, FuncNorm
from numpy.typing import NDArray

Array = NDArray[np.float64]

MASKED = "#a8a8a8"
"""Colour of pixels that were not used; in neither of the maps."""


@lru_cache
def colours(name: str) -> Colormap:
    """A matplotlib map with masked pixels in grey."""
    return colormaps[name].with_extremes(bad=MASKED)


def asinh_stretch(*planes: Array) -> FuncNorm:
    """asinh((v - sky)/width): linear within a few times the scatter of the sky, logarithmic above.

    It runs from the 0.5 to the 99.95 percentile of the finite pixels. The sky is the 20 percentile, and the width three
    times the scatter of the fainter pixels about it (Lupton et al. 1999, AJ 118, 1406, on asinh magnitudes).
    """
    values = np.concatenate([plane[np.isfinite(plane)] for plane in planes])
    if values.size == 0:
        values = np.array([0.0, 1.0])
    low, sky, high = (float(level) for level in np.percentile(values, [0.5, 20.0, 99.95]))
    if not high > low:
        low, high = low - max(abs(low), 1.0) / 2, high + max(abs(high), 1.0) / 2
    faint = values[values <= sky]
    width = max(3.0 * 1.4826 * float(np.median(sky - faint)), 2e-4 * (high - low))

    def forward(value: Array) -> Array:
        return np.arcsinh((np.asarray(value) - sky) / width)

    def inverse(value: Array) -> Array:
        return np.sinh(np.asarray(value)) * width + sky

    return FuncNorm((forward, inverse), vmin=low, vmax=high)


def round_ticks(norm: FuncNorm, count: int = 7) -> list[float]:
    """Numbers with one or two digits, about evenly spaced along the stretch and within its range."""
    low, high = float(norm.vmin or 0.0), float(norm.vmax or 0.0)
    fractions = np.linspace(0.0, 1.0, count)
    wanted = [float(value) for value in norm.inverse(fractions)]
    ticks: list[float] = []
    for number, value in enumerate(wanted):
        near = [abs(value - other) for other in wanted[max(number - 1, 0) : number + 2] if other != value]
        step = 10.0 ** math.floor(math.log10(min(near))) if near and min(near) > 0.0 else 1.0
        nice = round(value / step) * step
        if low <= nice <= high and all(abs(float(norm(nice)) - float(norm(tick))) > 0.06 for tick in ticks):
            ticks.append(nice)
    return ticks
