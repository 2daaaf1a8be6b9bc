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


def first_values(item: ComponentSpec, galaxy: Galaxy, given: Mapping[str, float] | None = None) -> Values:
    """Values of all parameters of a component's profile that have no default, for it to look like the galaxy; `given`
    are those that the request has.
    """
    shape = PROFILES[item.profile].first_shape
    assert shape is not None
    return shape.values_beside(galaxy, item.options, given or {})


def unit_total(item: ComponentSpec, values: Mapping[str, float]) -> float:
    """Total flux of a component with unit amplitude, of its own values."""
    shape = PROFILES[item.profile].first_shape
    if shape is None:
        return unit_flux(values["q"], values["n"], values["r_e"])
    return shape.unit_flux(values, item.options)
