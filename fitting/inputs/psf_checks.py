"""PSF images looked at on arrival: where they are centred, what they hold beside the PSF, and how they are sampled."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import shift

from fitting.inputs.psf_stamps import stamp_fwhm
from fitting.spec import Notice

Array = NDArray[np.float64]

_OFF_CENTRE = 0.1
"""Pixels of the image that a centroid may be off without a word: what asymmetric PSFs and their noise come to."""
_NEGATIVE = 5e-3
"""Share of the light that negative pixels may take away without a word."""
_PEDESTAL = 0.02
"""Share of the light that a level under the PSF may hold without a word."""
_FLAT = 0.25
"""Under a pedestal corners are as bright as the middles of the sides to this; wings fall by half and more."""
_EDGE = 2e-3
"""Brightness of the stamp's edge, beside the peak, that goes without a word."""
_UNDERSAMPLED = 2.0
"""FWHM, pixels, below which a star between pixels is not known from its samples (Nyquist)."""
_OTHER_SCALE = 0.03
"""Samplings that differ by less are one: distortion and rounded cards make as much."""
_ROUNDS = 50
"""Of the centroid's iteration, at most; it ends after some ten."""


def psf_centroid(stamp: Array) -> tuple[float, float]:
    """Offset of the PSF's centroid from the middle sample N // 2, along x and y, samples.

    Weighted by a Gaussian of the PSF's own width about the centroid, so that wings, noise and edges count little: the
    windowed centroid of SExtractor (Bertin & Arnouts 1996, A&AS 117, 393, as its manual has it).
    """
    rows, columns = np.mgrid[: stamp.shape[0], : stamp.shape[1]].astype(float)
    y, x = (float(place) for place in np.unravel_index(int(stamp.argmax()), stamp.shape))
    variance = max(stamp_fwhm(stamp), 2.0) ** 2 / (8.0 * math.log(2.0))
    for _ in range(_ROUNDS):
        weight = stamp * np.exp(-0.5 * ((columns - x) ** 2 + (rows - y) ** 2) / variance)
        total = float(weight.sum())
        if not total > 0.0:
            break
        step_x, step_y = (2.0 * float((weight * (axis - at)).sum()) / total for axis, at in ((columns, x), (rows, y)))
        x, y = x + step_x, y + step_y
        if max(abs(step_x), abs(step_y)) < 1e-5:
            break
    return x - stamp.shape[1] // 2, y - stamp.shape[0] // 2


def recentred(stamp: Array, offset: tuple[float, float]) -> Array:
    """The stamp moved back by an offset (x, y), by quintic splines, summing to what it summed to."""
    moved = shift(stamp, (-offset[1], -offset[0]), order=5, mode="constant")
    return np.asarray(moved * (stamp.sum() / moved.sum()), dtype=np.float64)


def stamp_notices(
    stamp: Array, offset: tuple[float, float], convention: str, oversampling: int, *, moved: bool
) -> Iterator[Notice]:
    """What a careful reader should know of a stamp that sums to one, odd sizes, and of its centroid's offset (x, y).

    `moved` says that the offset has been taken out already.
    """
    if math.hypot(*offset) > _OFF_CENTRE * oversampling:
        middle = (stamp.shape[1] // 2 + 1, stamp.shape[0] // 2 + 1)
        off = f"the PSF image is centred {offset[0]:+.2f}, {offset[1]:+.2f} pixels off its central pixel {middle}"
        rest = "and was moved there" if moved else 'and so are positions; {"recentre": true} moves it'
        yield Notice("psf-off-centre", f"{off} (x, y, counted from 1), {rest}")
    negative = -float(stamp[stamp < 0.0].sum())
    if negative > _NEGATIVE:
        count = int((stamp < 0.0).sum())
        sentence = f"{count} pixels of the PSF image are negative, {100.0 * negative:.2g} % of its light"
        yield Notice("psf-negative", sentence)
    yield from _edge_notices(stamp)
    fwhm = stamp_fwhm(stamp)
    if fwhm < _UNDERSAMPLED and convention == "discrete":
        sentence = f"the PSF image is undersampled: its FWHM is {fwhm:.2f} of its pixels"
        yield Notice("psf-undersampled", f"{sentence}, and what lies between them is a guess")


def even_notice(shape: tuple[int, ...]) -> Notice:
    """Where a stamp of even sizes (rows, columns) is centred, which nothing in it says."""
    middle = (shape[1] // 2 + 1, shape[0] // 2 + 1)
    sentence = f"the PSF image has {shape[1]} x {shape[0]} pixels: its centre is pixel {middle} (x, y, counted from 1)"
    return Notice("psf-even-size", f"{sentence}, as GALFIT has it")


def _edge_notices(stamp: Array) -> Iterator[Notice]:
    height, width = stamp.shape
    if min(height, width) < 5:
        return
    corners = float(np.median([stamp[:2, :2], stamp[:2, -2:], stamp[-2:, :2], stamp[-2:, -2:]]))
    middle_y, middle_x = slice(height // 2 - 1, height // 2 + 2), slice(width // 2 - 1, width // 2 + 2)
    along = [stamp[middle_y, 0], stamp[middle_y, -1], stamp[0, middle_x], stamp[-1, middle_x]]
    sides = float(np.median(np.concatenate(along)))
    level = 0.5 * (corners + sides)
    if abs(corners - sides) < _FLAT * abs(level) and abs(level) * stamp.size > _PEDESTAL:
        share = 100.0 * level * stamp.size
        sentence = f"the PSF image seems to stand on a level of {level:.3g}, {share:.2g} % of its light"
        yield Notice("psf-pedestal", f"{sentence}: is a background left in it?")
    elif sides > _EDGE * float(stamp.max()):
        sentence = f"the PSF image is cut off where it still has {100.0 * sides / float(stamp.max()):.2g} % of its peak"
        yield Notice("psf-cut-off", f"{sentence}: light beyond its edge is missing")


def sampling_notice(header: Mapping[str, object] | None, oversampling: int, scale: float | None) -> Notice | None:
    """What the header of a PSF image says of its sampling, where that is not what the request says.

    Args:
        header: with PIXELSCL (arcsec a pixel of the PSF), or DET_SAMP or OVERSAMP (its pixels to one of the image).
        scale: arcsec a pixel of the image, as far as it is known.
    """
    if header is None:
        return None
    own = _number(header, "PIXELSCL")
    if own is not None and scale is not None:
        says, source = scale / own, f"PIXELSCL = {own:g} arcsec, beside the image's {scale:g}"
    else:
        found = [(key, number) for key in ("DET_SAMP", "OVERSAMP") if (number := _number(header, key)) is not None]
        if not found:
            return None
        says, source = found[0][1], f"{found[0][0]} = {found[0][1]:g}"
    if abs(says / oversampling - 1.0) <= _OTHER_SCALE:
        return None
    sentence = f"the PSF image's header says that {says:.3g} of its pixels make one of the image's ({source})"
    return Notice("psf-sampling", f'{sentence}, but it is used with "oversampling": {oversampling}')


def _number(header: Mapping[str, object], key: str) -> float | None:
    """A positive number of the header, or None."""
    try:
        value = float(str(header.get(key)))  # what is no number raises
    except (TypeError, ValueError, KeyError):
        return None
    return value if math.isfinite(value) and value > 0.0 else None
