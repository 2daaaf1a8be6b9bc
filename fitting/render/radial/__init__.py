"""Radial profiles: the mean over each pixel of a brightness of an elliptical radius, and its derivatives."""

from fitting.render.radial.compiled_images import (
    CompiledLinearization,
    CompiledPixels,
    compiled_columns,
    compiled_images,
    is_compiled,
)
from fitting.render.radial.cusp_pixels import CentralPixels, cusp_grading
from fitting.render.radial.ellipse import GEOMETRY, Axes, Ellipses, ellipses
from fitting.render.radial.fixed_pixels import FixedPixels
from fitting.render.radial.outline import EDGES, EdgeTriangles, pixel_edges
from fitting.render.radial.quadrature_pixels import QuadraturePixels
from fitting.render.radial.radial_instances import RadialInstances
from fitting.render.radial.radial_plan import (
    CENTRAL,
    CUSP_AND_BREAK,
    QuadraturePlan,
    RoundedShape,
    quadrature_plan,
    round_shape,
)
from fitting.render.radial.smoothness import ORDERS

__all__ = [
    "CENTRAL",
    "CUSP_AND_BREAK",
    "EDGES",
    "GEOMETRY",
    "ORDERS",
    "Axes",
    "CentralPixels",
    "CompiledLinearization",
    "CompiledPixels",
    "EdgeTriangles",
    "Ellipses",
    "FixedPixels",
    "QuadraturePixels",
    "QuadraturePlan",
    "RadialInstances",
    "RoundedShape",
    "compiled_columns",
    "compiled_images",
    "cusp_grading",
    "ellipses",
    "is_compiled",
    "pixel_edges",
    "quadrature_plan",
    "round_shape",
]
