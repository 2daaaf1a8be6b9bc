"""Detection of sources: peaks that stand out of the noise, at the scale of the PSF and at coarser ones.

Each scale is a matched filter: the image is weighted by its inverse variance, smoothed with a Gaussian, and divided
by the noise of the result, which is measured in that very image, so that correlated noise and a variance of the wrong
size change nothing. `sep`, the SExtractor library (Bertin & Arnouts 1996, A&AS 117, 393; Barbary 2016, JOSS 1, 58),
then finds the footprints above a threshold and splits those that hold several peaks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import sep
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, label, map_coordinates

from fitting.faults import OwnFault
from fitting.inputs import background

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

FOOTPRINT = 2.0
"""Noise of the smoothed image: footprints reach out to where it is this many times that. Chosen by hand: 1.5 to 2 are
usual."""
_NARROWEST = 0.7
"""Least sigma of the smoothing, pixels: below it a filter sees single pixels. Chosen by hand."""
_WIDENING = 2.0
"""From one scale to the next: a source half way between two loses six per cent of its significance."""
_SCALES = 5
"""Scales, at most: the last is 16 times the first; chosen by hand."""
_LEAST_AREA = 5
"""Pixels of a footprint, at least: what sep has, too, where nothing is said."""
_MOST_PARTS = 8192
"""Sources that sep may part within one footprint, where its own limit is 1024; crowded fields need more."""
_LEVELS = 32
"""Levels between a footprint's edge and its peak at which it is looked at for parts: SExtractor's DEBLEND_NTHRESH."""
_CONTRAST = 0.001
"""Share of a footprint's light that a part of it has at least: a fifth of SExtractor's DEBLEND_MINCONT, so that faint
neighbours are found; bumps are weeded out by the valley before them."""
_PROMINENCE = 3.0
"""Standard deviations by which a peak rises out of the valley before a higher one; chosen by hand, as what noise
seldom does."""
_FRACTION = 0.05
"""What the valley's own height adds to that, so that the structure of bright galaxies is no source; chosen by hand."""
_RIVALS = 50
"""Higher peaks of its footprint, the nearest ones, that a peak is held against: those beyond lie behind nearer ones.
Bounds the time of crowded fields."""
_COVERED = 0.3
"""Share of a filter's weight that lies on used pixels, at least; chosen by hand."""
_STRUCTURE = 0.3
"""Part of a drawn galaxy's light that a source on top of it must outshine, above arms, knots and dust; chosen by
hand."""


@dataclass(frozen=True)
class Detection:
    """A source that was found.

    Attributes:
        x, y: of its peak, in pixels of the array.
        significance: height of the peak over the noise of the smoothed image.
        area: pixels of its footprint.
        scale: sigma of the smoothing that it was found with, pixels.
        label: number of its footprint in `Detections.labels`.
    """

    x: float
    y: float
    significance: float
    area: int
    scale: float
    label: int


@dataclass(frozen=True)
class Detections:
    """Sources, the most significant first, and their footprints: (height, width), 0 where there is none."""

    sources: tuple[Detection, ...]
    labels: NDArray[np.int32]


def detect(
    light: Array, variance: Array, used: Mask, blur: float, threshold: float, drawn: Array | None = None
) -> Detections:
    """Sources of sky-subtracted data.

    Args:
        light, variance, used: (height, width).
        blur: sigma of the PSF, pixels; 0 where there is none.
        threshold: least significance of a peak.
        drawn: what was taken off the light already. Galaxies have arms, knots and dust, which a smooth drawing leaves
            behind; so a source on top of one must outshine a fixed part of it.
    """
    found: list[Detection] = []
    labels = np.zeros(light.shape, dtype=np.int32)
    skewness = _skewness(light, variance, used)
    for scale in scales(light.shape, blur):
        smooth = significance(light, variance, used, scale)
        if drawn is not None:
            smooth -= _STRUCTURE * _over_noise(drawn, variance, used, scale)
        objects, numbers = _footprints(smooth, used)
        held = {int(numbers[round(item.y), round(item.x)]) for item in found}
        renumbered = np.zeros(len(objects) + 1, dtype=np.int32)
        for peak in _distinct_peaks(
            smooth, _peaks_above(objects, scale, _skewed_threshold(threshold, skewness, scale))
        ):
            # Neither near a source that was found at a finer scale, nor with one in its footprint.
            if peak.label not in held and not _is_near_known(peak, found):
                renumbered[peak.label] = len(found) + 1
                found.append(replace(peak, label=len(found) + 1))
        labels = np.where(labels == 0, renumbered[numbers], labels)
    return Detections(tuple(sorted(found, key=lambda item: -item.significance)), labels)


def _skewness(light: Array, variance: Array, used: Mask) -> float:
    """Skewness of the noise, at least 0: of the pixels within 4 sigma of the sky."""
    pixels = light[used] * variance[used] ** -0.5
    level, rms = background(pixels, np.ones(pixels.shape, dtype=bool))
    kept = pixels[np.abs(pixels - level) < 4.0 * rms]
    spread = float(kept.std()) if kept.size else 0.0
    return max(float(((kept - kept.mean()) ** 3).mean()) / spread**3, 0.0) if spread > 0.0 else 0.0


def _skewed_threshold(threshold: float, skewness: float, scale: float) -> float:
    """The threshold that skewed noise passes as rarely as Gaussian noise passes the one given.

    A Gaussian of width s leaves 0.376/s of the pixels' skewness g; z becomes z + g (z² − 1)/6 (Cornish & Fisher 1938).
    """
    return threshold + 0.376 * skewness / scale * (threshold**2 - 1.0) / 6.0


def _peaks_above(objects: NDArray[np.void], scale: float, threshold: float) -> list[Detection]:
    return [
        Detection(float(one["xcpeak"]), float(one["ycpeak"]), float(one["cpeak"]), int(one["npix"]), scale, number)
        for number, one in enumerate(objects, start=1)
        if one["cpeak"] >= threshold
    ]


def scales(shape: Sequence[int], blur: float) -> list[float]:
    """Smoothing lengths: half the PSF's, which parts neighbours, and its doubles up to a sixteenth of the image."""
    first = max(_NARROWEST, blur / _WIDENING)
    widest = max(first, min(shape) / 16.0)
    return [scale for scale in (first * _WIDENING**step for step in range(_SCALES)) if scale <= widest]


def significance(light: Array, variance: Array, used: Mask, scale: float) -> Array:
    """Smoothed data over their noise: of mean 0 and scatter 1 where there is sky only; 0 where no pixel is near."""
    near = gaussian_filter(used.astype(np.float64), scale, mode="constant") > _COVERED
    smooth = _over_noise(light, variance, used, scale)
    level, scatter = background(smooth, used & near)
    return np.where(near, smooth - level, 0.0) / scatter if scatter > 0.0 else np.zeros_like(smooth)


def _over_noise(light: Array, variance: Array, used: Mask, scale: float) -> Array:
    """Smoothed data over what their noise were, if it were white and as large as the variance says."""
    weight = np.divide(1.0, variance, out=np.zeros_like(variance), where=used & (variance > 0.0))
    signal = gaussian_filter(np.where(used, light, 0.0) * weight, scale, mode="constant")
    power = gaussian_filter(weight, scale / math.sqrt(2.0), mode="constant")
    return np.divide(signal, np.sqrt(power), out=np.zeros_like(signal), where=power > 0.0)


def _is_near_known(peak: Detection, known: Sequence[Detection]) -> bool:
    return any(math.dist((peak.x, peak.y), (other.x, other.y)) < 2.0 * peak.scale for other in known)


def _footprints(smooth: Array, used: Mask) -> tuple[NDArray[np.void], NDArray[np.int32]]:
    """Footprints above the noise, those with several peaks split: their measures, and their numbers pixel by pixel."""
    sep.set_extract_pixstack(max(300_000, smooth.size))
    sep.set_sub_object_limit(_MOST_PARTS)
    data = np.ascontiguousarray(smooth)
    for contrast in (_CONTRAST, 1.0):
        try:
            found: tuple[NDArray[np.void], NDArray[np.int32]] = sep.extract(
                data,
                FOOTPRINT,
                mask=~used,
                minarea=_LEAST_AREA,
                filter_kernel=None,
                deblend_nthresh=_LEVELS,
                deblend_cont=contrast,
                clean=False,
                segmentation_map=True,
            )
        except Exception:
            # sep knows no other kind of exception. Where it has no room for so many parts they are left together;
            # what fails for another reason fails again.
            if contrast == 1.0:
                raise
        else:
            return found
    raise OwnFault("the last try returns or raises")


def _distinct_peaks(smooth: Array, peaks: Sequence[Detection]) -> list[Detection]:
    """Peaks that a valley parts from every higher one: bumps of the noise, and arms of a spiral, are none.

    Outside of footprints all is valley, so that those of one footprint are compared.
    """
    whole, _ = label(smooth > FOOTPRINT, np.ones((3, 3)))
    kept: dict[int, list[Detection]] = {}
    for peak in sorted(peaks, key=lambda item: -item.significance):
        rivals = kept.setdefault(int(whole[round(peak.y), round(peak.x)]), [])
        nearest = sorted(rivals, key=lambda other: math.dist((peak.x, peak.y), (other.x, other.y)))[:_RIVALS]
        if all(_valley_between(smooth, peak, other) for other in nearest):
            rivals.append(peak)
    return sorted((peak for peaks in kept.values() for peak in peaks), key=lambda item: -item.significance)


def _valley_between(smooth: Array, low: Detection, high: Detection) -> bool:
    steps = max(2, math.ceil(math.dist((low.x, low.y), (high.x, high.y))))
    line = map_coordinates(smooth, [np.linspace(low.y, high.y, steps), np.linspace(low.x, high.x, steps)], order=1)
    valley = float(line.min())
    return low.significance - valley > _PROMINENCE + _FRACTION * max(valley, 0.0)
