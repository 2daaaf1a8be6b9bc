"""Descriptions of bars and rings."""

from fitting.spec.profiles.first_shape import EllipseShape
from fitting.spec.profiles.profile_description import ProfileDescription
from fitting.spec.profiles.shared_parameters import ELLIPSE, intensity, length, number, positive

FERRERS = ProfileDescription(
    name="ferrers",
    description="Modified Ferrers profile: a bar, nearly flat inside, that ends at r_out.",
    parameters=(
        *ELLIPSE,
        positive("alpha", 0.2, 20.0, "How sharply it ends; larger is gentler."),
        number("beta", -10.0, 1.9, "Central slope."),
        length("r_out", "Outer radius, where the profile ends."),
        intensity("i_0", "Central surface brightness."),
    ),
    formula="I(R) = i_0 [1 - (R/r_out)^(2 - beta)]^alpha for R < r_out, else 0",
    source="Peng et al. 2010, AJ 139, 2097, equation 11",
    first_shape=EllipseShape(0.5, "i_0", 0.22263, {"r_out": 2.358}, {"alpha": 2.0, "beta": 0.5}),
    total=True,
)

GAUSSIAN_RING = ProfileDescription(
    name="gaussian_ring",
    description="Elliptical ring whose brightness is a Gaussian of the distance from its crest.",
    parameters=(
        *ELLIPSE,
        length("sigma_r", "Standard deviation across the ring, along the major axis."),
        length("r_ring", "Radius of the crest."),
        intensity("i_r", "Surface brightness of the crest."),
    ),
    formula="I(R) = i_r exp(-(R - r_ring)^2 / (2 sigma_r^2))",
    source="Erwin 2015, ApJ 799, 226, section 4",
    first_shape=EllipseShape(0.5, "i_r", 0.19134, {"r_ring": 0.8129, "sigma_r": 0.4065}),
    total=True,
)
