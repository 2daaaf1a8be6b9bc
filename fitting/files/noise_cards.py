"""Noise cards of a header: gain, read noise, exposure and frames, and the level from where pixels are saturated.

    >>> noise_of_header({"GAIN": 4.7, "RDNOISE": 4.3, "NCOMBINE": 2}).gain
    9.4

Detectors are described in electrons; what an electron is in data units depends on whether they are counts, electrons,
or a rate of either. Frames that were combined are taken for their mean, as GALFIT does: the mean of N has N times the
electrons in a data unit, and √N times the read noise.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fitting.files.flux_scale import exposure, is_rate

_GAINS = ("EGAIN", "GAIN", "ATODGAIN", "CCDGAIN", "GAIN1", "GAINA", "ARAWGAIN", "ESO DET OUT1 CONAD", "CELL.GAIN")
"""Cards of electrons per count. EGAIN goes first: where cameras have both, GAIN is a setting of the amplifier."""
_READ_NOISES = (
    "RDNOISE",
    "READNOIS",
    "READNOISE",
    "RON",
    "ENOISE",
    "RDNOISE1",
    "RDNOISEA",
    "READNSE",
    "ESO DET OUT1 RON",
    "CELL.READNOISE",
)
"""Cards of the amplifier's noise, electrons."""
_COMBINED = ("NCOMBINE", "NCOMBINED", "NCOMB", "NCOADDS")
"""Cards of how many frames were averaged."""
_SATURATIONS = (
    "SATURATE",
    "SATURATA",
    "SATURATB",
    "SATLEVEL",
    "SATLEV",
    "SATURLEV",
    "MAXLIN",
    "ESO DET SATLEVEL",
    "CELL.SATURATION",
)
"""Cards of the level, data units, from where pixels are saturated or no longer linear; the lowest holds."""
NOISE_CARDS = (*_GAINS, *_READ_NOISES, *_COMBINED, *_SATURATIONS)
"""What an extension takes from the primary header where it says nothing itself."""


_ELECTRONS = re.compile(r"\(?(photo)?-?(electrons?|e-)|e\b", re.IGNORECASE)
_COUNTS = re.compile(r"\(?(adu|dn|counts?|cts?|ct|data\s*numbers?|digital|cps|none|unknown)\b", re.IGNORECASE)


@dataclass(frozen=True)
class HeaderNoise:
    """Noise as a header tells it.

    Attributes:
        gain: electrons in a data unit.
        read_noise: electrons.
        sentence: which cards say so.
    """

    gain: float
    read_noise: float
    sentence: str


def noise_of_header(header: Mapping[str, Any]) -> HeaderNoise | None:
    """Gain and read noise of the data; None where the header has no gain and the data are no electrons."""
    unit = str(header.get("BUNIT", "")).strip()
    electrons = _ELECTRONS.match(unit) is not None
    found = _first(_GAINS, header)
    if not electrons and (found is None or (unit and not _COUNTS.match(unit))):
        return None  # nothing is said, or of a flux of which no card says how many electrons it is
    gain, cards = (1.0, [f"data in {unit}"]) if electrons or found is None else (found[1], [_words(found)])
    noise = _first(_READ_NOISES, header)
    read_noise = 0.0 if noise is None else noise[1]
    cards.append("no read noise" if noise is None else _words(noise))
    frames = _first(_COMBINED, header)
    if frames is not None and frames[1] > 1.0:
        gain, read_noise = gain * frames[1], read_noise * math.sqrt(frames[1])
        cards.append(f"{_words(frames)} frames that were averaged")
    time = exposure(header)
    if is_rate(unit):
        if time is None:
            return None
        gain *= time[1]
        cards.append(f"{time[0]} {time[1]:g} s")
    said = (
        f"{', '.join(cards)}, that is {gain:.6g} electrons in a data unit and {read_noise:.6g} electrons of read noise"
    )
    return HeaderNoise(gain, read_noise, said)


def saturation_level(header: Mapping[str, Any]) -> tuple[str, float] | None:
    """Card and value, data units, of the level from where pixels are saturated, or None."""
    found = [(card, value) for card in _SATURATIONS if (value := _positive(header.get(card))) > 0.0]
    return min(found, key=lambda item: item[1], default=None)


def _first(cards: tuple[str, ...], header: Mapping[str, Any]) -> tuple[str, float] | None:
    return next(((card, value) for card in cards if (value := _positive(header.get(card))) > 0.0), None)


def _positive(value: Any) -> float:
    """A card's value; 0 where it is no positive number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return float(value) if 0.0 < value < 1e300 else 0.0


def _words(found: tuple[str, float]) -> str:
    return f"{found[0]} {found[1]:g}"
