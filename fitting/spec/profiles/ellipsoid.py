"""Description of the Gaussian ellipsoid."""

import math

from fitting.spec.profiles.first_shape import MeasuredGalaxy, ShapeOf, Values, centre
from fitting.spec.profiles.profile_description import ParameterDescription, ProfileDescription
from fitting.spec.profiles.shared_parameters import CENTRE, FLUX, length

_HALF_LIGHT = math.sqrt(2.0 * math.log(2.0))
"""Half-light radius of a Gaussian, dispersions."""


def _first_values(galaxy: MeasuredGalaxy, _: None) -> Values:
    """Axis a along the line of nodes, b and c alike: the projection's axes are theirs, whatever the inclination."""
    sigma = galaxy.r_e / _HALF_LIGHT
    others = {"sigma_b": galaxy.q * sigma, "sigma_c": galaxy.q * sigma}
    return {**centre(galaxy), "pa": galaxy.pa, "sigma_a": sigma, **others, "flux": galaxy.flux}


GAUSSIAN_ELLIPSOID = ProfileDescription(
    name="gaussian_ellipsoid",
    description="Gaussian ellipsoid in space, seen in projection.",
    parameters=(
        *CENTRE,
        ParameterDescription(
            name="pa",
            unit="degree",
            description="Position angle of the line of nodes, counter-clockwise from +y.",
            scale="cyclic",
            period=180.0,
        ),
        ParameterDescription(
            name="inclination",
            unit="degree",
            description="Angle of axis c to the line of sight.",
            scale="cyclic",
            period=180.0,
            default=30.0,
        ),
        ParameterDescription(
            name="azimuth",
            unit="degree",
            description="Angle of axis a from the line of nodes.",
            scale="cyclic",
            period=180.0,
            default=0.0,
        ),
        length("sigma_a", "Dispersion along axis a."),
        length("sigma_b", "Dispersion along axis b."),
        length("sigma_c", "Dispersion along axis c."),
        FLUX,
    ),
    formula="I = flux exp(-Q/2) / (2 pi |C|^(1/2)), Q = (u, v) C^-1 (u, v)^T, C the projected covariance",
    source="the projection of a Gaussian; Stone et al. 2023, MNRAS 525, 6377 (AstroPhot's gaussian ellipsoid)",
    first_shape=ShapeOf(_first_values),
)
