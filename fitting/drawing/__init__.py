"""Components that are no plain elliptical profiles, one file per kind."""

from fitting.drawing.analytic_point_source import AnalyticPointSource
from fitting.drawing.basis import Basis
from fitting.drawing.drawing import Drawing
from fitting.drawing.image_psf import ImagePsfDrawing, MixedKernel
from fitting.drawing.pixelated import Pixelated
from fitting.drawing.point_source import PointSource
from fitting.drawing.skies import BilinearSky, PlaneSky
from fitting.drawing.surface import SurfaceDrawing
from fitting.drawing.varying_point_source import VaryingPointSource

__all__ = [
    "AnalyticPointSource",
    "Basis",
    "BilinearSky",
    "Drawing",
    "ImagePsfDrawing",
    "MixedKernel",
    "Pixelated",
    "PlaneSky",
    "PointSource",
    "SurfaceDrawing",
    "VaryingPointSource",
]
