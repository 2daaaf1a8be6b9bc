"""Parameters that many profiles share: where an ellipse lies, and kinds such as lengths, intensities, exponents."""

from fitting.spec.profiles.profile_description import ParameterDescription

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

CENTRE = (X, Y)
"""Where a profile is that has no ellipse."""

ELLIPSE = (X, Y, Q, PA)
"""Centre, axis ratio and position angle, in the order in which profiles list them."""


FLUX = ParameterDescription(name="flux", unit="data", description="Total flux.", min=0.0, scale="log")


def length(name: str, description: str) -> ParameterDescription:
    """A length along the major axis."""
    return ParameterDescription(
        name=name,
        unit="pixel",
        description=description,
        min=1e-3,
        max=1e5,
        lowest=1e-3,
        highest=1e5,
        scale="log",
    )


def intensity(name: str, description: str) -> ParameterDescription:
    """A surface brightness."""
    return ParameterDescription(name=name, unit="data/pixel", description=description, min=0.0, scale="log")


def positive(name: str, low: float, high: float, description: str) -> ParameterDescription:
    """A positive number between bounds, varied in its logarithm."""
    return ParameterDescription(
        name=name, unit="", description=description, min=low, max=high, lowest=low, highest=high, scale="log"
    )


def number(name: str, low: float, high: float, description: str) -> ParameterDescription:
    """A number between bounds."""
    return ParameterDescription(
        name=name, unit="", description=description, min=low, max=high, lowest=low, highest=high
    )
