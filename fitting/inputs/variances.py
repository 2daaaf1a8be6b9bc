"""Variances of pixels, from whatever the request says about the noise; level and rms of a background."""

from __future__ import annotations

import numpy as np
from astropy.stats import sigma_clip
from numpy.typing import NDArray

from fitting.spec import GainNoise, Notice

Array = NDArray[np.float64]

CLIP = 3.0
"""Standard deviations beyond which pixels are no background: the usual choice, which costs a Gaussian 0.3 % of its
pixels."""
MAX_SAMPLE = 1_000_000
"""Pixels that the background is taken of, at most: its level is known to about a thousandth of the noise then."""


def from_weight(weight: Array) -> Array:
    """Variance 1/weight; 0, that is masked, where the weight is not positive."""
    return np.divide(1.0, weight, out=np.zeros_like(weight), where=weight > 0.0)


def from_sigma(sigma: Array) -> Array:
    """Variance sigma^2; 0, that is masked, where sigma is not positive."""
    return np.where(sigma > 0.0, sigma, 0.0) ** 2


def from_gain(data: Array, noise: GainNoise) -> Array:
    """Variance (d + subtracted_sky)/gain + (read_noise/gain)^2: Poisson noise of the electrons, and the amplifier's."""
    variance: Array = (data + noise.subtracted_sky) / noise.gain + (noise.read_noise / noise.gain) ** 2
    return variance


def counts_offset(noise: GainNoise) -> float:
    """What to add to data so that gain times the sum is the number of electrons, the amplifier's noise among them.

    (read noise)^2 electrons added to the counts have the variance of the amplifier's noise, so that the sum is
    Poisson's to second order (Snyder et al. 1993, J. Opt. Soc. Am. A 10, 1014). Data units.
    """
    return noise.subtracted_sky + noise.read_noise**2 / noise.gain


def from_counts(data: Array, noise: GainNoise) -> Array:
    """Variance of counted electrons, of one at least, data units squared; 0, so masked, where they are negative."""
    electrons = noise.gain * (data + counts_offset(noise))
    return np.where(electrons < 0.0, 0.0, np.maximum(electrons, 1.0)) / noise.gain**2


def background(data: Array, used: NDArray[np.bool_]) -> tuple[float, float]:
    """Level and rms of the background: median and standard deviation of the used pixels, clipped at 3 sigma.

    Clipping is about the median with the standard deviation from the median absolute deviation, so that sources which
    cover less than half of the image do not count. Of a large image every k-th pixel is taken. (0, 0) of no pixel.
    """
    sample = data[used]
    if sample.size == 0:
        return 0.0, 0.0
    sample = sample[:: -(-sample.size // MAX_SAMPLE)]
    kept = sigma_clip(sample, sigma=CLIP, maxiters=20, cenfunc="median", stdfunc="mad_std", masked=False)
    return float(np.median(kept)), float(np.std(kept))


def estimated_variance(data: Array, used: NDArray[np.bool_]) -> tuple[Array, Notice]:
    """The same variance everywhere, the squared rms of the background; and a notice that says so.

    Photon noise of the sources is not in it, since no gain is known: bright sources get too small uncertainties.
    """
    _, rms = background(data, used)
    if rms <= 0.0:
        sentence = "the image has no measurable noise, so its variance is taken as 1 in every pixel"
        return np.ones_like(data), Notice("noise-not-measurable", sentence)
    sentence = f"the variance was estimated from the background of the image: {rms * rms:.6g} in every pixel"
    return np.full_like(data, rms * rms), Notice("variance-estimated", sentence)
