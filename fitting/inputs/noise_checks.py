"""Noise that was given, held against the pixels: whether it says what their scatter says, and which of it is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from fitting.files import exposure
from fitting.inputs.image_data import Array, Mask
from fitting.inputs.pixel_scatter import Scatter, pixel_scatter
from fitting.spec import GainNoise, Notice

APART = 2.0
"""Factor of σ from which a given noise and the scatter of pixels contradict each other; crowded fields make 1.4."""
_CROWDED = 4.0
"""The same where light may be between all pixels."""
_LIKE = 1.5
"""Factor of σ within which another reading of a plane explains the scatter."""
_NO_SKY = 1.15
"""Factor of σ from which the noise of a gain without a sky is short of something: 32 % of the variance."""
_AT_ZERO = 0.5
"""σ that the sky's level may be off zero, where the sky was taken off the data."""
_HIDDEN = 0.25
"""Ratio by close differences, below which that of pixels far apart is too unsure to find a given noise small."""
_HUGE = 300.0
"""Of the usual σ, beyond which a pixel with no light has a σ that says "bad"; depth differs by 100 in a mosaic."""
_ABSURD = 1e6
"""The same of a pixel with light, whose photons' noise may be large."""
_LIT = 3.0
"""σ by which a pixel must stand out to have light."""
_USUAL = 0.1
"""Quantile of σ that is the usual one: most pixels of a plane may be bad."""
_AS_EXPOSURE = 0.3
"""How far weights may be from the exposure time, relatively, to be that."""

_READINGS: Mapping[str, Mapping[str, Any]] = {
    "sigma": {
        "a variance that was given as sigma": lambda plane: plane,
        "an inverse variance that was given as sigma": lambda plane: 1.0 / plane,
    },
    "variance": {
        "a standard deviation that was given as variance": lambda plane: plane**2,
        "an inverse variance that was given as variance": lambda plane: 1.0 / plane,
    },
    "weight": {
        "a variance that was given as weight": lambda plane: plane,
        "a standard deviation that was given as weight": lambda plane: plane**2,
        "an inverse standard deviation that was given as weight": lambda plane: 1.0 / plane**2,
    },
}
"""Key of the request → what a plane may be beside that, and the variance that it has then."""


def contradiction(
    key: str,
    given: Array | GainNoise,
    data: Array,
    usable: Mask,
    variance: Array,
    header: Mapping[str, Any],
) -> Notice | None:
    """A notice where the scatter of pixels is more than twice, or less than half, what the given noise says.

    Args:
        key: under which the noise was given: variance, sigma or weight.
        given: the numbers under that key, of the window, or the gain.
        data, usable, variance: of the window.
        header: of the data.
    """
    scatter = pixel_scatter(data, usable, np.where(usable, variance, 1.0))
    if scatter is None:
        return None
    ratio = _agreeing(scatter)
    sigma = float(np.sqrt(np.median(variance[usable])))
    if 1.0 / APART <= ratio <= (APART if scatter.white or scatter.correlated else _CROWDED):
        return _without_sky(given, scatter, sigma) if isinstance(given, GainNoise) else None
    if isinstance(given, GainNoise):
        reason = _reason_of_gain(ratio)
        what = "the gain and read noise that were given say"
    else:
        reason = _reason_of_plane(key, given, data, usable, ratio, header)
        what = f"the {key} that was given says"
    factor = f"{ratio:.2g} times as much" if ratio > 1.0 else f"{1.0 / ratio:.2g} times less"
    sentence = f"{what} that pixels scatter by {sigma:.4g}, and they scatter by {sigma * ratio:.4g}, {factor}: {reason}"
    return Notice("noise-contradicted", sentence)


def _without_sky(given: GainNoise, scatter: Scatter, sigma: float) -> Notice | None:
    """A notice where a gain makes too little noise of data whose sky is at zero, and says of no sky that was taken off.

    Args:
        sigma: of the usual pixel by the gain, data units.
    """
    measured = sigma * scatter.ratio
    level_at_zero = abs(scatter.level) < _AT_ZERO * measured
    if given.subtracted_sky != 0.0 or not (scatter.white and scatter.ratio > _NO_SKY and level_at_zero):
        return None
    sky = (measured**2 - sigma**2) * given.gain
    sentence = (
        f"the gain and read noise that were given say that pixels scatter by {sigma:.4g}, and they scatter by "
        f"{measured:.4g}, while the level of the data is about zero: if sky was taken off, its photons' noise is left "
        f"out; `subtracted_sky` of about {sky:.3g} would agree"
    )
    return Notice("sky-noise-left-out", sentence)


def _agreeing(scatter: Scatter) -> float:
    """The ratio that speaks for the given noise, of what neighbours and pixels far apart say."""
    if scatter.close >= 1.0:
        return scatter.close
    if scatter.correlated and scatter.ratio >= 1.0:
        return scatter.ratio if scatter.close > _HIDDEN else 1.0
    return min(scatter.widest, 1.0)


def _reason_of_gain(ratio: float) -> str:
    if ratio > 1.0:
        return "is `subtracted_sky` missing, or the gain not in electrons to a data unit?"
    return "is the image a mean of several frames, or in electrons already?"


def _reason_of_plane(key: str, given: Array, data: Array, usable: Mask, ratio: float, header: Mapping[str, Any]) -> str:
    """What the plane probably is."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for words, variance_of in _READINGS[key].items():
            variance = variance_of(given)
            good = usable & np.isfinite(variance) & (variance > 0.0)
            scatter = pixel_scatter(data, good, np.where(good, variance, 1.0))
            if scatter is not None and 1.0 / _LIKE <= _agreeing(scatter) <= _LIKE:
                return f"it looks like {words}"
    if key == "weight":
        time = exposure(header)
        positive = given[usable & (given > 0.0)]
        if time is not None and positive.size and abs(float(np.median(positive)) / time[1] - 1.0) < _AS_EXPOSURE:
            words = f"it looks like exposure times ({time[0]} {time[1]:g} s) that were given as weight"
        else:
            words = "it looks like relative weights or exposure times, not inverse variances"
        return f"{words}; multiplied by {ratio**-2:.4g} it would agree"
    factor = ratio if key == "sigma" else ratio**2
    return f"is it in other units than the data? Multiplied by {factor:.4g} it would agree"


def huge_sigma(data: Array, usable: Mask, variance: Array) -> Mask:
    """Usable pixels whose σ is so far above the usual one that it says "bad pixel"."""
    if not usable.any():
        return usable
    sigma = np.sqrt(np.where(usable, variance, 0.0))
    usual = float(np.quantile(sigma[usable], _USUAL))
    dark = np.abs(data - np.median(data[usable])) < _LIT * sigma
    return usable & ((dark & (sigma > _HUGE * usual)) | (sigma > _ABSURD * usual))
