"""Surfaces: the mean over each pixel of a brightness that is no plain ellipse, and its derivatives."""

from fitting.render.surfaces.surface_frames import SurfaceFrames

__all__ = [
    "SurfaceFrames",
]
