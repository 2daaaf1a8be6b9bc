"""Brightness profiles, one file per family, and the table that names them."""

from fitting.profiles.radial import RadialProfile
from fitting.profiles.sersic import Sersic

RADIAL_PROFILES: dict[str, RadialProfile] = {"sersic": Sersic()}
"""Profiles of elliptical radius, by the name that a request uses."""

FLAT_SKIES = frozenset({"flat_sky"})
"""Profiles that are one constant over the whole image."""

__all__ = ["FLAT_SKIES", "RADIAL_PROFILES", "RadialProfile"]
