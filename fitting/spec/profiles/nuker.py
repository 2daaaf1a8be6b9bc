"""Description of the Nuker profile."""

from fitting.spec.profiles.first_shape import EllipseShape
from fitting.spec.profiles.profile_description import ProfileDescription
from fitting.spec.profiles.shared_parameters import ELLIPSE, intensity, length, number, positive

NUKER = ProfileDescription(
    name="nuker",
    description="Nuker law: two power laws and the break between them. Its total flux is infinite for beta <= 2.",
    parameters=(
        *ELLIPSE,
        positive("alpha", 0.1, 100.0, "Sharpness of the break."),
        positive("beta", 0.05, 20.0, "Slope outside the break, I ~ R^-beta."),
        number("gamma", -1.0, 1.9, "Slope inside the break, I ~ R^-gamma."),
        length("r_b", "Break radius."),
        intensity("i_b", "Surface brightness at r_b."),
    ),
    formula="I(R) = i_b 2^((beta - gamma)/alpha) (R/r_b)^-gamma [1 + (R/r_b)^alpha]^((gamma - beta)/alpha)",
    source="Lauer et al. 1995, AJ 110, 2622, equation 3",
    first_shape=EllipseShape(2.0, "i_b", 0.05955, {"r_b": 1.1226}, {"alpha": 2.0, "beta": 4.0, "gamma": 0.3}),
    total=True,
    finite_above=("beta", 2.0),
)
