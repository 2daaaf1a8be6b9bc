"""Sources of an import: the file's text, those beside it, and what the images' headers and pixels say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fitting.files import exposure, noise_of_header, read_plane

_CLIP = 3.0
"""Standard deviations beyond which pixels are no sky, as GALFIT and SExtractor clip."""
_ROUNDS = 20
"""Rounds of clipping, at most; they end when no pixel goes."""
_GAIN = 7.0
"""Electrons per data unit that GALFIT takes where the header has neither GAIN nor ATODGAIN (its user's manual)."""


@dataclass(frozen=True)
class ImageFacts:
    """What GALFIT reads of an image beside the pixels.

    Attributes:
        exposure: EXPTIME, seconds; 1 where the header has none, as GALFIT takes it.
        gain: electrons per data unit of the combined image: GAIN (or ATODGAIN) times NCOMBINE.
        gain_given: whether the header has one.
        sky, scatter: level and standard deviation of the pixels without light, clipped at 3 σ.
        shape: (height, width).
    """

    exposure: float
    gain: float
    gain_given: bool
    sky: float
    scatter: float
    shape: tuple[int, int]


@dataclass(frozen=True)
class ImportSource:
    """A file to import.

    Attributes:
        name: of the file.
        text: of it.
        command: imfit's command line, such as ``imfit galaxy.fits --psf psf.fits --gain 4.7``; empty where there is
            none.
        text_beside: text of a file that this one names, such as that of constraints; None where it is not to be had.
        facts: of an image that it names; None where that is not to be had.
        image: the image that the file belongs to, where it names none, as region files.
        rename: what the request calls a file that this one names; None where there is no such file.
    """

    name: str
    text: str
    command: str = ""
    text_beside: Callable[[str], str | None] = field(default=lambda _: None)
    facts: Callable[[str], ImageFacts | None] = field(default=lambda _: None)
    rename: Callable[[str], str | None] = field(default=lambda name: name)
    image: str = ""


def facts_of_file(path: Path, hdu: int | str | None = None) -> ImageFacts:
    """What GALFIT reads of an image. Raises FileInvalid."""
    plane = read_plane(path, hdu)
    header: Mapping[str, Any] = plane.header or {}
    time = exposure(header) if "EXPTIME" not in header else None
    seconds = _positive(header.get("EXPTIME")) or (time[1] if time is not None else 1.0)
    frames = _positive(header.get("NCOMBINE")) or 1.0
    gain = _positive(header.get("GAIN")) or _positive(header.get("ATODGAIN"))
    if gain is None:
        found = noise_of_header(header)
        given = found is not None
        whole = found.gain if found is not None else _GAIN * frames
    else:
        given, whole = True, gain * frames
    sky, scatter = _clipped(plane.data)
    height, width = plane.data.shape
    return ImageFacts(seconds, whole, given, sky, scatter, (height, width))


def _positive(value: Any) -> float | None:
    """A card's value where it is a positive number."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if 0.0 < number < np.inf else None


def _clipped(data: np.ndarray) -> tuple[float, float]:
    """Level and standard deviation of pixels within `_CLIP` standard deviations of their median."""
    pixels = data[np.isfinite(data)].astype(np.float64)
    for _ in range(_ROUNDS):
        if pixels.size == 0:
            return 0.0, 0.0
        middle, scatter = float(np.median(pixels)), float(pixels.std())
        inside = np.abs(pixels - middle) <= _CLIP * scatter
        if inside.all():
            break
        pixels = pixels[inside]
    return float(np.median(pixels)), float(pixels.std())
