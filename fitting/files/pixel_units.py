"""Pixel units: which noise a plane holds, by its unit beside the data's, and units of what is no flux.

    >>> noise_of_unit("electron2", "electron"), noise_of_unit("1/nanomaggy^2", "nanomaggy")
    ('variance', 'weight')
    >>> why_no_flux("mag/arcsec2")
    'a logarithm of flux'

A unit is written by whoever made the pixels, and nobody squares one by accident: it goes before a name.
"""

from __future__ import annotations

import re
import warnings
from typing import Literal

from astropy import units

from fitting.spec.notices import Notice

_LOGARITHM = re.compile(r"\s*(mag|dex|dB|log|ln)(10)?\b", re.IGNORECASE)
_INVERSE_SQUARE = re.compile(
    r"1(?:\.0*)?\s*/\s*\(?([a-z]+)\)?(?:\^|\*\*)?2|\(?([a-z]+)\)?(?:\^|\*\*)?\(?-2\)?", re.IGNORECASE
)
_OF_A_WEIGHT = "the unit of a weight (inverse variance)"
_KINDS = ((units.s, "a time"), (units.deg, "an angle"))


def noise_of_unit(unit: str | None, data_unit: str | None) -> Literal["variance", "weight"] | None:
    """The noise that a unit says, which is the square of the data's, or one over it; None where it is neither."""
    if not unit or not data_unit:
        return None
    own, data = _written(unit), _written(data_unit)
    squares = {f"{base}{power}2" for base in (data, f"({data})") for power in ("", "^", "**")} | {f"{data}*{data}"}
    if own in squares:
        return "variance"
    inverse = {f"{base}{power}" for base in (data, f"({data})") for power in ("-2", "^-2", "**-2", "^(-2)", "**(-2)")}
    if own in inverse | {f"1/{square}" for square in squares}:
        return "weight"
    one, other = _parsed(unit), _parsed(data_unit)
    if one is None or other is None or other == units.dimensionless_unscaled:
        return None
    return "variance" if one == other**2 else "weight" if one == other**-2 else None


def unit_notice(unit: str | None) -> Notice | None:
    """What a careful reader should know of data in a unit that is no flux's."""
    reason = why_no_flux(unit)
    if reason is None:
        return None
    return Notice("pixels-not-flux", f"pixels are in {unit}, {reason}, and are taken for flux all the same")


def why_no_flux(unit: str | None) -> str | None:
    """What pixels of this unit are, as it follows "pixels are in UNIT,"; None where they may be flux."""
    if not unit:
        return None
    if _LOGARITHM.match(unit):
        return "a logarithm of flux"
    inverse = _INVERSE_SQUARE.fullmatch(unit.strip())
    if inverse is not None and not _of_space(_parsed(inverse[1] or inverse[2])):
        return _OF_A_WEIGHT
    parsed = _parsed(unit)
    return next((words for kind, words in _KINDS if parsed is not None and parsed.is_equivalent(kind)), None)


def _of_space(unit: units.UnitBase | None) -> bool:
    """Whether one over its square is a density on the sky or a column's, and no weight."""
    return unit is not None and any(unit.is_equivalent(kind) for kind in (units.deg, units.m))


def _written(unit: str) -> str:
    return re.sub(r"\s+", "", unit).lower()


def _parsed(unit: str) -> units.UnitBase | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = units.Unit(unit)
    except (ValueError, TypeError):
        return None
    return found if isinstance(found, units.UnitBase) else None
