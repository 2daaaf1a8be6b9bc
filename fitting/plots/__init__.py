"""Figures of a finished fit, drawn by matplotlib from arrays or from the files of a result; no torch."""

from fitting.plots.fit_figure import fit_figure
from fitting.plots.pictures import draw_preview
from fitting.plots.result_plots import draw_plot

__all__ = ["draw_plot", "draw_preview", "fit_figure"]
