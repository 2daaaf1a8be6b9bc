"""Mask bits: which of a mask's bits mean that a pixel cannot be used, by the header's names or its observatory.

    >>> header = {"MP_BAD": 0, "MP_SAT": 1, "MP_DETECTED": 5}
    >>> default_bits(header)
    MaskBits(numbers=(0, 1), reason='BAD, SAT of its header')
    >>> chosen_bits(header, ["SAT", 3]).numbers
    (1, 3)

Most masks say more than "unusable": Rubin's sets DETECTED in every pixel of a source, JWST's JUMP_DET where a cosmic
ray was taken out of the ramp. So by default only the bits that their makers leave out count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

_JWST = (
    "DO_NOT_USE SATURATED JUMP_DET DROPOUT OUTLIER PERSISTENCE AD_FLOOR CHARGELOSS UNRELIABLE_ERROR NON_SCIENCE DEAD "
    "HOT WARM LOW_QE RC TELEGRAPH NONLINEAR BAD_REF_PIXEL NO_FLAT_FIELD NO_GAIN_VALUE NO_LIN_CORR NO_SAT_CHECK "
    "UNRELIABLE_BIAS UNRELIABLE_DARK UNRELIABLE_SLOPE UNRELIABLE_FLAT OPEN ADJ_OPEN FLUX_ESTIMATED MSA_FAILED_OPEN "
    "OTHER_BAD_PIXEL REFERENCE_PIXEL"
)
_HST = (
    "REED_SOLOMON FILL BAD_PIXEL APERTURE HOT UNSTABLE WARM BIAS SATURATED FLAT CHARGE_TRAP AD_SATURATED CR "
    "CR_REJECTED GHOST"
)
_LSST = "BAD SAT INTRP CR EDGE DETECTED DETECTED_NEGATIVE SUSPECT NO_DATA"


def _numbered(names: str) -> Mapping[str, int]:
    return MappingProxyType({name: number for number, name in enumerate(names.split())})


TABLES: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {
        "JWST": _numbered(_JWST),
        "ROMAN": MappingProxyType({"DO_NOT_USE": 0, "SATURATED": 1, "JUMP_DET": 2}),
        "HST": _numbered(_HST),
        "LSST": _numbered(_LSST),
    }
)
"""Telescope → name → number of the bit: the jwst pipeline's table of data quality flags; the data handbooks of ACS and
WFC3, table of DQ flags; Rubin's planes as afw defines them before any other."""
_UNUSABLE = ("BAD", "SAT", "CR", "EDGE", "NO_DATA", "UNMASKEDNAN", "STREAK", "VIGNETTED")
"""Planes of Rubin's masks that hold no measurement of the sky; its measurements leave out the same."""
_MOST_BITS = 63
"""Bits of a number, at most: of a 64-bit integer without its sign."""


@dataclass(frozen=True)
class MaskBits:
    """Bits that mask a pixel.

    Attributes:
        numbers: counted from 0; None where every value but 0 masks.
        reason: what they are and who says so, for a sentence.
    """

    numbers: tuple[int, ...] | None
    reason: str


class BitUnknown(LookupError):
    """A bit was asked for by a name that the mask does not have; the message says which there are."""


def default_bits(header: Mapping[str, Any]) -> MaskBits:
    """The bits that mean "unusable", where a request does not say; every one where nobody knows what they mean.

    Args:
        header: of the mask, with the cards of its file's primary header.
    """
    own = _header_names(header)
    unusable = {name: number for name, number in own.items() if name in _UNUSABLE}
    if unusable:
        return MaskBits(tuple(sorted(unusable.values())), f"{', '.join(unusable)} of its header")
    telescope = _telescope(header)
    if telescope in ("JWST", "ROMAN"):
        return MaskBits((0,), f"DO_NOT_USE of {telescope}")
    if telescope == "HST":
        # Of the infrared detector a cosmic ray was taken out of the ramp, and the rest of it counts.
        usable = {"WARM", "CR_REJECTED"} if str(header.get("DETECTOR", "")).strip() == "IR" else {"WARM"}
        numbers = tuple(number for name, number in TABLES["HST"].items() if name not in usable)
        return MaskBits(numbers, f"all of HST but {' and '.join(sorted(usable))}")
    return MaskBits(None, "every value but 0")


def chosen_bits(header: Mapping[str, Any], wanted: Sequence[str | int]) -> MaskBits:
    """The bits that a request asks for, by number or by name; raises BitUnknown."""
    own, telescope = _header_names(header), _telescope(header)
    known = {**TABLES.get(telescope, {}), **own}
    numbers = []
    for bit in wanted:
        if isinstance(bit, int):
            numbers.append(bit)
            continue
        name = bit.strip().upper().removeprefix("MP_")
        anywhere = {table[name] for table in TABLES.values() if name in table} if not known else set()
        if name in known:
            numbers.append(known[name])
        elif len(anywhere) == 1:
            numbers.append(*anywhere)
        else:
            there = f"one of {', '.join(known)}" if known else "a number: the header names no bits"
            raise BitUnknown(there)
    return MaskBits(tuple(dict.fromkeys(numbers)), ", ".join(map(str, wanted)))


def masked_pixels(values: NDArray[np.float64], bits: MaskBits) -> NDArray[np.bool_]:
    """Where a mask takes a pixel: (height, width). What is no whole number of 0 or more has no bits, and masks."""
    if bits.numbers is None:
        return ~(values == 0.0)
    whole = np.isfinite(values) & (values >= 0.0) & (values < 2.0**_MOST_BITS) & (values == np.floor(values))
    pattern = sum(1 << number for number in bits.numbers)
    return np.asarray((np.where(whole, values, 0.0).astype(np.int64) & pattern != 0) | ~whole)


def _header_names(header: Mapping[str, Any]) -> dict[str, int]:
    """Names of bits in a header: Rubin's MP_NAME, and MSKNAMnn with the value MSKVALnn of Pan-STARRS."""
    found = {}
    for keyword in header:
        value = header[keyword]
        if keyword.startswith("MP_") and isinstance(value, int) and 0 <= value < _MOST_BITS:
            found[keyword[3:].upper()] = int(value)
        pair = re.match(r"MSKNAM(\d+)\Z", keyword)
        mask = header.get(f"MSKVAL{pair[1]}") if pair else None
        if isinstance(mask, int) and mask > 0 and mask & (mask - 1) == 0:
            found[str(value).strip().upper()] = mask.bit_length() - 1
    return found


def _telescope(header: Mapping[str, Any]) -> str:
    return str(header.get("TELESCOP", "")).strip().upper()
