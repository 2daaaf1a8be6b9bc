"""Kinds of parameters that many profiles have: lengths, intensities, exponents."""

from fitting.spec.profiles.description import ParameterDescription

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
