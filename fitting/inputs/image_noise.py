"""Noise of an image: what the request says of it, or its header, or its pixels; as variances, and told.

Start at `read_noise`. Whatever is given is held against the pixels (`noise_checks`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fitting.files import Plane, noise_of_header
from fitting.inputs import variances
from fitting.inputs.image_data import Array, Mask
from fitting.inputs.noise_checks import contradiction, huge_sigma
from fitting.inputs.plane_reading import Reading
from fitting.spec import AutoNoise, ConstantNoise, DatumNoise, GainNoise, ImageSpec, Notice
from fitting.spec.counts import counted, verb, was

_MOST_NEGATIVE = 0.25
"""Share of pixels with fewer than no electrons, from where sky must be missing: noise alone makes so many where there
is no light at all."""


@dataclass(frozen=True)
class ImageNoise:
    """Noise of an image's window.

    Attributes:
        variance: (height, width).
        usable: the same, True where a pixel is used.
        counts: how data follow from electrons; one in a data unit where nobody says.
        electrons: the same where the variance follows from the light.
        estimated: whether the variance was estimated from the pixels.
    """

    variance: Array
    usable: Mask
    counts: GainNoise
    electrons: GainNoise | None = None
    estimated: bool = False


def noise_key(spec: ImageSpec) -> str:
    """The key under which a request gives the noise, or that of the data."""
    return next((key for key in ("variance", "weight", "sigma") if getattr(spec, key) is not None), "data")


def noise_plane(spec: ImageSpec, image: Plane, reading: Reading) -> Array | None:
    """What the request gives for each pixel of the window; None where it gives nothing, or with a fault."""
    given = spec.variance or spec.weight or spec.sigma
    if given is None or isinstance(given, AutoNoise | GainNoise):
        return None
    if isinstance(given, ConstantNoise):
        return np.full_like(image.data, given.constant)
    if isinstance(given, DatumNoise):
        return variances.from_datum(image.data, given)
    plane = reading.same_shape(noise_key(spec), given, image)
    return None if plane is None else plane.data


def read_noise(
    spec: ImageSpec, plane: Array | None, data: Array, usable: Mask, header: Mapping[str, Any], reading: Reading
) -> ImageNoise | None:
    """The noise of an image; None and a fault where it cannot be.

    Args:
        plane: what the request gives for each pixel; None where it gives none.
        data, usable: of the window.
        header: of the data.
    """
    if reading.counting:
        noise = _of_counts(spec, data, usable, header, reading)
    elif isinstance(spec.variance, GainNoise):
        noise = _of_gain(spec.variance, data, usable, reading)
    elif plane is None:
        noise = _found(spec, data, usable, header, reading)
    else:
        noise = _of_plane(noise_key(spec), plane, data, usable, reading)
    if noise is None:
        return None
    if not noise.usable.any():
        reading.fault(noise_key(spec), "no pixel has a positive variance", "a positive variance in some pixel")
        return None
    given = noise.counts if plane is None else plane
    if plane is not None or isinstance(spec.variance, GainNoise):
        notice = contradiction(noise_key(spec), given, data, noise.usable, noise.variance, header)
        if notice is not None:
            reading.notice(notice)
    return noise


def _of_plane(key: str, plane: Array, data: Array, usable: Mask, reading: Reading) -> ImageNoise:
    if key == "variance":
        variance = plane.copy()
    else:
        variance = variances.from_weight(plane) if key == "weight" else variances.from_sigma(plane)
    positive = _positive(variance, usable, key, reading)
    huge = huge_sigma(data, positive, variance)
    if huge.any():
        number = int(huge.sum())
        least = float(np.sqrt(variance[huge].min()))
        usual = float(np.sqrt(np.median(variance[positive & ~huge])))
        sentence = (
            f"{counted(number, 'pixel')} whose sigma is far above that of the others ({least:.3g} and more, beside "
            f"{usual:.3g}) {was(number)} masked: it says that {verb(number, 'it is', 'they are')} bad"
        )
        reading.notice(Notice("sigma-huge", sentence))
    return ImageNoise(variance, positive & ~huge, GainNoise(gain=1.0))


def _of_gain(gain: GainNoise, data: Array, usable: Mask, reading: Reading) -> ImageNoise | None:
    variance = variances.from_gain(data, gain)
    if _sky_is_missing(usable & (variance <= 0.0), usable, "variance", reading):
        return None
    dark = variances.negative_by_noise(data, usable, gain)
    variance = np.where(dark, variances.from_light(data, gain), variance)
    return ImageNoise(variance, _positive(variance, usable, "variance", reading), gain, electrons=gain)


def _of_counts(
    spec: ImageSpec, data: Array, usable: Mask, header: Mapping[str, Any], reading: Reading
) -> ImageNoise | None:
    counts = spec.variance if isinstance(spec.variance, GainNoise) else GainNoise(gain=1.0)
    if spec.variance is None:
        sentence = "no gain was given: the data are taken to be counted electrons"
        reading.notice(Notice("electrons-assumed", sentence))
        found = noise_of_header(header)
        if found is not None and found.gain != 1.0:
            reading.notice(Notice("noise-offered", f"the header says of the noise: {found.sentence}"))
    variance = variances.from_counts(data, counts)
    negative = usable & ~(variance > 0.0)
    if _sky_is_missing(negative, usable, noise_key(spec), reading):
        return None
    if negative.any():
        number = int(negative.sum())
        which = "with fewer than no electrons (is subtracted_sky or read_noise missing?)"
        reading.notice(Notice("electrons-negative", f"{counted(number, 'pixel')} {which} {was(number)} masked"))
    return ImageNoise(variance, usable & ~negative, counts)


def _found(
    spec: ImageSpec, data: Array, usable: Mask, header: Mapping[str, Any], reading: Reading
) -> ImageNoise | None:
    """Noise that the request leaves to us: the header's where it says ``auto``, else that of the pixels."""
    of_header = noise_of_header(header)
    if of_header is not None and spec.variance is not None:
        found = variances.noise_from_header(of_header, data, usable)
        if found is not None:
            reading.notice(found[1])
            return _of_gain(found[0], data, usable, reading)
        sentence = (
            f"the header's noise was not used, since the pixels scatter by less than half of it: {of_header.sentence}"
        )
        reading.notice(Notice("noise-of-header-not-used", sentence))
    variance, notice = variances.estimated_variance(data, usable)
    asked = spec.variance is not None
    reading.notice(notice if asked else replace(notice, sentence=f"no variance was given: {notice.sentence}"))
    if of_header is not None and not asked:
        sentence = f'the header says of the noise: {of_header.sentence}; "variance": {{"auto": true}} uses it'
        reading.notice(Notice("noise-offered", sentence))
    return ImageNoise(variance, usable, GainNoise(gain=1.0), estimated=notice.code == "variance-estimated")


def _sky_is_missing(negative: Mask, usable: Mask, key: str, reading: Reading) -> bool:
    """Whether so many pixels have fewer than no electrons that sky must be missing; a fault says so."""
    if negative.sum() < _MOST_NEGATIVE * usable.sum():
        return False
    message = (
        f"leaves {negative.sum()} of {counted(int(usable.sum()), 'pixel')} with fewer than no electrons, so that the "
        f"sign of their noise would mask them: sky was probably taken off the data"
    )
    reading.fault(key, message, "subtracted_sky beside the gain, the level that was taken off, in data units")
    return True


def _positive(variance: Array, usable: Mask, key: str, reading: Reading) -> Mask:
    """Usable pixels with a finite, positive variance; the others are counted in a notice."""
    positive = np.isfinite(variance) & (variance > 0.0)
    count = int((~positive & usable).sum())
    if count:
        sentence = f"{counted(count, 'pixel')} whose {key} is not positive {was(count)} masked"
        reading.notice(Notice("variance-not-positive", sentence))
    return positive & usable
