"""Surface brightness of an object along its isophotes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fitting.plots.isophotes import MeasuredIsophotes

Array = NDArray[np.float64]
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
    edges = _edges(float(radius.max()))
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


def _edges(largest: float) -> Array:
    """Limits of the rings, the first a disc of about a pixel."""
    edges = [0.0, 0.7]
    while edges[-1] < largest:
        edges.append(edges[-1] + max(_NARROWEST, _GROWTH * edges[-1]))
    return np.array(edges)


def _last_ring(pixels: Array, area: Array, model: Array, error: Array) -> int:
    """How many rings are shown: to where most of a ring is lost, or its light."""
    large = area > 20.0  # in smaller ones the grid of pixels makes the share jump
    lost = large & (pixels < _COVERED * area)
    faint = model < _VISIBLE * error
    ends = np.flatnonzero(lost | faint)
    return int(ends[0]) if len(ends) else len(pixels)
