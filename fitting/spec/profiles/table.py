"""Every profile that a request may name: one row per profile, in the order in which they are shown."""

from types import MappingProxyType
from typing import Any

from fitting.spec.profiles.description import ProfileDescription
from fitting.spec.profiles.sersic import SERSIC
from fitting.spec.profiles.skies import FLAT_SKY

PROFILES: MappingProxyType[str, ProfileDescription] = MappingProxyType(
    {profile.name: profile for profile in (FLAT_SKY, SERSIC)}
)
"""Every profile that a request may name."""


def profiles_document() -> list[dict[str, Any]]:
    """The profiles as JSON, for ``GET /v1/profiles`` and ``photfit profiles``."""
    return [profile.model_dump(mode="json") for profile in PROFILES.values()]
