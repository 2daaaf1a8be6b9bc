"""Figures of a finished fit, drawn by matplotlib from arrays or from the files of a result; no torch.

Start at `result_plots.draw_plot`: it reads a `finished_fit.FinishedFit` and hands it to one figure a kind
(`fit_figure`, `radial_plot`, `corner_plot`, `convergence_plot`, `trace_plot`, `rank_plot`). Planes without axes are
`pictures`; `style`, `labels` and `stretch` are what all share. What each plot needs and takes is in
`fitting.spec.plots`.
"""

from fitting.plots.fit_figure import fit_figure
from fitting.plots.pictures import PictureInvalid, draw_live_residual, draw_picture, draw_preview
from fitting.plots.result_plots import draw_plot

__all__ = [
    "PictureInvalid",
    "draw_live_residual",
    "draw_picture",
    "draw_plot",
    "draw_preview",
    "fit_figure",
]
