"""Scatter of pixels: the noise as differences of neighbours show it, where the light between them is smooth.

A second difference along both axes, Σ c_i c_j d(y + ik, x + jk) with c = (1, −2, 1), takes away any light whose
brightness is a quadratic of x with coefficients linear in y, or the other way round; of white noise of variance V it
leaves 36 V (Immerkær 1996, Computer Vision and Image Understanding 64, 300). It is taken in units of what a given
variance says, so that noise may differ from pixel to pixel, and block by block: the quiet blocks are those without
stars. Noise that neighbours share, as after drizzling, hides from close differences; those of pixels farther apart
show it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

STEPS = (1, 2, 4, 8, 16)
"""Pixels between those of a difference; resampling and smoothing correlate no farther than the last."""
_KERNEL = (1.0, -2.0, 1.0)
"""The differences of nine pixels, along each axis."""
_SHORT = (1.0, -1.0)
"""The differences of four pixels, where masks leave hardly nine together."""
_SMOOTHING = 2.0
"""Standard deviation, pixels, of the means that are taken off before: their own noise is 14 % of a pixel's."""
_ENOUGH = 1000
"""Differences that tell a scatter to 3 %."""
_BLOCK = 16
"""Side of a block, pixels, at least: its scatter is known to 6 % then, in white noise."""
_LARGEST_BLOCK = 128
"""Side of a block, pixels, at most; more of a large image is not looked at: a million pixels are enough."""
_MOST_BLOCKS = 8
"""Blocks along an axis, at most."""
_CLIP = 2.5
"""Standard deviations beyond which differences are left out: what stars and cosmic rays reach."""
_LEFT = 0.954600
"""Standard deviation of what such clipping leaves of a Gaussian one of 1: √(1 − 2cφ(c)/(2Φ(c) − 1))."""
_LEVEL = 1.2
"""Growth of scatter from one step to the next, up to which it has come to the noise's own: light grows faster."""
_TAIL = 3.5
"""95 % of differences are smaller than this times their median, at least, in a field of stars; in noise it is 2.9."""
_FEWEST = 64
"""Differences of which a scatter is told, in a block; 5 % then."""
_QUIET = 0.25
"""Quantile of the blocks' scatter that stands for quiet ones: fewer may have no quarter of the image to themselves."""
_SPREAD = 3.0
"""Standard errors by which the scatter of a quiet block may differ from that quantile."""
_NEAREST = {3: -2.0 / 3.0, 2: -0.5}
"""Correlation of differences a pixel apart along an axis, in white noise: that of (1, −2, 1), and of (1, −1)."""
_SMOOTH = 0.4
"""How far above that of white noise the agreement is where noise was smoothed over three pixels; light makes 0.3."""
_HIDES = 7.0
"""Shared noise hides from close differences by e to no more than this times that: 3.4 to 6 by Gaussians of 0.5 to 2.5
pixels, 3.7 by bilinear resampling, 12 by the mean of three pixels."""
_WHITE = 0.05
"""How far the agreement of neighbours' signs may be from that in white noise; resampling by half a pixel makes 0.5."""
_SURE = 4.0
"""The same in standard errors."""


@dataclass(frozen=True)
class Scatter:
    """Scatter of an image's pixels.

    Attributes:
        ratio: of the pixels' standard deviation, to what the given variances say.
        close: the same by differences of nearest neighbours alone.
        widest: the same by pixels farther apart, where neighbours are alike; light is in it, too, so that it is no less
            than the noise.
        correlated: whether neighbours share noise.
        level: of the light where that is, data units: the median there.
        white: whether neighbours are as in white noise; else they share noise, or light is between them.
    """

    ratio: float
    close: float
    widest: float
    correlated: bool
    level: float
    white: bool


def pixel_scatter(data: Array, used: Mask, variance: Array | float = 1.0) -> Scatter | None:
    """Scatter of the used pixels; None where too few have neighbours, or all are equal.

    Args:
        data: (height, width); without meaning where not used.
        used: the same shape.
        variance: the same shape, or a number; positive where used.
    """
    spread = np.broadcast_to(np.asarray(variance, dtype=np.float64), data.shape)
    blocks = tuple(_blocks(data.shape))
    kernel: tuple[float, ...] = _KERNEL
    close = [_differences(data, used, spread, block, 1) for block in blocks]
    if _told_by(close) < min(_ENOUGH, 0.2 * int(used.sum())):
        flat = data - smooth_light(data, used)
        whole = used[1:, 1:] & used[:-1, 1:] & used[1:, :-1] & used[:-1, :-1]
        blocks = tuple(_blocks(data.shape, int(np.sqrt(2.0 * _FEWEST * whole.size / max(whole.sum(), 1)))))
        close, kernel = [_differences(flat, used, spread, block, 1, _SHORT) for block in blocks], _SHORT
    found = _quiet(close)
    if found is None:
        return None
    ratio, quiet = found
    told_by = [close[place] for place in quiet]
    agreement = _agreement(told_by) - 2.0 / np.pi * np.arcsin(_NEAREST[len(kernel)])
    light = np.concatenate([data[blocks[place]][used[blocks[place]]] for place in quiet])
    level = float(np.median(light))
    if abs(agreement) <= max(_WHITE, _SURE / np.sqrt(2.0 * _told_by(told_by))):
        return Scatter(ratio, ratio, ratio, False, level, True)
    far = [[_differences(data, used, spread, block, step, kernel) for block in blocks] for step in STEPS[1:]]
    widest = max(found[0] for found in [(ratio, quiet), *map(_quiet, far, STEPS[1:])] if found is not None)
    apart, settled = _far_level(far)
    hidden = ratio * float(np.exp(_HIDES * max(agreement, 0.0)))
    if not settled and agreement <= _SMOOTH:
        return Scatter(ratio, ratio, min(widest, hidden), False, level, False)
    return Scatter(max(min(apart, hidden), ratio), ratio, min(widest, hidden), settled, level, False)


def smooth_light(data: Array, used: Mask) -> Array:
    """Gaussian means of the used pixels: light whose differences of four pixels would not vanish."""
    weight = gaussian_filter(used.astype(np.float64), _SMOOTHING)
    light = gaussian_filter(np.where(used, data, 0.0), _SMOOTHING)
    return np.divide(light, weight, out=np.zeros_like(light), where=weight > 0.0)


def _told_by(blocks: Sequence[Array]) -> int:
    return sum(int(np.isfinite(block).sum()) for block in blocks)


def _far_level(by_step: Sequence[Sequence[Array]]) -> tuple[float, bool]:
    """Scatter of pixels so far apart that it grows no more, and True; where it goes on growing, as light does, that of
    the farthest, and False.
    """
    before, noisy = 0.0, False
    for step, blocks in zip(STEPS[1:], by_step, strict=True):
        found = _quiet(blocks, step)
        if found is None:
            break
        scatter, quiet = found
        middle, tail = np.nanquantile(np.abs(np.concatenate([blocks[place].ravel() for place in quiet])), [0.5, 0.95])
        like_noise = bool(tail < _TAIL * middle)
        if noisy and scatter <= _LEVEL * before:
            return (max(scatter, before) if like_noise else before), True
        before, noisy = scatter, like_noise
    return before, False


def _blocks(shape: tuple[int, ...], side: int = _BLOCK) -> Iterator[tuple[slice, slice]]:
    """Blocks of an image, evenly over it, of that side at least."""
    axes = []
    for length in shape:
        count = max(1, min(_MOST_BLOCKS, length // max(side, _BLOCK)))
        edges = [length * number // count for number in range(count + 1)]
        axes.append([slice(low, min(high, low + _LARGEST_BLOCK)) for low, high in pairwise(edges)])
    yield from ((rows, columns) for rows in axes[0] for columns in axes[1])


def _differences(
    data: Array,
    used: Mask,
    variance: Array,
    block: tuple[slice, slice],
    step: int,
    kernel: tuple[float, ...] = _KERNEL,
) -> Array:
    """Differences about the pixels of a block (rows, columns), over √ of what their variance should be; NaN where a
    pixel of them is not used, or outside.
    """
    sums, expected = np.zeros(1), np.zeros(1)
    whole = np.ones(1, dtype=bool)
    (top, bottom), (left, right) = (
        (max(part.start, step), min(part.stop, length - step)) for part, length in zip(block, data.shape, strict=True)
    )
    if bottom <= top or right <= left:
        return np.full((1, 1), np.nan)
    for row, down in enumerate(kernel):
        for column, across in enumerate(kernel):
            dy, dx = (row - 1) * step, (column - 1) * step
            place = np.s_[top + dy : bottom + dy, left + dx : right + dx]
            ok = used[place]
            sums = sums + down * across * np.where(ok, data[place], 0.0)
            expected = expected + (down * across) ** 2 * np.where(ok, variance[place], 0.0)
            whole = whole & ok
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(whole, sums / np.sqrt(expected), np.nan)


def _clipped_scatter(values: Array) -> float:
    """Standard deviation about zero, of Gaussian values among which outliers are; values of few digits serve."""
    size = np.abs(values)
    scale = 1.4826 * float(np.median(size)) or 1.2533 * float(size.mean())
    for _ in range(50):
        near = size <= _CLIP * scale
        before, scale = scale, float(np.sqrt(np.mean(size[near] ** 2))) / _LEFT if near.any() else 0.0
        if abs(scale - before) <= 1e-4 * before:
            break
    return scale


def _quiet(blocks: Sequence[Array], step: int = 1) -> tuple[float, list[int]] | None:
    """Scatter of the quiet blocks together, and which they are."""
    values = [block[np.isfinite(block)] for block in blocks]
    judged = [place for place, block in enumerate(values) if len(block) >= _FEWEST]
    if not judged and sum(map(len, values)) >= _FEWEST:
        return _clipped_scatter(np.concatenate(values)), list(range(len(blocks)))
    scatters = {place: _clipped_scatter(values[place]) for place in judged}
    judged = [place for place in judged if scatters[place] > 0.0]
    if not judged:
        return None
    low = float(np.quantile([scatters[place] for place in judged], _QUIET))
    quiet = [
        place
        for place in judged
        if abs(scatters[place] / low - 1.0) <= _SPREAD * 1.5 * step / np.sqrt(len(values[place]))
    ] or judged
    return _clipped_scatter(np.concatenate([values[place] for place in quiet])), quiet


def _agreement(blocks: Sequence[Array]) -> float:
    """Mean product of the signs of differences that are a pixel apart along an axis; NaN where there are none.

    Signs, since a few pixels of a star's or galaxy's centre count little among them. Of two Gaussian numbers of
    correlation ρ it is 2/π asin ρ.
    """
    signs = [np.sign(block) for block in blocks]
    products = [
        pair for sign in signs for pair in ((sign[1:] * sign[:-1]).ravel(), (sign[:, 1:] * sign[:, :-1]).ravel())
    ]
    return float(np.nanmean(np.concatenate(products)))
