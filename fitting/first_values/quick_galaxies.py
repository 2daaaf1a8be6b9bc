"""Sérsic galaxies drawn quickly, good to a few per cent, and the PSF as a kernel for that.

They show what lies under a source, and where a fit may start; no number of a result comes from them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.optimize import nnls

Array = NDArray[np.float64]
Part = tuple[slice, slice]
"""Rows and columns of an array."""

_CORE = 3
"""Half width of the square about the centre that is drawn in sub-pixels, pixels; chosen by hand."""
_FINE = 5
"""Sub-pixels along each axis there; odd, so that one lies on the centre. Chosen by hand: a few per cent are enough."""
_SOFTENING = 0.3
"""What is added to radii in quadrature, pixels: about the mean distance within a pixel, so that a cusp stays finite."""
_NARROWEST, _WIDEST = 0.25, 1.8
"""Dispersions of the Gaussians that stand for a galaxy, half-light radii; chosen by hand, to span core and
outskirts."""
_LIGHT_OF_KERNEL = 0.995
"""Share of a PSF's light that its compact kernel holds; chosen by hand, for drawings good to a few per cent."""
_FAINTEST = 1e-5
"""Of first intensities, in units of that at the half-light radius; chosen by hand, so that no logarithm is of zero."""


@dataclass(frozen=True)
class Galaxy:
    """A Sérsic galaxy; x and y in pixels of the array, the rest as in a request."""

    x: float
    y: float
    q: float
    pa: float
    n: float
    r_e: float
    i_e: float

    @property
    def flux(self) -> float:
        """Total flux, data units."""
        return self.i_e * unit_flux(self.q, self.n, self.r_e)

    def light_at(self, radius: float) -> float:
        """Surface brightness at a radius along the major axis, nowhere negligible."""
        fall = b_n(self.n) * ((radius / self.r_e) ** (1.0 / self.n) - 1.0)
        return self.i_e * math.exp(max(-fall, math.log(_FAINTEST)))

    def as_gaussians(self, count: int) -> list[tuple[float, float]]:
        """Dispersions and heights of the sum of so many Gaussians that is nearest to it, none of them negligible."""
        sigmas = self.r_e * np.geomspace(_NARROWEST, _WIDEST, count)
        radii = self.r_e * np.geomspace(0.05, 4.0, 40)
        light = np.array([self.light_at(radius) for radius in radii])
        rows = np.exp(-0.5 * (radii[:, None] / sigmas) ** 2)
        heights, _ = nnls(rows / light[:, None], np.ones(len(radii)))
        heights = np.maximum(heights, 0.01 * heights.max())
        return list(zip(sigmas.tolist(), heights.tolist(), strict=True))


def b_n(n: float) -> float:
    """b_n by the series of Ciotti & Bertin 1999 (A&A 352, 447); enough for a first value."""
    return max(2.0 * n - 1.0 / 3.0 + 4.0 / (405.0 * n) + 46.0 / (25515.0 * n * n), 0.02)


def unit_flux(q: float, n: float, radius: float) -> float:
    """Total flux of a Sérsic profile with i_e = 1 (Graham & Driver 2005, PASA 22, 118, equation 4)."""
    b = b_n(n)
    return 2.0 * math.pi * q * radius**2 * n * math.exp(b - 2.0 * n * math.log(b) + math.lgamma(2.0 * n))


def brightness(galaxy: Galaxy, x: Array, y: Array, softening: float) -> Array:
    """Surface brightness at points; `softening` is added to the elliptical radius in quadrature, pixels."""
    angle = math.radians(galaxy.pa)
    sine, cosine = math.sin(angle), math.cos(angle)
    along = (y - galaxy.y) * cosine - (x - galaxy.x) * sine
    across = ((x - galaxy.x) * cosine + (y - galaxy.y) * sine) / galaxy.q
    square = (along**2 + across**2 + softening**2) / galaxy.r_e**2
    # Two exponentials and a logarithm take a third of the time of one power.
    return np.asarray(galaxy.i_e * np.exp(-b_n(galaxy.n) * (np.exp(np.log(square) * (0.5 / galaxy.n)) - 1.0)))


class Stamp:
    """Draws galaxies on one part of an image, blurred by its PSF.

    Args:
        part: the rows and columns.
        psf: a kernel that sums to 1, or None.
    """

    def __init__(self, part: Part, psf: Array | None) -> None:
        self.part = part
        margin = 0 if psf is None else psf.shape[0] // 2
        rows = np.arange(part[0].start - margin, part[0].stop + margin, dtype=np.float64)
        columns = np.arange(part[1].start - margin, part[1].stop + margin, dtype=np.float64)
        self._rows, self._columns = rows[:, None], columns[None, :]
        self._blur = blurring(psf, (len(rows), len(columns)))
        steps = np.arange(-_CORE - 0.5, _CORE + 0.5, 1.0 / _FINE) + 0.5 / _FINE
        self._fine = steps

    def draw(self, galaxy: Galaxy) -> Array:
        """The galaxy's light on the part, data units per pixel."""
        light = brightness(galaxy, self._columns, self._rows, _SOFTENING)
        self._draw_core(galaxy, light)
        return self._blur(light)

    def _draw_core(self, galaxy: Galaxy, light: Array) -> None:
        """Put means over sub-pixels where the profile bends within a pixel."""
        row = round(galaxy.y) - int(self._rows[0, 0])
        column = round(galaxy.x) - int(self._columns[0, 0])
        if not (_CORE <= row < light.shape[0] - _CORE and _CORE <= column < light.shape[1] - _CORE):
            return
        side = 2 * _CORE + 1
        fine = brightness(
            galaxy, round(galaxy.x) + self._fine, (round(galaxy.y) + self._fine)[:, None], _SOFTENING / _FINE
        )
        mean = fine.reshape(side, _FINE, side, _FINE).mean((1, 3))
        light[row - _CORE : row + _CORE + 1, column - _CORE : column + _CORE + 1] = mean


def blurring(psf: Array | None, shape: tuple[int, int]) -> Callable[[Array], Array]:
    """Convolution of arrays whose last axes have `shape` with the kernel, where all of the kernel lies inside."""
    if psf is None:
        return lambda light: light
    size = [fft.next_fast_len(length, real=True) for length in shape]
    transfer = fft.rfft2(psf, size)
    low = (psf.shape[0] - 1, psf.shape[1] - 1)

    def convolve(light: Array) -> Array:
        spectrum = fft.rfft2(light, size)
        spectrum *= transfer  # in place, so that single precision stays single
        whole = fft.irfft2(spectrum, size)
        # The convolution wraps round; what wrapped lies before `low`.
        return np.asarray(whole[..., low[0] : shape[0], low[1] : shape[1]])

    return convolve


def compact_kernel(psf: Array) -> Array:
    """The kernel without its border of negligible light, so that drawing is quick; sums to 1."""
    half = psf.shape[0] // 2, psf.shape[1] // 2
    most = max(half)
    for reach in range(2, most):
        rows, columns = min(reach, half[0]), min(reach, half[1])
        inner = psf[half[0] - rows : half[0] + rows + 1, half[1] - columns : half[1] + columns + 1]
        if inner.sum() > _LIGHT_OF_KERNEL:
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


def coarse_kernel(psf: Array, factor: int) -> Array:
    """The kernel on pixels that are `factor` times as wide, about the same centre."""
    half = psf.shape[0] // 2
    reach = max(1, -(-(half - factor // 2) // factor))
    place = np.clip(np.floor((np.arange(-half, half + 1) + factor / 2.0) / factor).astype(int), -reach, reach) + reach
    wide = np.zeros((2 * reach + 1, psf.shape[1]))
    np.add.at(wide, place, psf)
    both = np.zeros((2 * reach + 1, 2 * reach + 1))
    np.add.at(both.T, place, wide.T)
    return both
