"""First values of profiles that are no elliptical ones, from a Sérsic galaxy of the same place, extent and flux."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from fitting.inputs.galaxies import Galaxy

Values = dict[str, float]
_GAUSSIAN_HALF = math.sqrt(2.0 * math.log(2.0))
"""Half-light radius of a Gaussian, dispersions."""
_DISC_HALF = 1.823
"""Half-light radius of an edge-on disc of sech² heights, in ellipses as flat as itself, scale lengths."""


def _place(galaxy: Galaxy) -> Values:
    return {"x": galaxy.x, "y": galaxy.y}


def _edge_on_disk(galaxy: Galaxy) -> Values:
    """Of sech² heights: ∬ I = π h · 4 z_0 · i_0; dispersions 3^½ h along and (π/3^½) z_0 across the plane."""
    h = galaxy.r_e / _DISC_HALF
    z_0 = galaxy.q * h * 3.0 / math.pi
    return {**_place(galaxy), "pa": galaxy.pa, "h": h, "z_0": z_0, "i_0": galaxy.flux / (4.0 * math.pi * h * z_0)}


def _edge_on_ring(galaxy: Galaxy) -> Values:
    """Of half the light within r, where its own light is not to be measured (`fitting.inputs.edge_on_rings`)."""
    r, sigma_r = 0.7 * galaxy.r_e, 0.5 * galaxy.r_e
    sigma_z = galaxy.q * sigma_r
    i_0 = galaxy.flux / (4.0 * math.pi * sigma_r * sigma_z)
    return {**_place(galaxy), "pa": galaxy.pa, "r": r, "sigma_r": sigma_r, "sigma_z": sigma_z, "i_0": i_0}


def _gaussian_ellipsoid(galaxy: Galaxy) -> Values:
    """Axis a along the line of nodes, b and c alike: the projection's axes are theirs, whatever the inclination."""
    sigma = galaxy.r_e / _GAUSSIAN_HALF
    others = {"sigma_b": galaxy.q * sigma, "sigma_c": galaxy.q * sigma}
    return {**_place(galaxy), "pa": galaxy.pa, "sigma_a": sigma, **others, "flux": galaxy.flux}


FIRST_SURFACES: Mapping[str, Callable[[Galaxy], Values]] = {
    "edge_on_disk": _edge_on_disk,
    "edge_on_ring": _edge_on_ring,
    "gaussian_ellipsoid": _gaussian_ellipsoid,
    "pixelated": _place,
    "basis": _place,
}
"""By profile: all parameters that have no default."""
