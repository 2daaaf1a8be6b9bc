"""Structure of galaxies: peaks that belong to a galaxy, as pieces of arms, rings and bars do, and are no sources.

A source that lies on a galaxy is alone there: of the ellipse about the galaxy's centre that goes through it, the
rest is as smooth as the galaxy is. A piece of an arm or of a ring is one of several on its ellipse, or has dark gaps
beside it; and what a drawing of the wrong shape leaves behind is on both sides. So a peak is a source where it stands
out of its own ellipse.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter

from fitting.first_values import Galaxy, b_n

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_FADED = 0.3
"""Of a pixel's noise: a galaxy reaches to where it has faded to that; chosen by hand."""
_FARTHEST = 6.0
"""Half-light radii to which a galaxy reaches at most; chosen by hand, beyond arms and rings."""
_OWN_LIGHT = 0.8
"""Of the brightness in the middle of a galaxy, as far as noise and blur let it be seen: what is brighter than that is
no structure of it; chosen by hand."""
_STANDS_OUT = 2.5
"""Times by which a source exceeds what nine tenths of the rest of its ellipse differ by; chosen by hand: an arm that is
a sine has 1.3, a source on noise 4 and more."""
_REST = 90.0
"""Percent of the rest of an ellipse that a source is held against: two more sources may lie on it."""
_ACROSS = 0.1
"""Half width of an ellipse, of its radius; chosen by hand."""
_FEWEST = 8
"""Pixels of the rest of an ellipse, below which nothing is told from it."""
_ROUND = 2.0
"""Radii of its footprint that a peak takes of its ellipse; chosen by hand."""


def reach_of(galaxy: Galaxy, noise: float) -> float:
    """Radius along the major axis to which a galaxy is seen, pixels."""
    if not 0.0 < _FADED * noise < galaxy.i_e * math.exp(b_n(galaxy.n)):
        return 0.0
    depth = max(math.log(galaxy.i_e / (_FADED * noise)) / b_n(galaxy.n) + 1.0, 0.0)
    return float(min(depth**galaxy.n, _FARTHEST) * galaxy.r_e)


def elliptical_radius(galaxy: Galaxy, x: ArrayLike, y: ArrayLike) -> Array:
    """Radius along the major axis of the ellipses on which places lie, pixels."""
    angle, dx, dy = (
        math.radians(galaxy.pa),
        np.asarray(x, dtype=float) - galaxy.x,
        np.asarray(y, dtype=float) - galaxy.y,
    )
    along = dy * math.cos(angle) - dx * math.sin(angle)
    across = (dx * math.cos(angle) + dy * math.sin(angle)) / galaxy.q
    return np.asarray(np.hypot(along, across))


def is_structure(
    light: Array, drawn: Array, used: Mask, galaxy: Galaxy, place: tuple[float, float], size: float, scale: float
) -> bool:
    """Whether a peak on a galaxy belongs to it.

    Args:
        light: (height, width), sky and other sources taken off, but neither the galaxy nor the peak.
        drawn: of the galaxy, the same shape.
        used: where pixels may be looked at.
        place: x, y of the peak.
        size: radius of the peak's footprint, pixels.
        scale: sigma of the smoothing with which it is looked at, pixels.
    """
    rows, columns = np.indices(light.shape)
    radius, at = elliptical_radius(galaxy, columns, rows), float(elliptical_radius(galaxy, *place))
    near = np.maximum(gaussian_filter(used.astype(float), scale), 1e-3)
    smooth = gaussian_filter(np.where(used, light, 0.0), scale) / near
    peak = used & (np.hypot(columns - place[0], rows - place[1]) <= max(scale, 1.0))
    if not peak.any():
        return False
    middle = used & (radius <= max(scale, 1.0))
    if middle.any() and smooth[peak].max() > _OWN_LIGHT * smooth[middle].max():
        return False
    ring = used & (np.abs(radius - at) <= max(scale, _ACROSS * at, 1.0))
    # Never more than a third of the ellipse, so that there is a rest of it.
    widest = max(math.pi * at * math.sqrt(galaxy.q) / 3.0, 2.0 * scale)
    ring &= np.hypot(columns - place[0], rows - place[1]) > min(_ROUND * size + scale, widest)
    if ring.sum() < _FEWEST:
        return True
    left = smooth - gaussian_filter(np.where(used, drawn, 0.0), scale) / near
    level = float(np.median(left[ring]))
    spread = float(np.percentile(np.abs(left[ring] - level), _REST))
    return bool(left[peak].max() - level < _STANDS_OUT * spread)
