"""Coordinates: θ, the parameters as reported, and the maps from them to each image's pixels."""

from fitting.problem.coordinates.local_map import SkyFrame, mapped_ellipse
from fitting.problem.coordinates.parameters import FreeEllipse, Parametrization, Values, varies_in_log
from fitting.problem.coordinates.views import View, length_scale, view_of

__all__ = [
    "FreeEllipse",
    "Parametrization",
    "SkyFrame",
    "Values",
    "View",
    "length_scale",
    "mapped_ellipse",
    "varies_in_log",
    "view_of",
]
