"""Figures of a finished fit, drawn by matplotlib from arrays or from the files of a result; no torch."""

from fitting.plots.files import KINDS, draw_plot
from fitting.plots.fit import FORMATS, fit_figure

__all__ = ["FORMATS", "KINDS", "draw_plot", "fit_figure"]
