"""Pixel means from one sample a pixel: the mean over a pixel follows from the samples around it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

STENCIL_MARGIN = 3
"""Samples that the stencil needs beyond the frame on each side: seven taps, whose next term is 6e-5 of the eighth
derivative.
"""
SHORT_MARGIN = 1
"""The same of the short stencil, three taps, which is enough far from all centres (`_SHORT_TOLERANCE` of the plan says
where).
"""
_IN_CACHE = 2**19
"""Bytes of images, for each thread, that a dozen passes over them find in a core's own cache."""
_BLOCK = {"cpu": 36, "cuda": 128}
"""Rows of a banded matrix in one product: the more, the more of it is zero."""


@cache
def stencil_taps(margin: int = STENCIL_MARGIN) -> list[float]:
    """Weights (2 · margin + 1) that turn samples at unit spacing into the mean over the middle unit interval.

    From the series of the averaging operator in central differences, 1 + δ²/24 − 17 δ⁴/5760 + 367 δ⁶/967680
    (Hildebrand, Introduction to Numerical Analysis, 1956, chapter 5), as far as the margin goes; the next term is
    6.0e-5 of the eighth derivative, and where the margin is one, 3.0e-3 of the fourth.
    """
    second = np.array([1.0, -2.0, 1.0])
    taps = np.zeros(2 * margin + 1)
    taps[margin] = 1.0
    difference = np.array([1.0])
    for power, weight in enumerate((1 / 24, -17 / 5760, 367 / 967680)[:margin], start=1):
        difference = np.convolve(difference, second)
        taps[margin - power : margin + power + 1] += weight * difference
    return taps.tolist()


def weighted_sums(samples: Tensor, axis: int, taps: Sequence[float], out: Tensor | None = None) -> Tensor:
    """Sums of as many neighbours along `axis` as there are taps, times these: shorter by one less."""
    length = samples.shape[axis] - len(taps) + 1
    sums = torch.mul(samples.narrow(axis, 0, length), taps[0], out=out)
    for shift, tap in enumerate(taps[1:], start=1):
        sums.add_(samples.narrow(axis, shift, length), alpha=tap)
    return sums


def pixel_means(samples: Tensor, margin: int = STENCIL_MARGIN, out: Tensor | None = None) -> Tensor:
    """Pixel means from samples (…, height + 2·margin, width + 2·margin) by the stencil of that margin.

    On the CPU as many images at a time as the caches hold.
    """
    height, width = (size - 2 * margin for size in samples.shape[-2:])
    means = samples.new_empty((*samples.shape[:-2], height, width)) if out is None else out
    images, made = samples.flatten(0, -3) if samples.ndim > 2 else samples[None], means.view(-1, height, width)
    most = most_cached(samples) if samples.device.type == "cpu" else len(images)
    taps = stencil_taps(margin)
    for start in range(0, len(images), most):
        part = slice(start, start + most)
        weighted_sums(weighted_sums(images[part], -2, taps), -1, taps, made[part])
    return means


def spread_means(weights: Tensor, margin: int = STENCIL_MARGIN) -> Tensor:
    """The transpose of `pixel_means`, for weights (images, height, width): (…, height + 2·margin, width + 2·margin).

    By products with banded matrices: sums of shifted weights would need zeros around them first.
    """
    images, height, width = weights.shape
    bands = _bands(height, margin, weights.device)
    spread = torch.cat([band.matrix.expand(images, -1, -1).bmm(weights[:, band.columns]) for band in bands], dim=1)
    rows = spread.view(-1, width)
    spread = weights.new_empty((images, height + 2 * margin, width + 2 * margin))
    made = spread.view(-1, width + 2 * margin)
    for band in _bands(width, margin, weights.device):
        torch.mm(rows[:, band.columns], band.matrix.T, out=made[:, band.rows])
    return spread


@dataclass(frozen=True)
class _Band:
    """Rows of a banded matrix, and the columns where they are not zero: `matrix` (rows, columns)."""

    rows: slice
    columns: slice
    matrix: Tensor


@lru_cache(maxsize=128)
def _bands(size: int, margin: int, device: torch.device) -> tuple[_Band, ...]:
    """The stencil's transposed matrix (size + 2 · margin, size), cut where it is zero."""
    matrix = np.zeros((size + 2 * margin, size))
    for shift, tap in enumerate(stencil_taps(margin)):
        matrix[np.arange(size) + shift, np.arange(size)] = tap
    pieces = max(1, round(len(matrix) / _BLOCK[device.type]))
    edges = [piece * len(matrix) // pieces for piece in range(pieces + 1)]
    bands = []
    for made in (slice(*edge) for edge in pairwise(edges)):
        (taken,) = np.nonzero(matrix[made].any(0))
        span = slice(int(taken[0]), int(taken[-1]) + 1)
        bands.append(_Band(made, span, torch.as_tensor(np.ascontiguousarray(matrix[made, span]), device=device)))
    return tuple(bands)


def cached_bytes() -> int:
    """Bytes that the caches of all threads hold between passes."""
    return _IN_CACHE * torch.get_num_threads()


def most_cached(images: Tensor) -> int:
    """How many images as large as these (…, height, width) they hold, at least one."""
    return max(1, cached_bytes() // max(8 * images.shape[-2] * images.shape[-1], 1))
