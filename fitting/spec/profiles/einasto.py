"""Description of Einasto's law."""

from fitting.spec.profiles.first_shape import EllipseShape
from fitting.spec.profiles.profile_description import ProfileDescription
from fitting.spec.profiles.shared_parameters import ELLIPSE, intensity, length, positive

EINASTO = ProfileDescription(
    name="einasto",
    description="Einasto's law as a surface brightness (not the projection of a density): its logarithmic slope is "
    "-2 (R/r_s)^alpha. The Sérsic galaxy of index 1/alpha in other parameters.",
    parameters=(
        *ELLIPSE,
        positive("alpha", 0.05, 10.0, "Exponent, by which the slope steepens outwards; 1 is exponential, 2 Gaussian."),
        length("r_s", "Scale radius, where the logarithmic slope is -2."),
        intensity("i_s", "Surface brightness at r_s."),
    ),
    formula="I(R) = i_s exp(-(2/alpha) [(R/r_s)^alpha - 1])",
    source="Einasto 1965, Trudy Astrofiz. Inst. Alma-Ata 5, 87; Navarro et al. 2004, MNRAS 349, 1039, equations 4 and "
    "5; Merritt et al. 2006, AJ 132, 2685 (all of a density)",
    first_shape=EllipseShape(2.0, "i_s", 0.04417, {"r_s": 1.18659}, {"alpha": 0.5}),
    total=True,
    smooth=True,
)
