"""The PSF as a kernel for quick drawings: trimmed, binned, and how wide it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_KEPT = 0.995


def trimmed(psf: Array) -> Array:
    """The kernel without its border of negligible light, so that drawing is quick; sums to 1."""
    half = psf.shape[0] // 2, psf.shape[1] // 2
    most = max(half)
    for reach in range(2, most):
        rows, columns = min(reach, half[0]), min(reach, half[1])
        inner = psf[half[0] - rows : half[0] + rows + 1, half[1] - columns : half[1] + columns + 1]
        if inner.sum() > _KEPT:
            return np.asarray(_square(inner) / inner.sum())
    return _square(psf)


def _square(psf: Array) -> Array:
    side = max(psf.shape)
    rows, columns = (side - psf.shape[0]) // 2, (side - psf.shape[1]) // 2
    return np.pad(psf, ((rows, rows), (columns, columns)))


def stamp_sigma(stamp: Array) -> float:
    """Sigma of the Gaussian with the stamp's half-light radius, pixels: second moments would be ruled by the wings."""
    height, width = stamp.shape
    rows, columns = np.mgrid[:height, :width]
    distance = np.hypot(columns - width // 2, rows - height // 2).ravel()
    order = np.argsort(distance)
    return float(np.interp(0.5, np.cumsum(stamp.ravel()[order]), distance[order])) / 1.1774


def binned(psf: Array, factor: int) -> Array:
    """The kernel on pixels that are `factor` times as wide, about the same centre."""
    half = psf.shape[0] // 2
    reach = max(1, -(-(half - factor // 2) // factor))
    place = np.clip(np.floor((np.arange(-half, half + 1) + factor / 2.0) / factor).astype(int), -reach, reach) + reach
    wide = np.zeros((2 * reach + 1, psf.shape[1]))
    np.add.at(wide, place, psf)
    both = np.zeros((2 * reach + 1, 2 * reach + 1))
    np.add.at(both.T, place, wide.T)
    return both
