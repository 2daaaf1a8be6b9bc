"""Radial profiles: the mean over each pixel of a brightness of an elliptical radius, and its derivatives."""

from fitting.render.radial.cusp_pixels import OUTLINE_ORDER, CentralPixels, EdgeRule, cusp_grading, ray_rule
from fitting.render.radial.ellipse import GEOMETRY, Axes, Ellipses, ellipses
from fitting.render.radial.fixed_pixels import FixedPixels
from fitting.render.radial.outline import EDGES, EdgeTriangles, pixel_edges
from fitting.render.radial.quadrature_pixels import QuadraturePixels, cusp_orders
from fitting.render.radial.radial_instances import RadialInstances
from fitting.render.radial.radial_plan import (
    BREAK,
    CENTRAL,
    CUSP_AND_BREAK,
    QuadraturePlan,
    RoundedShape,
    quadrature_plan,
    round_shape,
)
from fitting.render.radial.smoothness import ORDERS

__all__ = [
    "BREAK",
    "CENTRAL",
    "CUSP_AND_BREAK",
    "EDGES",
    "GEOMETRY",
    "ORDERS",
    "OUTLINE_ORDER",
    "Axes",
    "CentralPixels",
    "EdgeRule",
    "EdgeTriangles",
    "Ellipses",
    "FixedPixels",
    "QuadraturePixels",
    "QuadraturePlan",
    "RadialInstances",
    "RoundedShape",
    "cusp_grading",
    "cusp_orders",
    "ellipses",
    "pixel_edges",
    "quadrature_plan",
    "ray_rule",
    "round_shape",
]
