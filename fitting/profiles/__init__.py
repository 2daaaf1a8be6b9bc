"""Brightness profiles, one file per family, and the table that names them."""

from fitting.profiles.broken_exponential import BrokenExponential
from fitting.profiles.core_sersic import CoreSersic
from fitting.profiles.de_vaucouleurs import DeVaucouleurs
from fitting.profiles.exponential import Exponential
from fitting.profiles.ferrers import Ferrers
from fitting.profiles.gaussian import Gaussian
from fitting.profiles.gaussian_ring import GaussianRing
from fitting.profiles.isothermal import Isothermal
from fitting.profiles.king import King, ModifiedKing
from fitting.profiles.moffat import Moffat
from fitting.profiles.nuker import Nuker
from fitting.profiles.radial import RadialProfile
from fitting.profiles.sersic import Sersic
from fitting.profiles.sized import sized_profile
from fitting.spec.profiles import ProfileOptions

RADIAL_PROFILES: dict[str, RadialProfile] = {
    profile.name: profile
    for profile in (
        Sersic(),
        Exponential(),
        DeVaucouleurs(),
        Gaussian(),
        Moffat(),
        Nuker(),
        King(),
        ModifiedKing(),
        Ferrers(),
        CoreSersic(),
        BrokenExponential(),
        Isothermal(),
        GaussianRing(),
    )
}
"""Profiles of elliptical radius whose parameters are always the same, by the name that a request uses."""

FLAT_SKIES = frozenset({"flat_sky"})
"""Profiles that are one constant over the whole image."""


def radial_profile(name: str, options: ProfileOptions | None = None) -> RadialProfile | None:
    """The profile of elliptical radius of that name and those options; None where it is no such profile."""
    return RADIAL_PROFILES.get(name) or sized_profile(options)


__all__ = ["FLAT_SKIES", "RADIAL_PROFILES", "RadialProfile", "radial_profile"]
