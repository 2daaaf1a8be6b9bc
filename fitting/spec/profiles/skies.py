"""Descriptions of backgrounds."""

from fitting.spec.profiles.description import ParameterDescription, ProfileDescription

FLAT_SKY = ProfileDescription(
    name="flat_sky",
    description="A constant background.",
    parameters=(ParameterDescription(name="i", unit="data/pixel", description="Sky level."),),
    formula="I(x, y) = i",
    source="by definition",
)
