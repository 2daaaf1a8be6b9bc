"""First values of every profile, from a Sérsic galaxy of the same half-light radius and flux.

A galaxy is measured as a Sérsic one whatever its profile (`fitting.inputs.initial`). Here are the lengths of each
profile in units of its half-light radius, first values of its pure numbers, and its amplitude for a total flux of one,
all for those first values: what a request gives otherwise changes them by little, and a fit starts from what is found.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import nnls

from fitting.inputs.first_surfaces import FIRST_SURFACES
from fitting.inputs.galaxies import Galaxy, b_n, unit_flux
from fitting.spec import ComponentSpec
from fitting.spec.profiles.multi_gaussian import MultiGaussianOptions
from fitting.spec.profiles.spline import SplineOptions

Values = dict[str, float]
_SMALLEST, _LARGEST = 0.25, 1.8
"""Of the sigmas of a sum of Gaussians, half-light radii."""
_FAINTEST = 1e-5
"""Of first intensities, relative to the brightest."""


@dataclass(frozen=True)
class FirstShape:
    """How a profile follows from its half-light radius R and flux F.

    Attributes:
        n: the Sérsic index that is nearest.
        amplitude, height: name, and value times q R² / F.
        lengths: over R; the first is the one that tells R where the request gives it.
        numbers: values.
        per_length: times R.
    """

    n: float
    amplitude: str
    height: float
    lengths: Mapping[str, float]
    numbers: Mapping[str, float] = field(default_factory=dict)
    per_length: Mapping[str, float] = field(default_factory=dict)

    def half_light_radius(self, known: Mapping[str, float]) -> float | None:
        """Where the telling length is known."""
        name, ratio = next(iter(self.lengths.items()))
        return known[name] / ratio if name in known else None

    def flux(self, own: Mapping[str, float]) -> float:
        """Total flux of unit amplitude, of a profile with these lengths."""
        radius = self.half_light_radius(own)
        assert radius is not None
        return own.get("q", 1.0) * radius**2 / self.height

    def values(self, galaxy: Galaxy) -> Values:
        """All values but the ellipse's, for the profile to look like the galaxy."""
        radius = galaxy.r_e
        return {
            **{name: ratio * radius for name, ratio in self.lengths.items()},
            **self.numbers,
            **{name: ratio / radius for name, ratio in self.per_length.items()},
            self.amplitude: self.height * galaxy.flux / (galaxy.q * radius**2),
        }


FIRST_SHAPES: Mapping[str, FirstShape] = {
    "exponential": FirstShape(1.0, "i_0", 0.44832, {"h": 0.5958}),
    "de_vaucouleurs": FirstShape(4.0, "i_e", 0.04412, {"r_e": 1.0}),
    "gaussian": FirstShape(0.5, "i_0", 0.22064, {"fwhm": 2.0}),
    "moffat": FirstShape(1.0, "i_0", 0.2637, {"fwhm": 1.5843}, {"beta": 3.0}),
    "nuker": FirstShape(2.0, "i_b", 0.05955, {"r_b": 1.1226}, {"alpha": 2.0, "beta": 4.0, "gamma": 0.3}),
    "king": FirstShape(1.0, "i_0", 0.34218, {"r_c": 0.6567, "r_t": 5.2536}),
    "modified_king": FirstShape(1.0, "i_0", 0.34218, {"r_c": 0.6567, "r_t": 5.2536}, {"alpha": 2.0}),
    "ferrers": FirstShape(0.5, "i_0", 0.22263, {"r_out": 2.358}, {"alpha": 2.0, "beta": 0.5}),
    "core_sersic": FirstShape(
        3.0, "i_b", 1.03263, {"r_e": 0.9726, "r_b": 0.0973}, {"n": 3.0, "alpha": 5.0, "gamma": 0.2}
    ),
    "broken_exponential": FirstShape(
        1.0, "i_0", 0.37497, {"h_1": 0.7338, "h_2": 0.4403, "r_b": 1.4675}, per_length={"alpha": 5.4514}
    ),
    # Of infinite flux: as bright at the half-light radius as an exponential.
    "isothermal": FirstShape(1.0, "i_0", 0.2913, {"r_c": 0.3}),
    "gaussian_ring": FirstShape(0.5, "i_r", 0.19134, {"r_ring": 0.8129, "sigma_r": 0.4065}),
}
"""By profile: those whose parameters are always the same."""
_STARS = ("point_source", "gaussian_psf", "moffat_psf", "airy_psf", "image_psf")
"""Profiles given by their flux."""
_FREE_FORM = ("spline", "multi_gaussian")
MEASURED = frozenset({*FIRST_SHAPES, *FIRST_SURFACES, *_STARS, *_FREE_FORM})
"""Profiles beside the Sérsic one for which first values are found."""


def sersic_index(profile: str) -> float:
    """Of the Sérsic galaxy that stands for a profile."""
    if profile in FIRST_SHAPES:
        return FIRST_SHAPES[profile].n
    return 0.5 if profile in _STARS else 1.5


def known_radius(profile: str, known: Mapping[str, float]) -> float | None:
    """The half-light radius of a component, pixels, where what is known of it tells it."""
    if profile in FIRST_SHAPES:
        return FIRST_SHAPES[profile].half_light_radius(known)
    return 0.5 * known["fwhm"] if profile in _STARS and "fwhm" in known else None


def first_values(item: ComponentSpec, galaxy: Galaxy) -> Values:
    """Values of all parameters of a component's profile, for it to look like the galaxy."""
    if item.profile in FIRST_SURFACES:
        return FIRST_SURFACES[item.profile](galaxy)
    place = {"x": galaxy.x, "y": galaxy.y, "q": galaxy.q, "pa": galaxy.pa}
    if item.profile in FIRST_SHAPES:
        return place | FIRST_SHAPES[item.profile].values(galaxy)
    match item.options:
        case SplineOptions(radii=radii):
            return place | {f"i_{number}": _light(galaxy)(radius) for number, radius in enumerate(radii, start=1)}
        case MultiGaussianOptions(gaussians=count):
            return place | _gaussians(galaxy, count)
    return place | {"fwhm": 2.0 * galaxy.r_e, "flux": galaxy.flux}


def unit_total(profile: str, own: Mapping[str, float]) -> float:
    """Total flux of a component with unit amplitude, of its own values."""
    if profile in FIRST_SHAPES:
        return FIRST_SHAPES[profile].flux(own)
    return unit_flux(own["q"], own["n"], own["r_e"]) if profile == "sersic" else 1.0


def amplitude_name(profile: str) -> str:
    """The parameter that `unit_total` is for."""
    if profile in FIRST_SHAPES:
        return FIRST_SHAPES[profile].amplitude
    return "i_e" if profile == "sersic" else "flux"


def _light(galaxy: Galaxy) -> Callable[[float], float]:
    """Surface brightness at a radius, nowhere negligible."""
    b = b_n(galaxy.n)

    def at(radius: float) -> float:
        fall = b * ((radius / galaxy.r_e) ** (1.0 / galaxy.n) - 1.0)
        return galaxy.i_e * math.exp(max(-fall, math.log(_FAINTEST)))

    return at


def _gaussians(galaxy: Galaxy, count: int) -> Values:
    """The sum of Gaussians that is nearest to a galaxy, none of them negligible."""
    sigmas = galaxy.r_e * np.geomspace(_SMALLEST, _LARGEST, count)
    radii = galaxy.r_e * np.geomspace(0.05, 4.0, 40)
    light = np.array([_light(galaxy)(radius) for radius in radii])
    rows = np.exp(-0.5 * (radii[:, None] / sigmas) ** 2)
    heights, _ = nnls(rows / light[:, None], np.ones(len(radii)))
    heights = np.maximum(heights, 0.01 * heights.max())
    named: Values = {}
    for number, (sigma, height) in enumerate(zip(sigmas.tolist(), heights.tolist(), strict=True), start=1):
        named |= {f"sigma_{number}": sigma, f"i_{number}": height}
    return named
