"""What each light profile is called and which parameters it has: one row per profile.

The engine finds the numbers behind a row in ``fitting.profiles``; here is only what a request needs to know.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Literal

from fitting.spec.documents import Document


class ParameterDescription(Document):
    """One parameter of a profile.

    Attributes:
        name: name within its component.
        unit: unit in the pixel frame (``pixel``, ``degree``, ``data/pixel``, or empty for a pure number).
        description: one sentence.
        min, max: default limits, None where there is none; a request may set others.
        lowest, highest: bounds of the values for which the profile is defined; no request may go beyond.
        scale: how the value is best varied: ``linear``, ``log`` or ``cyclic``.
        period: of a cyclic parameter, in its unit.
        initialised: whether photfit finds a first value in the image when the request gives none.
    """

    name: str
    unit: str
    description: str
    min: float | None = None
    max: float | None = None
    lowest: float | None = None
    highest: float | None = None
    scale: Literal["linear", "log", "cyclic"] = "linear"
    period: float | None = None
    initialised: bool = True


class ProfileDescription(Document):
    """A light profile: its parameters in order, its formula and where the formula comes from."""

    name: str
    description: str
    parameters: tuple[ParameterDescription, ...]
    formula: str
    source: str

    def parameter(self, name: str) -> ParameterDescription | None:
        """The parameter of that name, or None."""
        return next((parameter for parameter in self.parameters if parameter.name == name), None)

    @property
    def names(self) -> tuple[str, ...]:
        """Parameter names in order."""
        return tuple(parameter.name for parameter in self.parameters)


X = ParameterDescription(name="x", unit="pixel", description="Centre along FITS axis 1; the first pixel's centre is 0.")
Y = ParameterDescription(name="y", unit="pixel", description="Centre along FITS axis 2; the first pixel's centre is 0.")
Q = ParameterDescription(
    name="q",
    unit="",
    description="Axis ratio b/a of the isophotes.",
    min=0.01,
    max=1.0,
    lowest=0.01,
    highest=1.0,
)
PA = ParameterDescription(
    name="pa",
    unit="degree",
    description="Position angle of the major axis, counter-clockwise from +y.",
    scale="cyclic",
    period=180.0,
)

FLAT_SKY = ProfileDescription(
    name="flat_sky",
    description="A constant background.",
    parameters=(ParameterDescription(name="i", unit="data/pixel", description="Sky level."),),
    formula="I(x, y) = i",
    source="by definition",
)

SERSIC = ProfileDescription(
    name="sersic",
    description="Sérsic galaxy with elliptical isophotes.",
    parameters=(
        X,
        Y,
        Q,
        PA,
        ParameterDescription(
            name="n",
            unit="",
            description="Sérsic index: 1 is exponential, 4 is de Vaucouleurs.",
            min=0.1,
            max=12.0,
            lowest=0.1,
            highest=12.0,
            scale="log",
        ),
        ParameterDescription(
            name="r_e",
            unit="pixel",
            description="Half-light semi-major axis.",
            min=1e-3,
            max=1e5,
            lowest=1e-3,
            highest=1e5,
            scale="log",
        ),
        ParameterDescription(
            name="i_e", unit="data/pixel", description="Surface brightness at r_e.", min=0.0, scale="log"
        ),
    ),
    formula="I(R) = i_e exp(-b_n [(R/r_e)^(1/n) - 1]), with b_n from gamma(2n, b_n) = Gamma(2n)/2",
    source="Sérsic 1968, Atlas de galaxias australes; Ciotti & Bertin 1999, A&A 352, 447 (b_n, here solved exactly)",
)

PROFILES: MappingProxyType[str, ProfileDescription] = MappingProxyType(
    {profile.name: profile for profile in (FLAT_SKY, SERSIC)}
)
"""Every profile that a request may name."""


def profiles_document() -> list[dict[str, Any]]:
    """The profiles as JSON, for ``GET /v1/profiles`` and ``photfit profiles``."""
    return [profile.model_dump(mode="json") for profile in PROFILES.values()]
