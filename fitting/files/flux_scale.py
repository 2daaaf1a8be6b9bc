"""Flux scale: the AB or instrumental magnitude of one data unit, from a header, and the words for how it was found.

    >>> flux_scale({"MAGZPT": 24.053, "EXPTIME": 10.0}).zero_point
    26.553
    >>> round(flux_scale({"BUNIT": "nJy"}).zero_point, 3)
    31.4

One keyword has several meanings: MAGZPT is the magnitude of one count in a second (WFCAM, VISTA, INT, the DECam
community pipeline), MAGZERO that of one count of the image. So what was used, and whether the exposure time was, is
always said.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fitting.files.image_header import pixel_scale

_OF_A_UNIT = ("MAGZERO", "PHOTZP", "ZEROPT", "MAGZP")
"""Cards of the magnitude of one data unit: DECam, CFHT's MegaPipe, 2MASS, WISE and ZTF (the last three by MAGZP)."""
_OF_A_RATE = ("IMAGEZPT", "MAGZPT", "FPA.ZP")
"""Cards of the magnitude of one count in a second: PTF's own, CASU's pipelines, and Pan-STARRS' stacks."""
_OF_A_MAGNITUDE = {"FLUXMAG0": 0.0, "FLUX20": 20.0}
"""Cards of the data units that a magnitude has: of Rubin's older pipelines, and of SDSS' corrected frames."""
_TIMES = ("EXPTIME", "EXP_TIME", "EXPOSURE", "TEXPTIME")
"""Cards of the exposure time, seconds."""
FLUX_CARDS = (*_OF_A_UNIT, *_OF_A_RATE, *_TIMES, "FLUXMAG0", "FLUX20", "PHOTFLAM", "PHOTPLAM", "PIXAR_SR")
"""What an extension takes from the primary header where it says nothing itself."""
_JANSKY = {"jy": 1.0, "mjy": 1e-3, "ujy": 1e-6, "µjy": 1e-6, "microjy": 1e-6, "njy": 1e-9}
_PER_PIXEL = re.compile(r"\s*(/\s*pix(el)?|\.?\s*pix(el)?\s*(\*\*|\^)?\s*\(?-1\)?)\Z", re.IGNORECASE)
_MAGGIES = re.compile(r"(nmgy|nanomagg(y|ies)|nmaggy)\Z", re.IGNORECASE)
_RATE = re.compile(r"/\s*s(ec(ond)?s?)?\b|\bs(ec)?\s*(\*\*|\^)?\s*\(?-1\b|\bcps\b|per\s+sec", re.IGNORECASE)
_AB_JANSKY = 3631.0
"""Flux density of AB magnitude 0, Jy (Oke & Gunn 1983, ApJ 266, 713)."""
_STEP = 2.5
"""Magnitudes to a factor of ten in flux (Pogson 1856, MNRAS 17, 12)."""
_ST_TO_AB = 2.408
"""Between magnitudes of PHOTFLAM and AB: m = −2.5 log PHOTFLAM − 5 log PHOTPLAM − 2.408 (the ACS data handbook)."""


@dataclass(frozen=True)
class FluxScale:
    """What one data unit is.

    Attributes:
        zero_point: its magnitude.
        sentence: which cards were used, and whether the exposure time was.
    """

    zero_point: float
    sentence: str


def flux_scale(header: Mapping[str, Any]) -> FluxScale | None:
    """The flux scale of a header; None where it says nothing of it. A unit of flux goes before cards."""
    unit = str(header.get("BUNIT", "")).strip()
    found = _by_unit(unit, header) or _by_unit_card(header) or _by_flux_of_zero(header)
    return found or _by_rate(unit, header)


def zero_point(header: Mapping[str, Any]) -> float | None:
    """Magnitude of one data unit, or None."""
    scale = flux_scale(header)
    return None if scale is None else scale.zero_point


def _by_unit(unit: str, header: Mapping[str, Any]) -> FluxScale | None:
    if _MAGGIES.match(unit):
        return FluxScale(22.5, f"the zero point is 22.5: the data are in {unit}")
    # Megajansky and millijansky differ by case alone.
    mega = unit.replace(" ", "").lower() in ("mjy/sr", "mjysr-1", "mjy.sr-1", "mjysr^-1") and unit.startswith("MJ")
    if mega:
        solid, side = _number(header.get("PIXAR_SR")), pixel_scale(header)
        by = "PIXAR_SR"
        if not solid > 0.0 and side is not None:
            solid, by = math.radians(side / 3600.0) ** 2, "the pixels' area by the WCS"
        if solid > 0.0:
            point = _magnitude(1e6 * solid)
            return FluxScale(point, f"the zero point is {point:.4f}: the data are in {unit}, with {by}")
        return None
    whole = _PER_PIXEL.sub("", unit)
    jansky = None if unit.startswith("MJ") else _JANSKY.get(whole.lower())
    if jansky is None:
        return None
    point = _magnitude(jansky)
    return FluxScale(point, f"the zero point is {point:.4f}: the data are in {unit}")


def _by_unit_card(header: Mapping[str, Any]) -> FluxScale | None:
    for keyword in _OF_A_UNIT:
        value = _number(header.get(keyword))
        if math.isfinite(value):
            time = exposure(header)
            said = "" if time is None else f"; {time[0]} of {time[1]:g} s was not applied"
            return FluxScale(value, f"the zero point is {keyword} {value:g}, of one data unit{said}")
    return None


def _by_flux_of_zero(header: Mapping[str, Any]) -> FluxScale | None:
    for keyword, magnitude in _OF_A_MAGNITUDE.items():
        value = _number(header.get(keyword))
        if value > 0.0:
            point = magnitude + _STEP * math.log10(value)
            words = f"of {keyword} {value:g}; an exposure time was not applied"
            return FluxScale(point, f"the zero point is {point:.4f}, {words}")
    return None


def _by_rate(unit: str, header: Mapping[str, Any]) -> FluxScale | None:
    for keyword in _OF_A_RATE:
        value = _number(header.get(keyword))
        if math.isfinite(value):
            return _of_rate(value, f"{keyword} {value:g}", unit, header)
    flam, plam = _number(header.get("PHOTFLAM")), _number(header.get("PHOTPLAM"))
    if flam > 0.0 and plam > 0.0:
        value = -_STEP * math.log10(flam) - 5.0 * math.log10(plam) - _ST_TO_AB
        return _of_rate(value, f"{value:.4f} by PHOTFLAM and PHOTPLAM", unit, header)
    return None


def _of_rate(value: float, words: str, unit: str, header: Mapping[str, Any]) -> FluxScale:
    """The scale of data from the magnitude of one count in a second."""
    if _RATE.search(unit):
        return FluxScale(value, f"the zero point is {words}, of one data unit in a second, as the data are in {unit}")
    time = exposure(header)
    if time is None:
        taken = "which the data are taken for: no exposure time is given"
        return FluxScale(value, f"the zero point is {words}, of one count in a second, {taken}")
    point = round(value + _STEP * math.log10(time[1]), 6)
    return FluxScale(
        point, f"the zero point is {point:.4f}: {words}, of one count in a second, and {time[0]} {time[1]:g} s"
    )


def exposure(header: Mapping[str, Any]) -> tuple[str, float] | None:
    """Card and value, seconds, of the exposure time, or None."""
    for keyword in _TIMES:
        value = _number(header.get(keyword))
        if value > 0.0:
            return keyword, value
    return None


def _magnitude(jansky: float) -> float:
    return -_STEP * math.log10(jansky / _AB_JANSKY)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    return float(value) if abs(value) < 1e300 else math.nan
