"""Modifiers of the isophotes that compose with every radial profile, one file per modifier."""

from fitting.geometry.modified import ModifiedProfile
from fitting.geometry.modifiers import in_pixels, modifiers_of
from fitting.geometry.total import TotalFlux, total_of

__all__ = [
    "ModifiedProfile",
    "TotalFlux",
    "in_pixels",
    "modifiers_of",
    "total_of",
]
