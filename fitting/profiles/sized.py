"""Radial profiles that have as many parameters as their options say."""

from functools import lru_cache

from fitting.profiles.multi_gaussian import MultiGaussian
from fitting.profiles.radial import RadialProfile
from fitting.profiles.spline import Spline
from fitting.spec.profiles import ProfileOptions
from fitting.spec.profiles.multi_gaussian import MultiGaussianOptions
from fitting.spec.profiles.spline import SplineOptions

SIZED_PROFILES = ("spline", "multi_gaussian")
"""By the name that a request uses."""


@lru_cache(maxsize=1024)
def sized_profile(options: ProfileOptions | None) -> RadialProfile | None:
    """The one profile of these options; None where they are of no radial profile."""
    match options:
        case SplineOptions():
            return Spline(options.radii)
        case MultiGaussianOptions():
            return MultiGaussian(options.gaussians)
    return None
