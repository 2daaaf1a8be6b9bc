"""Descriptions of profiles with a core: star images, clusters, halos."""

from fitting.spec.profiles.first_shape import EllipseShape
from fitting.spec.profiles.profile_description import ProfileDescription
from fitting.spec.profiles.shared_parameters import ELLIPSE, intensity, length, positive

FWHM = length("fwhm", "Full width at half maximum along the major axis.")
I_0 = intensity("i_0", "Central surface brightness.")
R_C = length("r_c", "Core radius.")
R_T = length("r_t", "Truncation radius, where the profile ends.")

GAUSSIAN = ProfileDescription(
    name="gaussian",
    description="Gaussian.",
    parameters=(*ELLIPSE, FWHM, I_0),
    formula="I(R) = i_0 exp(-4 ln(2) (R/fwhm)^2)",
    source="Peng et al. 2010, AJ 139, 2097, equation 9",
    first_shape=EllipseShape(0.5, "i_0", 0.22064, {"fwhm": 2.0}),
    total=True,
    smooth=True,
)

MOFFAT = ProfileDescription(
    name="moffat",
    description="Moffat function. Its total flux is infinite for beta <= 1.",
    parameters=(*ELLIPSE, positive("beta", 0.2, 100.0, "Exponent: the wings fall as R^(-2 beta)."), FWHM, I_0),
    formula="I(R) = i_0 [1 + (R/r_d)^2]^-beta, r_d = fwhm / (2 sqrt(2^(1/beta) - 1))",
    source="Moffat 1969, A&A 3, 455",
    first_shape=EllipseShape(1.0, "i_0", 0.2637, {"fwhm": 1.5843}, {"beta": 3.0}),
    total=True,
    finite_above=("beta", 1.0),
    smooth=True,
)

KING = ProfileDescription(
    name="king",
    description="King profile (classic): a core and a truncation.",
    parameters=(*ELLIPSE, R_T, R_C, I_0),
    formula="I(R) = i_0 ([w(R) - w(r_t)]/[1 - w(r_t)])^2 for R < r_t, else 0; w(R) = [1 + (R/r_c)^2]^(-1/2)",
    source="King 1962, AJ 67, 471, equation 14",
    first_shape=EllipseShape(1.0, "i_0", 0.34218, {"r_c": 0.6567, "r_t": 5.2536}),
    total=True,
)

MODIFIED_KING = ProfileDescription(
    name="modified_king",
    description="King profile with a free exponent (modified); alpha = 2 is the classic one.",
    parameters=(*ELLIPSE, R_T, positive("alpha", 0.2, 20.0, "Exponent; 2 is the classic King profile."), R_C, I_0),
    formula="I(R) = i_0 ([w(R) - w(r_t)]/[1 - w(r_t)])^alpha for R < r_t, else 0; w(R) = [1 + (R/r_c)^2]^(-1/alpha)",
    source="Elson 1999, in Globular Clusters, p. 209; Peng et al. 2010, AJ 139, 2097, equation 12",
    first_shape=EllipseShape(1.0, "i_0", 0.34218, {"r_c": 0.6567, "r_t": 5.2536}, {"alpha": 2.0}),
    total=True,
)

ISOTHERMAL = ProfileDescription(
    name="isothermal",
    description="Softened (pseudo-)isothermal sphere, density ~ 1/(r^2 + r_c^2), projected; of infinite flux.",
    parameters=(*ELLIPSE, R_C, I_0),
    formula="I(R) = i_0 / sqrt(1 + (R/r_c)^2)",
    source="Kormann, Schneider & Bartelmann 1994, A&A 284, 285, section 3",
    # Of infinite flux: as bright at the half-light radius as an exponential.
    first_shape=EllipseShape(1.0, "i_0", 0.2913, {"r_c": 0.3}),
)
