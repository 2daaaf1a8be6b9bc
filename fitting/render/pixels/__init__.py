"""Pixels: rectangles and lists of them, samples of a brightness, and quadrature on one pixel."""

from fitting.render.pixels.cached_by_bytes import cached_by_bytes
from fitting.render.pixels.frame import Frame, windows
from fitting.render.pixels.pixel_list import InstanceIndex, PixelList
from fitting.render.pixels.quadrature import closely_crowded_rule, crowded_rule, graded_rule, pixel_rule, unit_rule
from fitting.render.pixels.quincunx import corner_frame, quincunx_means
from fitting.render.pixels.stencil import (
    SHORT_MARGIN,
    STENCIL_MARGIN,
    cached_bytes,
    most_cached,
    pixel_means,
    spread_means,
    stencil_taps,
)

__all__ = [
    "SHORT_MARGIN",
    "STENCIL_MARGIN",
    "Frame",
    "InstanceIndex",
    "PixelList",
    "cached_by_bytes",
    "cached_bytes",
    "closely_crowded_rule",
    "corner_frame",
    "crowded_rule",
    "graded_rule",
    "most_cached",
    "pixel_means",
    "pixel_rule",
    "quincunx_means",
    "spread_means",
    "stencil_taps",
    "unit_rule",
    "windows",
]
