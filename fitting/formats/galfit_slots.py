"""Slots of GALFIT's objects: which of photfit's parameters a line is, and by which rule its number is the value."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Slot:
    """What a number of a line is: ``scale · number + offset``, or a brightness 10^(−0.4 (number − zero)).

    Attributes:
        parameter: photfit's.
        zero: of a surface brightness: the magnitude per arcsec² of one data unit per pixel; None where it is none.
        scale: also of brightnesses, such as that at r_e over the central one.
    """

    parameter: str
    scale: float = 1.0
    offset: float = 0.0
    zero: float | None = None

    def value(self, number: float) -> float:
        """The parameter's value."""
        if self.zero is not None:
            return float(self.scale * 10.0 ** (-0.4 * (number - self.zero)))
        return self.scale * number + self.offset

    def number(self, value: float) -> float:
        """The line's number of a parameter's value: the inverse of `value`. A brightness must be above zero."""
        if self.zero is not None:
            return self.zero - 2.5 * math.log10(value / self.scale)
        return (value - self.offset) / self.scale

    def limits(self, low: float | None, high: float | None) -> tuple[float | None, float | None]:
        """Limits of the parameter: a brighter one has a smaller magnitude."""
        found = tuple(None if item is None else self.value(item) for item in (low, high))
        return (found[1], found[0]) if self.zero is not None or self.scale < 0.0 else (found[0], found[1])


@dataclass(frozen=True)
class GalfitProfile:
    """One of GALFIT's object types.

    Attributes:
        profile: photfit's.
        lines: parameters by the number of their line; with what they are multiplied, where that is not 1.
        amplitude: photfit's; None where only a total is known.
        total: whether line 3 is the total magnitude; else a surface brightness.
        words: of constraints, beside those of `WORDS`.
        ellipse: whether it has an axis ratio.
    """

    profile: str
    lines: Mapping[str, tuple[str, float]]
    amplitude: str | None
    total: bool
    words: Mapping[str, str]
    ellipse: bool = True

    @property
    def lengths(self) -> tuple[str, ...]:
        """Parameters that are lengths along the major axis."""
        return tuple(name for name, _ in self.lines.values() if name in _LENGTHS)


_LENGTHS = frozenset({"r_e", "h", "fwhm", "r_b", "r_c", "r_t", "r_out"})


def _profile(
    profile: str,
    lines: Mapping[str, str | tuple[str, float]],
    amplitude: str | None,
    total: bool,
    words: Mapping[str, str],
    ellipse: bool = True,
) -> GalfitProfile:
    whole = {key: item if isinstance(item, tuple) else (item, 1.0) for key, item in lines.items()}
    return GalfitProfile(profile, MappingProxyType(whole), amplitude, total, MappingProxyType(dict(words)), ellipse)


GALFIT_PROFILES: Mapping[str, GalfitProfile] = MappingProxyType(
    {
        "sersic": _profile("sersic", {"4": "r_e", "5": "n"}, "i_e", True, {"n": "5"}),
        "devauc": _profile("de_vaucouleurs", {"4": "r_e"}, "i_e", True, {}),
        "expdisk": _profile("exponential", {"4": "h"}, "i_0", True, {}),
        "gaussian": _profile("gaussian", {"4": "fwhm"}, "i_0", True, {"fwhm": "4"}),
        "moffat": _profile(
            "moffat", {"4": "fwhm", "5": "beta"}, "i_0", True, {"fwhm": "4", "n": "5", "beta": "5", "pow": "5"}
        ),
        "nuker": _profile(
            "nuker",
            {"4": "r_b", "5": "alpha", "6": "beta", "7": "gamma"},
            "i_b",
            False,
            {"rb": "4", "alpha": "5", "beta": "6", "gamma": "7"},
        ),
        "king": _profile(
            "modified_king",
            {"4": "r_c", "5": "r_t", "6": "alpha"},
            "i_0",
            False,
            {"rc": "4", "rt": "5", "alpha": "6"},
        ),
        "ferrer": _profile(
            "ferrers",
            {"4": "r_out", "5": "alpha", "6": "beta"},
            "i_0",
            False,
            {"rout": "4", "alpha": "5", "beta": "6"},
        ),
        "edgedisk": _profile(
            "edge_on_disk", {"4": ("z_0", 0.5), "5": "h"}, "i_0", False, {"hs": "4", "rs": "5", "re": "5"}, False
        ),
        "corser": _profile(
            "core_sersic",
            {"4": "r_b", "5": "alpha", "6": "gamma", "7": "r_e", "8": "n"},
            "i_b",
            False,
            {"rb": "4", "alpha": "5", "gamma": "6", "re": "7", "n": "8"},
        ),
        "psf": _profile("point_source", {}, None, True, {}, False),
    }
)
"""GALFIT's object types (Peng et al. 2010, AJ 139, 2097, section 5) but for the sky, by their names; ``corser`` is
GALFIT-CORSAIR's, and GALFITM's (Bonfini 2014, PASP 126, 935).
"""

WORDS: Mapping[str, str] = MappingProxyType(
    {"x": "x", "y": "y", "mag": "3", "mu": "3", "re": "4", "rs": "4", "q": "9", "pa": "10", "c": "C0", "c0": "C0"}
)
"""Lines by the words of constraints that all types share."""


SKY_LINES: Mapping[str, str] = MappingProxyType({"1": "i", "2": "di_dx", "3": "di_dy"})
"""Parameters of a sky by the numbers of their lines."""

SKY_WORDS: Mapping[str, str] = MappingProxyType({"sky": "1", "dsky/dx": "2", "dsky/dy": "3"})
"""Lines of a sky by the words of constraints."""

HEADER_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "x": "XC", "y": "YC", "magnitude": "MAG", "flux": "MAG", "i_e": "MU", "i_0": "MU", "i_b": "MU", "r_e": "RE",
        "h": "RS", "fwhm": "FWHM", "r_b": "RB", "r_c": "RC", "r_t": "RT", "r_out": "RO", "z_0": "HS", "n": "N",
        "alpha": "ALPHA", "beta": "BETA", "gamma": "GAMMA", "q": "AR", "pa": "PA", "c0": "C0", "i": "SKY",
        "di_dx": "DSDX", "di_dy": "DSDY",
    }
)  # fmt: skip
"""Cards of an image block's model by photfit's parameters, behind the object's number: ``1_XC``."""

MODES: Mapping[str, tuple[str, int, int]] = MappingProxyType({"B": ("bending", 8, 1), "F": ("fourier", 24, 2)})
"""Modifiers with modes by the letter of their lines: photfit's name, the highest mode, and the numbers of a line."""

ROTATION_LAWS: Mapping[str, str] = MappingProxyType({"power": "power", "powerlaw": "power", "log": "log"})
"""photfit's laws of rotation by GALFIT's words of line R0."""


def rotation_lines(law: str) -> Mapping[str, str]:
    """Parameters of a rotation by their lines; `law` is photfit's."""
    return {
        "R1": "rotation_inner",
        "R2": "rotation_outer",
        "R3": "rotation_angle",
        "R4": "rotation_winding" if law == "log" else "rotation_power",
        "R9": "rotation_inclination",
        "R10": "rotation_pa",
    }


def sersic_bn(n: float) -> float:
    """b_n of the half-light condition, γ(2n, b) = Γ(2n)/2 (Ciotti & Bertin 1999, A&A 352, 447)."""
    from scipy.special import gammaincinv

    return float(gammaincinv(2.0 * n, 0.5))


def shape_at(kind: str, values: Mapping[str, float], radius: float) -> float:
    """Brightness at a radius over the profile's own amplitude: i_e at r_e, i_0 at the centre, i_b at the break.

    Args:
        kind: GALFIT's name of the type.
        values: photfit's parameters.
        radius: pixels, along the major axis.
    """
    if kind in ("sersic", "devauc"):
        n = values["n"] if kind == "sersic" else 4.0
        return math.exp(-sersic_bn(n) * ((radius / values["r_e"]) ** (1.0 / n) - 1.0))
    if kind == "expdisk":
        return math.exp(-radius / values["h"])
    if kind == "gaussian":
        return math.exp(-4.0 * math.log(2.0) * (radius / values["fwhm"]) ** 2)
    if kind == "moffat":
        width = values["fwhm"] / (2.0 * math.sqrt(2.0 ** (1.0 / values["beta"]) - 1.0))
        return (1.0 + (radius / width) ** 2) ** -values["beta"]
    if kind == "king":
        power = 1.0 / values["alpha"]
        end = (1.0 + (values["r_t"] / values["r_c"]) ** 2) ** -power
        here = (1.0 + (radius / values["r_c"]) ** 2) ** -power
        return max((here - end) / (1.0 - end), 0.0) ** values["alpha"]
    if kind == "ferrer":
        inside = 1.0 - (radius / values["r_out"]) ** (2.0 - values["beta"])
        return max(inside, 0.0) ** values["alpha"]
    if kind != "nuker":
        raise ValueError(kind)
    ratio = radius / values["r_b"]
    alpha, beta, gamma = values["alpha"], values["beta"], values["gamma"]
    if ratio == 0.0 and gamma > 0.0:
        return math.inf
    inner = ratio**-gamma if ratio > 0.0 or gamma != 0.0 else 1.0
    return float(2.0 ** ((beta - gamma) / alpha) * inner * (1.0 + ratio**alpha) ** ((gamma - beta) / alpha))


def total_of_unit(profile: str, values: Mapping[str, float]) -> float | None:
    """Total flux, out to infinity, of a profile whose amplitude (i_e, i_0) is 1; None where it is not known here.

    Over superellipses it is R(c0) of that over ellipses (Peng et al. 2010, AJ 139, 2097, equations 4 and 5).

    Args:
        profile: photfit's.
        values: its parameters, of those of superellipses ``c0``; lengths in pixels.
    """
    from scipy.special import beta as beta_function
    from scipy.special import gamma

    if profile in ("sersic", "de_vaucouleurs"):
        n = values.get("n", 4.0)
        b = sersic_bn(n)
        area = 2.0 * math.pi * values["r_e"] ** 2 * n * math.exp(b) * b ** (-2.0 * n) * float(gamma(2.0 * n))
    elif profile == "exponential":
        area = 2.0 * math.pi * values["h"] ** 2
    elif profile == "gaussian":
        area = math.pi * values["fwhm"] ** 2 / (4.0 * math.log(2.0))
    elif profile == "moffat" and values["beta"] > 1.0:
        width = values["fwhm"] / (2.0 * math.sqrt(2.0 ** (1.0 / values["beta"]) - 1.0))
        area = math.pi * width**2 / (values["beta"] - 1.0)
    else:
        return None
    power = values.get("c0", 0.0) + 2.0
    boxy = math.pi * power / (4.0 * float(beta_function(1.0 / power, 1.0 + 1.0 / power)))
    return area * values["q"] / boxy
