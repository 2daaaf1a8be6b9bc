"""Plane meanings: what an HDU says that it holds, by the keywords of those who write such files.

    >>> plane_meaning("UNCERT", {"UTYPE": "VarianceUncertainty"})
    PlaneMeaning(kind='variance', reason='UTYPE VarianceUncertainty')
    >>> plane_meaning("ROMAN.ERR", {})
    PlaneMeaning(kind='sigma', reason='the name ROMAN.ERR')

Keywords that exist to say it go before names: astropy's NDData calls every uncertainty UNCERT, and UTYPE says which
it is; Rubin's older files have EXTTYPE and no names; cutouts of the Legacy Surveys have IMAGETYP.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

_UNCERTAINTY = ("UNCERT", "UNCERTAINTY")
"""EXTNAMEs of astropy.nddata, which are a sigma where UTYPE says nothing else."""
NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "data": ("SCI", "SCIENCE", "DATA", "IMAGE", "IMG", "SIGNAL", "FLUX"),
        "variance": ("VARIANCE", "VAR", "STAT"),
        "sigma": ("SIGMA", "SIG", "ERR", "ERROR", "RMS", "NOISE", "STD", "STDDEV", "STDEV", "UNC", *_UNCERTAINTY),
        "weight": ("WEIGHT", "WHT", "WGT", "WT", "IVAR", "INVVAR", "IVM"),
        "mask": ("MASK", "MSK", "BADPIX", "BPM", "DQ", "FLAG", "FLAGS", "FLG"),
        "psf": ("PSF", "PSFIMAGE", "PRF", "KERNEL"),
    }
)
"""EXTNAMEs of each plane, the surest first; STAT is the variance of ESO's pipelines."""
NAMELESS = ("", "COMPRESSED_IMAGE")
"""EXTNAMEs of HDUs that were given none; the second is astropy's for those of fpack."""
UNKNOWN = "unknown"
"""Kind of a plane that is a noise of which nobody says which."""
_KEYWORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "UTYPE": {  # astropy.nddata
            "STDDEVUNCERTAINTY": "sigma",
            "VARIANCEUNCERTAINTY": "variance",
            "INVERSEVARIANCE": "weight",
            "UNKNOWNUNCERTAINTY": UNKNOWN,
        },
        "EXTTYPE": {"IMAGE": "data", "MASK": "mask", "VARIANCE": "variance"},  # lsst.afw
        "HDUCLAS3": {"MSE": "variance", "RMSE": "sigma", "INVMSE": "weight", "INVRMSE": UNKNOWN},  # ESO, of errors
        "HDUCLAS2": {"DATA": "data", "QUALITY": "mask"},
        "PRODTYPE": {"IMAGE": "data", "DQMASK": "mask", "WTMAP": "weight"},  # NOIRLab's community pipelines
        "IMAGETYP": {"IMAGE": "data", "INVVAR": "weight", "IVAR": "weight", "MASKBITS": "mask", "PSF": "psf"},  # Legacy
    }
)
"""Keywords that say what an HDU holds, the surest first: value in upper case → kind."""
MEANING_CARDS = ("PRODTYPE",)
"""What an extension takes from the primary header where it says nothing itself: what the whole file holds."""


@dataclass(frozen=True)
class PlaneMeaning:
    """What an HDU says that it holds.

    Attributes:
        kind: a key of `NAMES`, or `UNKNOWN`.
        reason: what says so, for a sentence: ``EXTTYPE MASK``, ``the name ERR``.
    """

    kind: str
    reason: str


def plane_meaning(name: str, header: Mapping[str, Any]) -> PlaneMeaning | None:
    """What an HDU says that it holds; None where nothing is said. Of ASDF's names the last part counts."""
    last = name.strip().upper().rpartition(".")[2]
    named = next((kind for kind, names in NAMES.items() if last in names), None)
    for keyword, kinds in _KEYWORDS.items():
        value = str(header.get(keyword, "")).strip()
        kind = kinds.get(value.upper())
        # A plane of numbers is an image, too: a name that says more goes before.
        if kind is not None and (kind != "data" or named is None):
            return PlaneMeaning(kind, f"{keyword} {value}")
    if named is None and name.strip() in NAMELESS and any(str(keyword).startswith("MP_") for keyword in header):
        return PlaneMeaning("mask", "its cards MP_…, which name bits")
    return None if named is None else PlaneMeaning(named, f"the name {name.strip()}")
