"""Brightness profiles, one file per family, and the tables that name them.

A profile of an elliptical radius is a `RadialProfile` (`radial.py`), any other brightness a `Surface` (`surface.py`)::

    profile = radial_profile("sersic")
    profile.shape, profile.scale, profile.amplitude  # ("n",), "r_e", "i_e"
    constants = profile.constants((torch.tensor([4.0]),))
    profile.brightness(torch.tensor([[0.0]]), constants[..., None])  # at ln ρ = 0, which is R = r_e: one

A new one is a file here and a line of `RADIAL_PROFILES`, and its description in `fitting/spec/profiles/`
(docs/contributing/add-a-profile.md).
"""

from collections.abc import Callable
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from fitting.profiles.broken_exponential import BrokenExponential
from fitting.profiles.core_sersic import CoreSersic
from fitting.profiles.de_vaucouleurs import DeVaucouleurs
from fitting.profiles.edge_on import EdgeOnDisk, EdgeOnRing
from fitting.profiles.einasto import Einasto
from fitting.profiles.ellipsoid import GaussianEllipsoid
from fitting.profiles.exponential import Exponential
from fitting.profiles.ferrers import Ferrers
from fitting.profiles.formula import Formula
from fitting.profiles.gaussian import Gaussian
from fitting.profiles.gaussian_ring import GaussianRing
from fitting.profiles.isothermal import Isothermal
from fitting.profiles.king import King, ModifiedKing
from fitting.profiles.moffat import Moffat
from fitting.profiles.multi_gaussian import MultiGaussian
from fitting.profiles.nuker import Nuker
from fitting.profiles.psf import AiryPsfShape, GaussianPsfShape, MoffatPsfShape, PsfSurface
from fitting.profiles.radial import RadialProfile
from fitting.profiles.sersic import Sersic
from fitting.profiles.spline import Spline
from fitting.profiles.surface import SurfaceProfile
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
        Einasto(),
        BrokenExponential(),
        Isothermal(),
        GaussianRing(),
    )
}
"""Profiles of elliptical radius whose parameters are always the same, by the name that a request uses."""

SIZED_PROFILES: MappingProxyType[str, Callable[[Any], RadialProfile]] = MappingProxyType(
    {
        Spline.name: lambda options: Spline(options.radii),
        MultiGaussian.name: lambda options: MultiGaussian(options.gaussians),
        Formula.name: Formula,
    }
)
"""Those that have as many parameters as their options say: how each is made of its options."""

SURFACES: dict[str, SurfaceProfile] = {
    "edge_on_disk": EdgeOnDisk(),
    "edge_on_ring": EdgeOnRing(),
    "gaussian_ellipsoid": GaussianEllipsoid(),
    "gaussian_psf": PsfSurface(GaussianPsfShape()),
    "moffat_psf": PsfSurface(MoffatPsfShape()),
    "airy_psf": PsfSurface(AiryPsfShape()),
}
"""Brightnesses that are no profiles of an elliptical radius, by the name that a request uses."""


def radial_profile(name: str, options: ProfileOptions | None = None) -> RadialProfile | None:
    """The profile of elliptical radius of that name and those options; None where it is no such profile."""
    return RADIAL_PROFILES.get(name) or _sized_profile(name, options)


@lru_cache(maxsize=1024)
def _sized_profile(name: str, options: ProfileOptions | None) -> RadialProfile | None:
    """One profile for equal options, so that its components are drawn together."""
    make = SIZED_PROFILES.get(name)
    return None if make is None or options is None else make(options)


__all__ = ["RADIAL_PROFILES", "SIZED_PROFILES", "SURFACES", "RadialProfile", "radial_profile"]
