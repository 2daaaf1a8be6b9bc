"""What each light profile is called and which parameters it has: one file per family, one row per profile in the table.

The engine finds the numbers behind a row in ``fitting.profiles``; here is only what a request needs to know.
"""

from fitting.spec.profiles.description import ParameterDescription, ProfileDescription
from fitting.spec.profiles.options import ProfileOptions
from fitting.spec.profiles.table import PROFILE_OPTIONS, PROFILES, PSF_MODELS, profiles_document

__all__ = [
    "PROFILES",
    "PROFILE_OPTIONS",
    "PSF_MODELS",
    "ParameterDescription",
    "ProfileDescription",
    "ProfileOptions",
    "profiles_document",
]
