"""Figures of a finished fit, drawn by matplotlib from arrays or from the files of a result; no torch."""

from fitting.plots.files import draw_plot
from fitting.plots.fit import fit_figure
from fitting.plots.preview import draw_preview

__all__ = ["draw_plot", "draw_preview", "fit_figure"]
