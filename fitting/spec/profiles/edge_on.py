"""Descriptions of galaxies seen edge on."""

import math

from fitting.spec.profiles.first_shape import MeasuredGalaxy, ShapeOf, Values, centre
from fitting.spec.profiles.profile_description import ParameterDescription, ProfileDescription
from fitting.spec.profiles.shared_parameters import CENTRE, length

PLANE = ParameterDescription(
    name="pa",
    unit="degree",
    description="Position angle of the plane, counter-clockwise from +y.",
    scale="cyclic",
    period=180.0,
)
BRIGHTNESS = ParameterDescription(
    name="i_0",
    unit="data/pixel",
    description="Surface brightness at the centre.",
    min=0.0,
    scale="log",
)

_HALF_LIGHT = 1.823
"""Half-light radius of a disc of sech² heights, in ellipses as flat as itself, scale lengths."""


def _first_disk(galaxy: MeasuredGalaxy, _: None) -> Values:
    """Of sech² heights: ∬ I = π h · 4 z_0 · i_0; dispersions 3^½ h along and (π/3^½) z_0 across the plane."""
    h = galaxy.r_e / _HALF_LIGHT
    z_0 = galaxy.q * h * 3.0 / math.pi
    return {**centre(galaxy), "pa": galaxy.pa, "h": h, "z_0": z_0, "i_0": galaxy.flux / (4.0 * math.pi * h * z_0)}


def _first_ring(galaxy: MeasuredGalaxy, _: None) -> Values:
    """Of half the light within r, where its own light is not to be measured (`fitting.first_values.edge_on_rings`)."""
    r, sigma_r = 0.7 * galaxy.r_e, 0.5 * galaxy.r_e
    sigma_z = galaxy.q * sigma_r
    i_0 = galaxy.flux / (4.0 * math.pi * sigma_r * sigma_z)
    return {**centre(galaxy), "pa": galaxy.pa, "r": r, "sigma_r": sigma_r, "sigma_z": sigma_z, "i_0": i_0}


EDGE_ON_DISK = ProfileDescription(
    name="edge_on_disk",
    description="Exponential disc seen edge on.",
    parameters=(
        *CENTRE,
        PLANE,
        ParameterDescription(
            name="n",
            unit="",
            description="Vertical shape: 1 is sech^2, 2 is sech, large is exponential.",
            min=0.5,
            max=20.0,
            lowest=0.1,
            highest=100.0,
            scale="log",
            default=1.0,
        ),
        length("h", "Exponential scale length in the plane."),
        length("z_0", "Vertical scale height; GALFIT's h_s is twice this."),
        BRIGHTNESS,
    ),
    formula="I(u, v) = i_0 (|u|/h) K_1(|u|/h) sech^(2/n)(n v / 2 z_0), u along and v across the plane",
    source="van der Kruit & Searle 1981, A&A 95, 105; van der Kruit 1988, A&A 192, 117; Erwin 2015, ApJ 799, 226",
    first_shape=ShapeOf(_first_disk),
)

EDGE_ON_RING = ProfileDescription(
    name="edge_on_ring",
    description="Ring seen edge on, as two Gaussians.",
    parameters=(
        *CENTRE,
        PLANE,
        length("r", "Radius of the ring."),
        length("sigma_r", "Dispersion of its width."),
        length("sigma_z", "Dispersion of its height."),
        BRIGHTNESS.model_copy(update={"description": "Surface brightness at either end, if these are far apart."}),
    ),
    formula="I(u, v) = i_0 [G((u - r)/sigma_r) + G((u + r)/sigma_r)] G(v/sigma_z), G(t) = exp(-t^2/2)",
    source="Erwin 2015, ApJ 799, 226 (imfit's EdgeOnRing, where the nearer Gaussian counts alone)",
    first_shape=ShapeOf(_first_ring),
)
