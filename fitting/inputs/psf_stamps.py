"""PSF stamps that sum to one: from an image, or from a formula integrated over pixels."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RectBivariateSpline

from fitting.faults import UserFault
from fitting.spec import GaussianPsf, MoffatPsf
from fitting.spec.images.image_spec import GaussianShape, MoffatShape

MAX_SIDE = 1025
"""Width and height of a PSF image, pixels, at most; chosen by hand, for the time of a convolution."""
OFF_BY = 1e-3
"""A PSF image whose sum differs from 1 by more than this gets a warning when it is normalised: fluxes would be off by
as much."""

_ROUND_PEAK = 4
"""Samples round the bright part of a stamp that its splines are made of."""
_STEPS = 12
"""To a sample, where a stamp is looked at between its samples."""
_MOST_PLACES = 500
"""Along each axis at which a stamp is looked at, so that a large one costs no more; chosen by hand."""

_HALF_WIDTHS = 3.5
"""Least half width of a stamp, FWHM: a Gaussian has fallen to 2e-15 of its height there."""
_WIDEST_HALF = 10.0
"""Largest half width of a stamp, FWHM: wide wings would cost more than they hold; chosen by hand."""
_LOST = 1e-3
"""Share of a Moffat's light that may lie beyond the stamp, where the widest half allows for it; chosen by hand."""
_ORDER = 12
"""Nodes of the Gauss–Legendre rule on a panel: `tests/fitting/inputs/test_psf_stamps.py` holds stamps to 1e-8 of exact
integrals."""
_SMALLEST_PANEL = 0.25
"""Width of the panel at the centre, in units of the Moffat's a: there (1 + r²/a²) is smooth to the rule."""


class PsfInvalid(UserFault):
    """A PSF image cannot be used as a kernel; `expected` says what could."""

    def __init__(self, message: str, expected: str) -> None:
        self.message, self.expected = message, expected
        super().__init__(f"{message} (expected {expected})")


def fine_kernel(stamp: NDArray[np.float64]) -> NDArray[np.float64]:
    """A stamp with a row or column of zeros behind where its size is even: N // 2 is the middle."""
    height, width = stamp.shape
    return np.pad(stamp, ((0, 1 - height % 2), (0, 1 - width % 2)))


def normalise_stamp(stamp: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """The stamp divided by its sum, and that sum; raises PsfInvalid where it is no kernel."""
    height, width = stamp.shape
    if height % 2 == 0 or width % 2 == 0:
        raise PsfInvalid(f"a PSF of {height} x {width} pixels has no central pixel", "odd height and width")
    if max(height, width) > MAX_SIDE:
        raise PsfInvalid(f"a PSF of {height} x {width} pixels is too large", f"at most {MAX_SIDE} pixels a side")
    if not np.isfinite(stamp).all():
        raise PsfInvalid("the PSF holds NaN or infinite pixels", "finite numbers")
    total = float(stamp.sum())
    if not math.isfinite(total) or total <= 1e-12 * float(np.abs(stamp).sum()):
        raise PsfInvalid(f"the PSF sums to {total:g}", "a positive sum")
    return stamp / total, total


def stamp_fwhm(stamp: NDArray[np.float64]) -> float:
    """Full width at half maximum, samples: the diameter of a disc as large as what is brighter than half of the peak.

    Between samples the stamp is a cubic spline.
    """
    if not stamp.max() > 0.0:
        return 0.0
    bright = np.argwhere(stamp > 0.25 * stamp.max())
    (top, left), (bottom, right) = bright.min(axis=0), bright.max(axis=0)
    sides = []
    for first, last, size in ((top, bottom, stamp.shape[0]), (left, right, stamp.shape[1])):
        outside = max(_ROUND_PEAK - first, last + _ROUND_PEAK - size + 1, 0)
        sides.append((first - _ROUND_PEAK + outside, last + _ROUND_PEAK + outside, outside))
    padded = np.pad(stamp, [(side[2], side[2]) for side in sides])
    part = padded[sides[0][0] : sides[0][1] + 1, sides[1][0] : sides[1][1] + 1]
    places = [np.linspace(0, size - 1, max(size, min(_STEPS * (size - 1) + 1, _MOST_PLACES))) for size in part.shape]
    fine = RectBivariateSpline(np.arange(part.shape[0]), np.arange(part.shape[1]), part)(*places)
    cell = (places[0][1] - places[0][0]) * (places[1][1] - places[1][0])
    return 2.0 * math.sqrt(float((fine > 0.5 * fine.max()).sum()) * cell / math.pi)


def gaussian_stamp(psf: GaussianPsf) -> NDArray[np.float64]:
    """A circular Gaussian, sigma = fwhm / (2 sqrt(2 ln 2)), at least 7 FWHM wide.

    ``discrete``: integrated over each pixel (differences of error functions); ``effective``: its value at each centre.
    """
    fwhm = psf.gaussian.fwhm
    sigma = fwhm / math.sqrt(8.0 * math.log(2.0))
    half = math.ceil(_HALF_WIDTHS * fwhm)
    offsets = np.arange(-half, half + 1, dtype=np.float64)
    if psf.convention == "effective":
        return sampled(psf.gaussian, 1)
    edges = np.append(offsets, half + 1.0) - 0.5
    line = np.diff([math.erf(edge / (sigma * math.sqrt(2.0))) for edge in edges])
    stamp = np.outer(line, line)
    return np.asarray(stamp / stamp.sum(), dtype=np.float64)


def moffat_stamp(psf: MoffatPsf) -> NDArray[np.float64]:
    """A circular Moffat function (1 + (r/a)^2)^-beta, a = fwhm / (2 sqrt(2^(1/beta) - 1)) (Moffat 1969, A&A 3, 455).

    Wide enough to hold 99.9 % of the light, within 7 to 20 FWHM. ``discrete``: integrated over each pixel by
    Gauss-Legendre quadrature on panels that shrink towards the centre; ``effective``: its value at each centre.
    """
    beta = psf.moffat.beta
    if psf.convention == "effective":
        return sampled(psf.moffat, 1)
    quadrant = _pixel_integrals(_half(psf.moffat), _core(psf.moffat), beta)
    lower = np.concatenate([quadrant[:, :0:-1], quadrant], axis=1)
    stamp = np.concatenate([lower[:0:-1], lower])
    return np.asarray(stamp / stamp.sum(), dtype=np.float64)


def _core(form: MoffatShape) -> float:
    """a, pixels."""
    return form.fwhm / (2.0 * math.sqrt(2.0 ** (1.0 / form.beta) - 1.0))


def _half(form: GaussianShape | MoffatShape) -> int:
    """Half the width of a formula's stamp, pixels."""
    least = _HALF_WIDTHS * form.fwhm
    if isinstance(form, GaussianShape):
        return math.ceil(least)
    # The light beyond radius r is (1 + (r/a)^2)^(1 - beta) of the whole.
    reach = _core(form) * math.sqrt(min(_LOST ** (-1.0 / (form.beta - 1.0)), 1e12) - 1.0)
    return math.ceil(min(max(reach, least), _WIDEST_HALF * form.fwhm, (MAX_SIDE - 1) / 2))


def sampled(form: GaussianShape | MoffatShape, steps: int) -> NDArray[np.float64]:
    """A formula's values on its stamp, at so many steps to a pixel, summing to one: (odd, odd), or (even, even) where
    `steps` is even, half a step off the middle on either side.
    """
    half, even = _half(form) * steps, 1 - steps % 2
    squares = ((np.arange(-half, half + 1 - even, dtype=np.float64) + 0.5 * even) / steps) ** 2
    radii = squares[:, None] + squares
    if isinstance(form, GaussianShape):
        stamp = np.exp(-4.0 * math.log(2.0) * radii / form.fwhm**2)
    else:
        stamp = (1.0 + radii / _core(form) ** 2) ** -form.beta
    return np.asarray(stamp / stamp.sum(), dtype=np.float64)


def _pixel_integrals(half: int, core: float, beta: float) -> NDArray[np.float64]:
    """Pixel integrals of the quadrant x, y >= 0; pixel 0 is the central one, halved by symmetry and doubled again."""
    nodes, weights, starts = _quadrature(half, core)
    columns = nodes**2 / core**2
    rows = []
    for first, last in zip(starts, np.append(starts[1:], len(nodes)), strict=True):
        heights = nodes[first:last] ** 2 / core**2
        values = (1.0 + heights[:, None] + columns) ** -beta
        rows.append(np.add.reduceat((weights[first:last] @ values) * weights, starts))
    return np.asarray(rows)


def _quadrature(half: int, core: float) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.intp]]:
    """Nodes and weights along one half axis, and where each pixel's nodes begin."""
    roots, gauss = np.polynomial.legendre.leggauss(_ORDER)
    nodes, weights, starts = [], [], [0]
    for pixel in range(half + 1):
        edges = _central_edges(core) if pixel == 0 else [pixel - 0.5, pixel, pixel + 0.5]
        for low, high in pairwise(edges):
            nodes.append(low + (high - low) * (roots + 1.0) / 2.0)
            weights.append(gauss * (high - low) / 2.0 * (2.0 if pixel == 0 else 1.0))
        starts.append(starts[-1] + _ORDER * (len(edges) - 1))
    return np.concatenate(nodes), np.concatenate(weights), np.asarray(starts[:-1], dtype=np.intp)


def _central_edges(core: float) -> list[float]:
    """Panels of the central pixel, halving towards the centre until they resolve the core."""
    edges = [0.5]
    while edges[0] > _SMALLEST_PANEL * core and len(edges) < 40:
        edges.insert(0, edges[0] / 2.0)
    return [0.0, *edges]
