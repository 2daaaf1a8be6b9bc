"""Descriptions of exponential discs."""

from fitting.spec.profiles.first_shape import EllipseShape
from fitting.spec.profiles.profile_description import ParameterDescription, ProfileDescription
from fitting.spec.profiles.shared_parameters import ELLIPSE, intensity, length

EXPONENTIAL = ProfileDescription(
    name="exponential",
    description="Exponential disc.",
    parameters=(
        *ELLIPSE,
        length("h", "Scale length; the half-light radius is 1.678 h."),
        intensity("i_0", "Central surface brightness."),
    ),
    formula="I(R) = i_0 exp(-R/h)",
    source="Freeman 1970, ApJ 160, 811, equation 1",
    first_shape=EllipseShape(1.0, "i_0", 0.44832, {"h": 0.5958}),
    total=True,
    smooth=True,
)

BROKEN_EXPONENTIAL = ProfileDescription(
    name="broken_exponential",
    description="Exponential disc that bends to another scale length.",
    parameters=(
        *ELLIPSE,
        length("h_2", "Scale length outside the break."),
        length("r_b", "Break radius."),
        ParameterDescription(
            name="alpha",
            unit="1/pixel",
            description="Sharpness of the break, an inverse length.",
            min=1e-3,
            max=1e3,
            lowest=1e-3,
            highest=1e3,
            scale="log",
        ),
        length("h_1", "Scale length inside the break."),
        intensity("i_0", "Central surface brightness."),
    ),
    formula="I(R) = S i_0 exp(-R/h_1) {1 + exp[alpha (R - r_b)]}^k, k = (1/h_1 - 1/h_2)/alpha, "
    "S = [1 + exp(-alpha r_b)]^-k",
    source="Erwin, Pohlen & Beckman 2008, AJ 135, 20, equation 6",
    first_shape=EllipseShape(
        1.0, "i_0", 0.37497, {"h_1": 0.7338, "h_2": 0.4403, "r_b": 1.4675}, per_length={"alpha": 5.4514}
    ),
    total=True,
)
