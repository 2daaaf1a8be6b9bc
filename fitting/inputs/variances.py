"""Variances of pixels, from whatever the request says about the noise; level and rms of a background."""

from __future__ import annotations

import numpy as np
from astropy.stats import sigma_clip
from numpy.typing import NDArray

from fitting.files import HeaderNoise
from fitting.inputs.pixel_scatter import pixel_scatter
from fitting.spec import DatumNoise, GainNoise, Notice

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

CLIP = 3.0
"""Standard deviations beyond which pixels are no background: the usual choice, which costs a Gaussian 0.3 % of its
pixels."""
MAX_SAMPLE = 1_000_000
"""Pixels that the background is taken of, at most: its level is known to about a thousandth of the noise then."""
_DEPTH = 6.0
"""Noise below no electrons from where a pixel is no noise."""
_AGREES = 0.2
"""How far the variance of the sky's pixels may be from the header's, relatively, to agree."""


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


def from_datum(data: Array, noise: DatumNoise) -> Array:
    """Variance scatter^2 + |d - sky|/gain: the same for a datum above the sky and below it, so that the sky's level is
    not drawn to either side.
    """
    of = noise.datum
    variance: Array = of.scatter**2 + np.abs(data - of.sky) / of.gain
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


def from_light(light: Array, noise: GainNoise) -> Array:
    """Variance of electrons where `light`, data units, is expected; that of one electron at least."""
    return np.maximum(from_gain(light, noise), noise.gain**-2.0)


def negative_by_noise(data: Array, usable: Mask, noise: GainNoise) -> Mask:
    """Usable pixels with less than no electrons by their noise alone; those far below zero are defects.

    Such pixels count with the variance that their neighbours or the model have: to leave them out would leave the
    others, whose noise is upwards.
    """
    below = usable & (from_gain(data, noise) <= 0.0)
    if not below.any():
        return below
    scatter = pixel_scatter(data, usable)
    depth = 0.0 if scatter is None else _DEPTH * max(scatter.ratio, scatter.widest)
    floor = -(noise.subtracted_sky + noise.read_noise**2 / noise.gain) - max(depth, _DEPTH / noise.gain)
    return below & (data >= floor)


def noise_from_header(header: HeaderNoise, data: Array, usable: Mask) -> tuple[GainNoise, Notice] | None:
    """Gain and read noise of a header as the noise of data, and a notice that says so.

    Where the sky's pixels scatter otherwise than its light says, sky was taken off (or a level put on) before; it is
    chosen so that they agree. None where they scatter by less than half of that: then the cards are of other data.
    """
    noise = GainNoise(gain=header.gain, read_noise=header.read_noise)
    scatter = pixel_scatter(data, usable)
    said = f"the noise is that of the header: {header.sentence}"
    if scatter is None:
        return noise, Notice("noise-of-header", said)
    expected = float(from_gain(np.array(scatter.level), noise))
    found = max(scatter.ratio, scatter.widest if scatter.ratio**2 < 0.25 * expected else 0.0) ** 2
    if found < 0.25 * expected:
        return None
    if abs(found - expected) <= _AGREES * expected:
        return noise, Notice("noise-of-header", said)
    sky = header.gain * (found - (header.read_noise / header.gain) ** 2) - scatter.level
    words = (
        f"sky of {sky:.6g} data units is taken to be subtracted" if sky > 0.0 else f"{-sky:.6g} data units are no sky"
    )
    sentence = f"{said}; as the sky's pixels scatter by {np.sqrt(found):.4g}, {words}"
    return noise.model_copy(update={"subtracted_sky": sky}), Notice("noise-of-header", sentence)


def background(data: Array, used: Mask) -> tuple[float, float]:
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


def estimated_variance(data: Array, used: Mask) -> tuple[Array, Notice]:
    """The same variance everywhere, that of pixels about their neighbours; and a notice that says so.

    Photon noise of the sources is not in it, since no gain is known: bright sources get too small uncertainties.
    """
    scatter = pixel_scatter(data, used)
    sigma = background(data, used)[1] if scatter is None else scatter.ratio
    variance = sigma * sigma
    if not variance > 0.0:
        sentence = "the image has no measurable noise, so its variance is taken as 1 in every pixel"
        return np.ones_like(data), Notice("noise-not-measurable", sentence)
    means = "the scatter of the image" if scatter is None else "differences of neighbouring pixels"
    if scatter is not None and scatter.correlated:
        means = "differences of pixels (farther ones, since neighbours share noise, as after resampling)"
    sentence = f"the variance was estimated from {means}: {variance:.6g} in every pixel"
    return np.full_like(data, variance), Notice("variance-estimated", sentence)
