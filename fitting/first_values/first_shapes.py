"""First values of a component, so that it looks like a Sérsic galaxy that was measured.

What each profile starts from stands in its description (`fitting.spec.profiles.first_shape`); the Sérsic profile has
nothing there, since it is what is measured.
"""

from __future__ import annotations

from collections.abc import Mapping

from fitting.first_values.quick_galaxies import Galaxy, unit_flux
from fitting.spec import PROFILES, ComponentSpec
from fitting.spec.profiles.first_shape import FirstShape, Values


def first_shape(item: ComponentSpec) -> FirstShape | None:
    """How a component starts that is no Sérsic galaxy itself, and has light of its own."""
    return PROFILES[item.profile].first_shape if item.role == "light" else None


def first_values(item: ComponentSpec, galaxy: Galaxy) -> Values:
    """Values of all parameters of a component's profile that have no default, for it to look like the galaxy."""
    shape = PROFILES[item.profile].first_shape
    assert shape is not None
    return shape.values(galaxy, item.options)


def unit_total(profile: str, values: Mapping[str, float]) -> float:
    """Total flux of a component with unit amplitude, of its own values."""
    shape = PROFILES[profile].first_shape
    return unit_flux(values["q"], values["n"], values["r_e"]) if shape is None else shape.unit_flux(values)
