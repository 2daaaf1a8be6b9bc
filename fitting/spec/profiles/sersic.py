"""Descriptions of the Sérsic profile and of its special cases and relatives."""

from fitting.spec.profiles.first_shape import EllipseShape
from fitting.spec.profiles.profile_description import ProfileDescription
from fitting.spec.profiles.shared_parameters import ELLIPSE, intensity, length, number, positive

N = positive("n", 0.1, 20.0, "Sérsic index: 1 is exponential, 4 is de Vaucouleurs.")
R_E = length("r_e", "Half-light semi-major axis.")
I_E = intensity("i_e", "Surface brightness at r_e.")

SERSIC = ProfileDescription(
    name="sersic",
    description="Sérsic galaxy with elliptical isophotes.",
    parameters=(*ELLIPSE, N, R_E, I_E),
    formula="I(R) = i_e exp(-b_n [(R/r_e)^(1/n) - 1]), with b_n from gamma(2n, b_n) = Gamma(2n)/2",
    source="Sérsic 1968, Atlas de galaxias australes; Ciotti & Bertin 1999, A&A 352, 447 (b_n, here solved exactly)",
    total=True,
    smooth=True,
)

DE_VAUCOULEURS = ProfileDescription(
    name="de_vaucouleurs",
    description="De Vaucouleurs galaxy: a Sérsic profile of index 4.",
    parameters=(*ELLIPSE, R_E, I_E),
    formula="I(R) = i_e exp(-7.66925 [(R/r_e)^(1/4) - 1])",
    source="de Vaucouleurs 1948, Annales d'Astrophysique 11, 247",
    first_shape=EllipseShape(4.0, "i_e", 0.04412, {"r_e": 1.0}),
    total=True,
    smooth=True,
)

CORE_SERSIC = ProfileDescription(
    name="core_sersic",
    description="Core-Sérsic galaxy: a Sérsic profile whose centre is a shallower power law.",
    parameters=(
        *ELLIPSE,
        N,
        length("r_b", "Break radius, where the power law goes over into the Sérsic profile."),
        positive("alpha", 0.1, 100.0, "Sharpness of the break."),
        number("gamma", -1.0, 1.9, "Slope of the inner power law, I ~ R^-gamma."),
        length("r_e", "Half-light semi-major axis of the Sérsic profile without the core."),
        intensity("i_b", "Surface brightness at r_b."),
    ),
    formula="I(R) = i_b 2^(-gamma/alpha) [1 + (r_b/R)^alpha]^(gamma/alpha) "
    "exp(b_n {(2^(1/alpha) r_b/r_e)^(1/n) - [(R^alpha + r_b^alpha)/r_e^alpha]^(1/(alpha n))})",
    source="Graham et al. 2003, AJ 125, 2951, equations 5 and 6; Trujillo et al. 2004, AJ 127, 1917, equation 5",
    first_shape=EllipseShape(
        3.0, "i_b", 1.03263, {"r_e": 0.9726, "r_b": 0.0973}, {"n": 3.0, "alpha": 5.0, "gamma": 0.2}
    ),
    total=True,
)
