"""The parameters that place an ellipse on the image; shared by every profile of elliptical radius."""

from fitting.spec.profiles.description import ParameterDescription

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
