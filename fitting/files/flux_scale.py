"""Flux scale: the magnitude of one data unit, from a header, and the words for how it was found.

    >>> flux_scale({"MAGZPT": 24.053, "EXPTIME": 10.0}).zero_point
    26.553
    >>> round(flux_scale({"BUNIT": "nJy"}).zero_point, 3)
    31.4

One keyword has several meanings: MAGZPT is the magnitude of one count in a second (WFCAM, VISTA, INT, the DECam
community pipeline), MAGZERO that of one count of the image. So what was used, and whether the exposure time was, is
always said; where neither the card nor the data's unit decides, so is the zero point by the other convention.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from astropy import units

from fitting.files.image_header import pixel_scale

System = Literal["AB", "Vega", "ST"]
"""Of magnitudes."""

_OF_A_UNIT = ("MAGZERO", "PHOTZP", "ZEROPT", "MAGZP")
"""Cards of the magnitude of one data unit: DECam, CFHT's MegaPipe, 2MASS, WISE and ZTF (the last three by MAGZP)."""
_OF_A_RATE = ("IMAGEZPT", "MAGZPT", "FPA.ZP")
"""Cards of the magnitude of one count in a second: PTF (whose MAGZPT is at airmass 1, and IMAGEZPT the image's), CASU's
pipelines, and Pan-STARRS' stacks.
"""
_OF_A_MAGNITUDE = {"FLUXMAG0": 0.0, "FLUX20": 20.0}
"""Cards of the data units that a magnitude has: of Rubin's older pipelines, and of SDSS' corrected frames."""
_TIMES = ("EXPTIME", "EXP_TIME", "EXPOSURE", "TEXPTIME", "XPOSURE", "EFFEXPTM")
"""Cards of the exposure time, seconds."""
_SYSTEM_CARDS = ("MAGSYS", "PHOTSYS", "ZPSYS", "MAGZSYS")
"""Cards that name the magnitudes' system."""
_ORIGINS = ("TELESCOP", "SURVEY", "ORIGIN", "INSTRUME")
"""Cards that tell a survey."""
FLUX_CARDS = (
    *_OF_A_UNIT, *_OF_A_RATE, *_TIMES, *_SYSTEM_CARDS, *_ORIGINS,
    *_OF_A_MAGNITUDE, "PHOTFLAM", "PHOTPLAM", "PHOTFNU", "PHOTZPT", "PHOTMJSR", "PIXAR_SR", "BMAJ", "BMIN",
)  # fmt: skip
"""What an extension takes from the primary header where it says nothing itself."""
_SURVEYS: tuple[tuple[str, System], ...] = (
    (r"2MASS", "Vega"), (r"\bWISE\b|UNWISE|NEOWISE", "Vega"), (r"UKIRT|WFCAM|VISTA|VIRCAM", "Vega"),
    (r"\bINT\b|IPHAS", "Vega"), (r"P48|ZTF|PTF", "AB"), (r"\bPS1\b|GPC1", "AB"), (r"MEGAPRIME|MEGACAM", "AB"),
)  # fmt: skip
"""Surveys by what their headers say of themselves, with the system of their zero points."""
_KNOWN_OF_A_UNIT = {
    "MAGZP": re.compile(r"2MASS|\bWISE\b|UNWISE|NEOWISE|ZTF|P48", re.IGNORECASE),
    "MAGZERO": re.compile(r"DECAM|MOSAIC-?3|90PRIME", re.IGNORECASE),
    "PHOTZP": re.compile(r"MEGAPRIME|MEGACAM|MEGAPIPE|\bINT\b|IPHAS", re.IGNORECASE),
}
"""Surveys whose card is of one count of the image by their own documents."""
_KNOWN_OF_COUNTS = {
    "FPA.ZP": re.compile(""),
    "IMAGEZPT": re.compile(r"P48|PTF", re.IGNORECASE),
    "MAGZPT": re.compile(r"UKIRT|WFCAM|VISTA|VIRCAM|\bINT\b|IPHAS|P48|PTF", re.IGNORECASE),
}
"""Surveys whose card is of one count in a second, and whose images hold counts, by their own documents: Pan-STARRS (all
that have the card; Waters et al. 2020, ApJS 251, 4), PTF, and CASU's pipelines."""
_MAGGIES = re.compile(r"(?:(vega)[ -]?)?(?:nmgy|nanomagg(?:y|ies)|nmaggy)\Z", re.IGNORECASE)
_RATE = re.compile(r"/\s*s(ec(ond)?s?)?\b|\bs(ec)?\s*(\*\*|\^)?\s*\(?-1\b|\bcps\b|per\s+sec", re.IGNORECASE)
_COUNTS = re.compile(r"(adu|dn|counts?|cts?|e-?|electrons?|photons?|data\s*units?)s?\Z", re.IGNORECASE)
_AB_JANSKY = 3631.0
"""Flux density of AB magnitude 0, Jy (Oke & Gunn 1983, ApJ 266, 713)."""
_STEP = 2.5
"""Magnitudes to a factor of ten in flux (Pogson 1856, MNRAS 17, 12)."""
_ST_TO_AB = 2.408
"""Between magnitudes of PHOTFLAM and AB: m = −2.5 log PHOTFLAM − 5 log PHOTPLAM − 2.408 (the ACS data handbook)."""
_ST_ZERO = -21.10
"""ST magnitude of 1 erg/s/cm²/Å, which PHOTZPT repeats."""
_UNSET = 90.0
"""Magnitudes, of either sign: beyond are the −99, 999 … that pipelines write where there is no zero point."""
_SAME = 0.005
"""Magnitudes by which two zero points may differ and count as the same: cards are rounded."""


@dataclass(frozen=True)
class FluxScale:
    """What one data unit is.

    Attributes:
        zero_point: its magnitude.
        sentence: which cards were used, and whether the exposure time was.
        system: of the magnitudes, where it is known.
        exposure_time: of the header, seconds.
        exposure_time_used: whether the zero point holds it.
        other_zero_point: by the other convention for the exposure time, where nothing decides between the two.
    """

    zero_point: float
    sentence: str
    system: System | None = None
    exposure_time: float | None = None
    exposure_time_used: bool = False
    other_zero_point: float | None = None

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def flux_scale(header: Mapping[str, Any]) -> FluxScale | None:
    """The flux scale of a header; None where it says nothing of it. A unit of flux goes before cards."""
    unit = str(header.get("BUNIT", "")).strip()
    by_unit = _by_unit(unit, header)
    by_cards = _by_unit_card(unit, header) or _by_flux_of_magnitude(header) or _by_rate(unit, header)
    found = by_unit or by_cards or _by_brightness(unit, header)
    if found is None:
        return None
    if by_unit is not None and by_cards is not None and abs(by_unit.zero_point - by_cards.zero_point) > _SAME:
        found = replace(found, sentence=f"{found.sentence}; that of its cards, {by_cards.zero_point:.4f}, was not used")
    found = replace(found, system=found.system or _system(header))
    time = exposure(header)
    if time is not None:
        found = replace(found, exposure_time=time[1])
    return found if found.system is None else replace(found, sentence=f"{found.sentence} ({found.system} magnitudes)")


def given_scale(zero_point: float, header: Mapping[str, Any]) -> tuple[FluxScale, bool]:
    """The flux scale of a request that gives the zero point, and whether the header contradicts it."""
    found, time = flux_scale(header), exposure(header)
    other = None if found is None else found.other_zero_point
    by_other = other is not None and abs(other - zero_point) <= _SAME
    contradicted = found is not None and abs(found.zero_point - zero_point) > _SAME
    sentence = f"the zero point is {zero_point:g}, of one data unit, as the request gives it"
    if by_other and time is not None and found is not None:
        added = "with" if zero_point > found.zero_point else "without"
        sentence = f"{sentence}: the header's, {found.zero_point:.4f}, {added} 2.5 log10({time[0]} {time[1]:g} s)"
    elif time is not None:
        sentence = f"{sentence}, and was taken as it stands: 2.5 log10({time[0]} {time[1]:g} s) was not added again"
    if found is not None and contradicted and not by_other:
        sentence = f"{sentence}; by the header it would be {found.zero_point:.4f}"
    used = by_other and found is not None and zero_point > found.zero_point
    seconds = None if time is None else time[1]
    return FluxScale(zero_point, sentence, exposure_time=seconds, exposure_time_used=used), contradicted


def unused_flux_cards(header: Mapping[str, Any]) -> str | None:
    """A sentence on cards that look like a zero point and cannot be used, of a header without a flux scale, or None."""
    found = list(_unused(header))
    return f"no zero point was taken from the header: {'; '.join(found)}" if found else None


def zero_point(header: Mapping[str, Any]) -> float | None:
    """Magnitude of one data unit, or None."""
    scale = flux_scale(header)
    return None if scale is None else scale.zero_point


def _unused(header: Mapping[str, Any]) -> Iterator[str]:
    for keyword in (*_OF_A_UNIT, *_OF_A_RATE):
        if keyword in header and not math.isfinite(_magnitude_of(header, keyword)):
            yield f"{keyword} is {header[keyword]!r}"
    unit = str(header.get("BUNIT", "")).strip()
    flux = _flux_unit(unit)
    if flux is None and _number(header.get("PHOTMJSR")) > 0.0:
        yield "PHOTMJSR means nothing without what a pixel holds (PIXAR_SR, or a WCS)"
    if flux is not None and _jansky_of(flux, header)[0] is None:
        yield f"what one pixel of {unit} holds is not known (PIXAR_SR, BMAJ and BMIN, PHOTPLAM, or a WCS)"
    if "PHOTZPT" in header and not _number(header.get("PHOTFLAM")) > 0.0:
        yield "PHOTZPT means nothing without PHOTFLAM"


def _by_unit(unit: str, header: Mapping[str, Any]) -> FluxScale | None:
    maggies = _MAGGIES.match(unit)
    if maggies:
        survey = _survey(header)
        system: System = "Vega" if maggies[1] or (survey is not None and survey[1] == "Vega") else "AB"
        return FluxScale(22.5, f"the zero point is 22.5: the data are in {unit}", system)
    flux = _flux_unit(unit)
    if flux is None:
        return None
    jansky, by = _jansky_of(flux, header)
    if jansky is None:
        return None
    point = -_STEP * math.log10(jansky / _AB_JANSKY)
    return FluxScale(point, f"the zero point is {point:.4f}: the data are in {unit}{by}", "AB")


def _flux_unit(unit: str) -> units.UnitBase | None:
    """A unit of flux density, or of that per pixel, beam or solid angle; None for all else.

    Written as people write it: Jy in any case (but for the M of mega), steradians and beams in any.
    """
    text = re.sub(r"(?i)(?<![a-z])(micro|nano|milli|mega|[kmuµn]?)jy(?![a-z])", _jansky_by_name, unit)
    text = re.sub(r"(?i)beam", "beam", text)
    text = re.sub(r"(?i)pix(el)?s?\b", "pix", text)
    text = re.sub(r"(?i)\bsr\b", "sr", re.sub(r"(?<=sr)\^", "**", text))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = units.Unit(text)
    except (ValueError, TypeError):
        return None
    if not isinstance(found, units.UnitBase):
        return None
    return found if any(found.is_equivalent(kind) for kind in (*_PLAIN, *_SPREAD)) else None


_PER_WAVELENGTH = units.Unit("erg / (s cm2 AA)")
_PLAIN = (units.Jy, units.Jy / units.pix, _PER_WAVELENGTH, _PER_WAVELENGTH / units.pix)
"""Flux densities of a pixel."""
_SPREAD = (units.Jy / units.sr, units.Jy / units.beam)
"""Flux densities of what a pixel is a part of."""
_PREFIXES = {"micro": "u", "nano": "n", "milli": "m", "mega": "M"}


def _jansky_by_name(found: re.Match[str]) -> str:
    prefix = found[1]
    short = _PREFIXES.get(prefix.lower(), prefix if len(prefix) < 2 else prefix[0])
    return f"{'M' if short == 'M' else short.lower().replace('µ', 'u')}Jy"


def _jansky_of(flux: units.UnitBase, header: Mapping[str, Any]) -> tuple[float | None, str]:
    """Jansky of one data unit in a pixel, and by what; None where the header does not say what a pixel holds."""
    for kind in (units.Jy, units.Jy / units.pix):
        if flux.is_equivalent(kind):
            return float(flux.to(kind)), ""
    pivot = _number(header.get("PHOTPLAM"))
    for kind in (_PER_WAVELENGTH, _PER_WAVELENGTH / units.pix):
        if flux.is_equivalent(kind):
            if not pivot > 0.0:
                return None, ""
            factor = float(flux.to(kind))
            by_frequency = (factor * _PER_WAVELENGTH).to(units.Jy, units.spectral_density(pivot * units.AA))
            return float(by_frequency.value), f", at PHOTPLAM {pivot:g} Å"
    solid, side = _number(header.get("PIXAR_SR")), pixel_scale(header)
    area, by = (solid, "PIXAR_SR") if solid > 0.0 else (math.nan, "")
    if not solid > 0.0 and side is not None:
        area, by = math.radians(side / 3600.0) ** 2, "the pixels' area by the WCS"
    if flux.is_equivalent(units.Jy / units.sr):
        return (float(flux.to(units.Jy / units.sr)) * area, f", with {by}") if area > 0.0 else (None, "")
    major, minor = (math.radians(_number(header.get(keyword))) for keyword in ("BMAJ", "BMIN"))
    beam = math.pi / (4.0 * math.log(2.0)) * major * minor
    if not (beam > 0.0 and area > 0.0):
        return None, ""
    return float(flux.to(units.Jy / units.beam)) * area / beam, f", with BMAJ, BMIN and {by}"


def _by_unit_card(unit: str, header: Mapping[str, Any]) -> FluxScale | None:
    for keyword in _OF_A_UNIT:
        value = _magnitude_of(header, keyword)
        if math.isfinite(value):
            return _of_unit(value, keyword, unit, header)
    return None


def _of_unit(value: float, keyword: str, unit: str, header: Mapping[str, Any]) -> FluxScale:
    """The scale of a card that is the magnitude of one data unit."""
    said, time = f"the zero point is {keyword} {value:g}, of one data unit", exposure(header)
    if time is None:
        return FluxScale(value, said)
    not_applied = f"{time[0]} of {time[1]:g} s was not applied"
    if _RATE.search(unit):
        return FluxScale(value, f"{said}; {not_applied}, as the data are in {unit}")
    added = _STEP * math.log10(time[1])
    for other in _OF_A_RATE:
        rate = _magnitude_of(header, other)
        if abs(rate + added - value) < 10.0 * _SAME:
            return FluxScale(value, f"{said}; {not_applied}: it is in {keyword}, as {other} {rate:g} shows")
    known = _KNOWN_OF_A_UNIT.get(keyword)
    if abs(added) < _SAME or (known is not None and known.search(_origin(header))):
        return FluxScale(value, f"{said}; {not_applied}")
    point = round(value + added, 6)
    doubt = (
        f"{said}; {not_applied}. Nothing in the header says whether {keyword} is of one count in a second: "
        f"then, and in GALFIT's convention, the zero point is {point:.4f}, and magnitudes are {added:.4f} fainter"
        if added > 0.0
        else f"{said}; {not_applied}. If {keyword} is of one count in a second, the zero point is {point:.4f}"
    )
    return FluxScale(value, doubt, other_zero_point=point)


def _by_flux_of_magnitude(header: Mapping[str, Any]) -> FluxScale | None:
    for keyword, magnitude in _OF_A_MAGNITUDE.items():
        value = _number(header.get(keyword))
        if value > 0.0:
            point = magnitude + _STEP * math.log10(value)
            words = f"of {keyword} {value:g}; an exposure time was not applied"
            return FluxScale(point, f"the zero point is {point:.4f}, {words}", "AB")
    return None


def _by_rate(unit: str, header: Mapping[str, Any]) -> FluxScale | None:
    for keyword in _OF_A_RATE:
        value = _magnitude_of(header, keyword)
        if math.isfinite(value):
            counts = _KNOWN_OF_COUNTS[keyword].search(_origin(header)) is not None
            return _of_rate(value, f"{keyword} {value:g}", unit, header, counts)
    flam, plam, fnu = (_number(header.get(keyword)) for keyword in ("PHOTFLAM", "PHOTPLAM", "PHOTFNU"))
    if flam > 0.0 and plam > 0.0:
        value = -_STEP * math.log10(flam) - 5.0 * math.log10(plam) - _ST_TO_AB
        return replace(_of_rate(value, f"{value:.4f} by PHOTFLAM and PHOTPLAM", unit, header), system="AB")
    if fnu > 0.0:
        value = -_STEP * math.log10(fnu / _AB_JANSKY)
        return replace(_of_rate(value, f"{value:.4f} by PHOTFNU", unit, header), system="AB")
    if flam > 0.0:
        zero = _number(header.get("PHOTZPT"))
        value = -_STEP * math.log10(flam) + (zero if math.isfinite(zero) else _ST_ZERO)
        return replace(_of_rate(value, f"{value:.4f} by PHOTFLAM and PHOTZPT", unit, header), system="ST")
    return None


def _of_rate(value: float, words: str, unit: str, header: Mapping[str, Any], counts: bool = False) -> FluxScale:
    """The scale of data from the magnitude of one count in a second.

    Args:
        counts: whether the survey's images are known to hold counts.
    """
    if _RATE.search(unit):
        return FluxScale(value, f"the zero point is {words}, of one data unit in a second, as the data are in {unit}")
    time = exposure(header)
    if time is None:
        taken = "which the data are taken for: no exposure time is given"
        return FluxScale(value, f"the zero point is {words}, of one count in a second, {taken}")
    point = round(value + _STEP * math.log10(time[1]), 6)
    said = f"the zero point is {point:.4f}: {words}, of one count in a second, and {time[0]} {time[1]:g} s"
    if _COUNTS.match(unit) or abs(point - value) < _SAME:
        return FluxScale(point, f"{said}, as the data are in {unit}" if unit else said, exposure_time_used=True)
    if counts and not unit:
        return FluxScale(point, f"{said}, as images with this card hold counts", exposure_time_used=True)
    doubt = f"{said}. BUNIT does not say that the data are counts: if they are a rate, it is {value:.4f}"
    return FluxScale(point, doubt, exposure_time_used=True, other_zero_point=value)


def _by_brightness(unit: str, header: Mapping[str, Any]) -> FluxScale | None:
    """By PHOTMJSR, MJy/sr of one count in a second, of Webb's and Roman's files that still hold such rates."""
    factor = _number(header.get("PHOTMJSR"))
    if not factor > 0.0:
        return None
    jansky, by = _jansky_of(units.Unit("MJy / sr"), header)
    if jansky is None:
        return None
    value = -_STEP * math.log10(factor * jansky / _AB_JANSKY)
    return replace(_of_rate(value, f"{value:.4f} by PHOTMJSR {factor:g}{by}", unit, header), system="AB")


def exposure(header: Mapping[str, Any]) -> tuple[str, float] | None:
    """Card and value, seconds, of the exposure time, or None."""
    for keyword in _TIMES:
        value = _number(header.get(keyword))
        if value > 0.0:
            return keyword, value
    return None


def _system(header: Mapping[str, Any]) -> System | None:
    """The system of a header's zero point: by a card that names it, else by the survey."""
    for keyword in _SYSTEM_CARDS:
        text = str(header.get(keyword, "")).upper()
        if "VEGA" in text:
            return "Vega"
        if re.search(r"\bAB", text):
            return "AB"
    survey = _survey(header)
    return None if survey is None else survey[1]


def _survey(header: Mapping[str, Any]) -> tuple[str, System] | None:
    text = _origin(header)
    return next((survey for survey in _SURVEYS if re.search(survey[0], text)), None)


def _origin(header: Mapping[str, Any]) -> str:
    return " ".join(str(header.get(keyword, "")) for keyword in _ORIGINS).upper()


def _magnitude_of(header: Mapping[str, Any], keyword: str) -> float:
    """A card's magnitude; NaN where there is none, or one that stands for none."""
    value = _number(header.get(keyword))
    return value if abs(value) < _UNSET else math.nan


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    return float(value) if abs(value) < 1e300 else math.nan


def is_rate(unit: str) -> bool:
    """Whether a unit is of something in a second."""
    return _RATE.search(unit) is not None
