"""Profile table: every profile that a request may name, one row each, in the order in which they are shown.

A new radial profile is a file here with its description and a row of `PROFILES`, a file in ``fitting/profiles`` with
its brightness and a row of ``RADIAL_PROFILES`` there, and its rows in the tables of the tests.
tests/fitting/test_descriptions.py names what is missing.
"""

from types import MappingProxyType
from typing import Any

from fitting.spec.profiles.bars import FERRERS, GAUSSIAN_RING
from fitting.spec.profiles.basis import BASIS
from fitting.spec.profiles.cores import GAUSSIAN, ISOTHERMAL, KING, MODIFIED_KING, MOFFAT
from fitting.spec.profiles.edge_on import EDGE_ON_DISK, EDGE_ON_RING
from fitting.spec.profiles.einasto import EINASTO
from fitting.spec.profiles.ellipsoid import GAUSSIAN_ELLIPSOID
from fitting.spec.profiles.exponential import BROKEN_EXPONENTIAL, EXPONENTIAL
from fitting.spec.profiles.formula import FORMULA
from fitting.spec.profiles.image_psf import IMAGE_PSF
from fitting.spec.profiles.multi_gaussian import MULTI_GAUSSIAN
from fitting.spec.profiles.nuker import NUKER
from fitting.spec.profiles.pixelated import PIXELATED
from fitting.spec.profiles.point_source import POINT_SOURCE
from fitting.spec.profiles.profile_description import ProfileDescription
from fitting.spec.profiles.psf_models import AIRY_PSF, GAUSSIAN_PSF, MOFFAT_PSF
from fitting.spec.profiles.sersic import CORE_SERSIC, DE_VAUCOULEURS, SERSIC
from fitting.spec.profiles.skies import BILINEAR_SKY, FLAT_SKY, PLANE_SKY
from fitting.spec.profiles.spline import SPLINE

_SKIES = (FLAT_SKY, PLANE_SKY, BILINEAR_SKY)
_RADIAL = (
    SERSIC,
    EXPONENTIAL,
    DE_VAUCOULEURS,
    GAUSSIAN,
    MOFFAT,
    NUKER,
    KING,
    MODIFIED_KING,
    FERRERS,
    CORE_SERSIC,
    EINASTO,
    BROKEN_EXPONENTIAL,
    ISOTHERMAL,
    GAUSSIAN_RING,
    SPLINE,
    MULTI_GAUSSIAN,
    FORMULA,
)
_SHAPES = (
    EDGE_ON_DISK,
    EDGE_ON_RING,
    GAUSSIAN_ELLIPSOID,
    POINT_SOURCE,
    GAUSSIAN_PSF,
    MOFFAT_PSF,
    AIRY_PSF,
    IMAGE_PSF,
    PIXELATED,
    BASIS,
)

PROFILES: MappingProxyType[str, ProfileDescription] = MappingProxyType(
    {
        profile.name: profile
        for profile in (
            *_SKIES,
            *_RADIAL,
            *_SHAPES,
        )
    }
)
"""Every profile that a request may name."""


def profiles_document() -> list[dict[str, Any]]:
    """The profiles as JSON, for ``GET /v1/profiles`` and ``photfit profiles``."""
    return [profile.model_dump(mode="json") for profile in PROFILES.values()]
