"""Description of the Sérsic profile."""

from fitting.spec.profiles.description import ParameterDescription, ProfileDescription
from fitting.spec.profiles.geometry import PA, Q, X, Y

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
