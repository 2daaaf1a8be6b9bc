"""What photfit knows of each light profile: one file per family, one row per profile in the table.

The engine finds the brightness behind a row in ``fitting.profiles``; all else is here.
"""

from fitting.spec.profiles.profile_description import ParameterDescription, ProfileDescription, ProfileOptions
from fitting.spec.profiles.profile_table import PROFILES, profiles_document

__all__ = [
    "PROFILES",
    "ParameterDescription",
    "ProfileDescription",
    "ProfileOptions",
    "profiles_document",
]
