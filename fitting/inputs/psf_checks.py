"""PSF images looked at on arrival: where they are centred, what they hold beside the PSF, and how they are sampled."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import shift, uniform_filter

from fitting.inputs.psf_stamps import PsfInvalid, stamp_fwhm
from fitting.spec import Notice
from fitting.spec.counts import counted, verb
from fitting.spec.images.image_spec import MOST_FINE

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
_NEIGHBOUR = 0.03
"""Of the peak: a companion that is fainter goes without a word; spikes and rings of telescopes are."""
_ALONE = 4.0
"""Times as bright as the place opposite to it is what belongs to no telescope's PSF."""
_FAR = 2.0
"""FWHM from the centre, at least, of a companion in means of nine pixels."""
_NEAR = 1.0
"""FWHM from the centre, at least, of a companion in single pixels: stamps of 5 to 9 pixels have no more room."""
_SHARP = 0.1
"""Of the peak: a single pixel that is fainter goes without a word; first rings under coma have 5 to 8 %."""
_NEARER = 0.7
"""Pixels that the opposite place may be nearer to the centre: half a pixel's rounding along both axes."""
_CERTAIN = 5.0
"""Times its noise is what is no noise, of some thousand pixels."""
_MAD = 1.4826
"""Standard deviations to the median absolute deviation of a normal distribution."""
_TINY = 5
"""Pixels a side below which a level under the PSF cannot be told from its light."""
_ROOMY = 11
"""Pixels a side from which corners of 2 x 2 pixels are further out than the middles of the sides."""
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
        which = f"{counted(count, 'pixel')} of the PSF image {verb(count, 'is', 'are')} negative"
        sentence = f"{which}, {100.0 * negative:.2g} % of its light"
        yield Notice("psf-negative", sentence)
    yield from _edge_notices(stamp, offset)
    yield from _neighbour_notices(stamp, offset)
    fwhm = stamp_fwhm(stamp)
    if fwhm < _UNDERSAMPLED and convention == "discrete":
        sentence = f"the PSF image is undersampled: its FWHM is {fwhm:.2f} of its pixels"
        yield Notice("psf-undersampled", f"{sentence}, and what lies between them is a guess")


def even_notice(shape: tuple[int, ...]) -> Notice:
    """Where a stamp of even sizes (rows, columns) is centred, which nothing in it says."""
    middle = (shape[1] // 2 + 1, shape[0] // 2 + 1)
    sentence = f"the PSF image has {shape[1]} x {shape[0]} pixels: its centre is pixel {middle} (x, y, counted from 1)"
    return Notice("psf-even-size", f"{sentence}, as GALFIT has it")


def _neighbour_notices(stamp: Array, offset: tuple[float, float]) -> Iterator[Notice]:
    """A bright place away from the centre that is not there opposite to it: the PSFs of telescopes are nearly even.

    Pixels are compared as they are and as means of nine: what is sharp (a cosmic ray) shows in the first, what is
    spread over noise in the second.
    """
    height, width = stamp.shape
    rows, columns = np.mgrid[:height, :width]
    x, y = offset[0] + width // 2, offset[1] + height // 2
    distance = np.hypot(columns - x, rows - y)
    mirror_y, mirror_x = (np.rint(2.0 * middle - at).astype(int) for middle, at in ((y, rows), (x, columns)))
    inside = (mirror_y >= 0) & (mirror_y < height) & (mirror_x >= 0) & (mirror_x < width)
    # Of what is on both sides: a companion makes the PSF no wider.
    mirrored = stamp[mirror_y.clip(0, height - 1), mirror_x.clip(0, width - 1)]
    fwhm = stamp_fwhm(np.where(inside, np.minimum(stamp, mirrored), 0.0))
    bright = np.zeros(stamp.shape)
    for light, nearest, least in (
        (stamp, _NEAR, _SHARP),
        (uniform_filter(stamp, 3, mode="constant"), _FAR, _NEIGHBOUR),
    ):
        # What lies opposite, and about it but no nearer: an edge of the stamp has nothing there, and is no proof.
        opposite = np.zeros(stamp.shape)
        for down, right in np.ndindex(3, 3):
            at = (mirror_y + down - 1).clip(0, height - 1), (mirror_x + right - 1).clip(0, width - 1)
            opposite = np.where(distance[at] > distance - _NEARER, np.maximum(opposite, light[at]), opposite)
        noise = _MAD * float(np.median(np.abs(light - light[::-1, ::-1]))) / math.sqrt(2.0)
        enough = np.maximum(_ALONE * opposite, max(least * float(light.max()), _CERTAIN * noise))
        found = inside & (distance > nearest * max(fwhm, 2.0)) & (light > enough)
        bright = np.maximum(bright, np.where(found, light, 0.0) / light.max())
    share = float(bright.max())
    if share > 0.0:
        row, column = (int(place) for place in np.unravel_index(int(bright.argmax()), stamp.shape))
        sentence = f"the PSF image holds another source at pixel {(column + 1, row + 1)} (x, y, counted from 1)"
        yield Notice("psf-neighbour", f"{sentence}, {100.0 * share:.2g} % as bright as its peak: a neighbour?")


def _edge_notices(stamp: Array, offset: tuple[float, float]) -> Iterator[Notice]:
    """A level under the stamp, or light that its edge cuts off: all around, or on the side that its peak is near."""
    x, y = offset[0] + stamp.shape[1] // 2, offset[1] + stamp.shape[0] // 2
    stamp = _without_padding(stamp)
    height, width = stamp.shape
    peak = float(stamp.max())
    if stamp.size == 1:
        return
    if min(height, width) < _TINY:
        edge = float(max(stamp[0].max(), stamp[-1].max(), stamp[:, 0].max(), stamp[:, -1].max()))
        if edge > _EDGE * peak:
            yield _cut_off(edge / peak)
        return
    wide = int(min(height, width) >= _ROOMY)  # of a small stamp, what lies beside a corner is as far as a side's middle
    near, last = slice(0, 1 + wide), slice(-1 - wide, None)
    corners = float(np.median(np.concatenate([stamp[a, b].ravel() for a in (near, last) for b in (near, last)])))
    row, column = (min(max(round(at), 1), size - 2) for at, size in ((y, height), (x, width)))
    across, down = slice(column - wide, column + wide + 1), slice(row - wide, row + wide + 1)
    sides = [float(np.median(side)) for side in (stamp[down, 0], stamp[down, -1], stamp[0, across], stamp[-1, across])]
    middle = float(np.median(sides))
    level = 0.5 * (corners + middle)
    if abs(corners - middle) < _FLAT * abs(level) and abs(level) * stamp.size > _PEDESTAL:
        share = 100.0 * level * stamp.size
        sentence = f"the PSF image seems to stand on a level of {level:.3g}, {share:.2g} % of its light"
        yield Notice("psf-pedestal", f"{sentence}: is a background left in it?")
        return
    if middle > _EDGE * peak:
        yield _cut_off(middle / peak)
        return
    away = (x, width - 1 - x, y, height - 1 - y)
    nearest = min(range(4), key=away.__getitem__)
    if sides[nearest] > _EDGE * peak and away[nearest] + 1.0 < away[nearest ^ 1]:
        yield _cut_off(sides[nearest] / peak, f" on its {('left', 'right', 'lower', 'upper')[nearest]} side")


def _cut_off(share: float, where: str = "") -> Notice:
    sentence = f"the PSF image is cut off{where} where it still has {100.0 * share:.2g} % of its peak"
    return Notice("psf-cut-off", f"{sentence}: light beyond its edge is missing")


def _without_padding(stamp: Array) -> Array:
    """A stamp of even sizes without the zeros that made them odd (`fine_kernel`)."""
    height, width = (
        size - int(not last.any()) for size, last in zip(stamp.shape, (stamp[-1], stamp[:, -1]), strict=True)
    )
    return stamp[:height, :width]


def header_sampling(
    header: Mapping[str, object] | None, asked: int | None, scale: float | None
) -> tuple[int, Notice | None]:
    """Pixels of a PSF image to one of the image, along each axis: as asked for, else by its header, else one; and what
    is to be told of it.

    Args:
        asked: by the request; None where it does not say.
        scale: arcsec a pixel of the image, as far as it is known.

    Raises:
        PsfInvalid: nothing was asked for, and by the header it is no whole number.
    """
    found = None if header is None else said_sampling(header, scale)
    if found is None:
        return asked or 1, None
    says, source = found
    if asked is not None:
        return asked, sampling_notice(header, asked, float(asked), scale)
    whole = round(says)
    if whole < 1 or whole > MOST_FINE or abs(says / whole - 1.0) > _OTHER_SCALE:
        message = f"its header says that {says:.3g} of its pixels make one of the image's ({source})"
        raise PsfInvalid(
            message, f'1 to {MOST_FINE}, a whole number; or "oversampling" beside it, if the header is wrong'
        )
    if whole == 1:
        return 1, None
    sentence = f"{whole} pixels of the PSF image make one of the image's, as its header says ({source})"
    return whole, Notice("psf-sampling", sentence)


def said_sampling(header: Mapping[str, object], scale: float | None) -> tuple[float, str] | None:
    """Pixels of a PSF to one of the image, by its header, and the cards that say it; None where it does not.

    PIXELSCL (stpsf) or PIXSCALE (Tiny Tim), arcsec, beside the image's scale; else PSF_SAMP (PSFEx), pixels of the
    image; else OVERSAMP and DET_SAMP (stpsf): OVERSAMP is 1 where it was rebinned to the detector's pixels, and else
    DET_SAMP is its sampling.
    """
    for key in ("PIXELSCL", "PIXSCALE"):
        own = _number(header, key)
        if own is not None and scale is not None:
            return scale / own, f"{key} = {own:g} arcsec, beside the image's {scale:g}"
    step = _number(header, "PSF_SAMP")
    if step is not None:
        return 1.0 / step, f"PSF_SAMP = {step:g}"
    own, detector = _number(header, "OVERSAMP"), _number(header, "DET_SAMP")
    rebinned = str(header.get("EXTNAME", "")).strip().upper() in ("DET_SAMP", "DET_DIST")
    if own == 1.0 or (rebinned and (own or detector)):
        return 1.0, "EXTNAME DET_SAMP" if rebinned else "OVERSAMP = 1"
    if detector is not None:
        return detector, f"DET_SAMP = {detector:g}"
    return None if own is None else (own, f"OVERSAMP = {own:g}")


def sampling_notice(
    header: Mapping[str, object] | None,
    asked: int | None,
    used: float,
    scale: float | None,
    *,
    by_scale_alone: bool = False,
) -> Notice | None:
    """What the header of a PSF says of its sampling, where that is not how it is used.

    Args:
        asked: by the request; None where it does not say.
        used: samples to a pixel.
        scale: arcsec a pixel of the image, as far as it is known.
        by_scale_alone: cards that count samples are known already.
    """
    found = None if header is None else said_sampling(header, scale)
    if found is None or abs(found[0] / used - 1.0) <= _OTHER_SCALE or (by_scale_alone and "arcsec" not in found[1]):
        return None
    sentence = f"the PSF image's header says that {found[0]:.3g} of its pixels make one of the image's ({found[1]})"
    how = f'"oversampling": {asked}' if asked is not None else f"{used:g}"
    return Notice("psf-sampling", f"{sentence}, but it is used with {how}")


def _number(header: Mapping[str, object], key: str) -> float | None:
    """A positive number of the header, or None."""
    try:
        value = float(str(header.get(key)))  # what is no number raises
    except (TypeError, ValueError, KeyError):
        return None
    return value if math.isfinite(value) and value > 0.0 else None
