"""Profiles as photfit knows them: one file per family, one row per profile in the table.

Start at `profile_table.PROFILES`; each row is a `ProfileDescription`, made of `shared_parameters` and of what a profile
starts from (`first_shape`). The engine finds the brightness behind a row in ``fitting.profiles``; all else is here. How
to add one: docs/contributing/add-a-profile.md.
"""

from fitting.spec.profiles.formula import read_written_formula
from fitting.spec.profiles.profile_description import ParameterDescription, ProfileDescription, ProfileOptions
from fitting.spec.profiles.profile_table import PROFILES, profiles_document

__all__ = [
    "PROFILES",
    "ParameterDescription",
    "ProfileDescription",
    "ProfileOptions",
    "profiles_document",
    "read_written_formula",
]
