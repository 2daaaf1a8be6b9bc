"""The result of one fit, and the handle of one that still runs: the same for a service's fits and for those made here.

`Fit` is what people hold; what it asks of where the fit lies is a `FitSource`, which the client of a service and a
fit in this process each answer. Nothing here imports NumPy or astropy before somebody asks for what needs them.
"""

from photfit.results.fetched_source import FetchedSource, FinishedSource
from photfit.results.fit import Fit, NoResult
from photfit.results.fit_source import DocumentName, FitSource
from photfit.results.fits_table import fits_table
from photfit.results.fitted_image import FittedImage
from photfit.results.fitted_values import FittedValue
from photfit.results.libraries import LibraryMissing, library
from photfit.results.plots import Picture, Plots
from photfit.results.progress_reports import shown_progress

__all__ = [
    "DocumentName",
    "FetchedSource",
    "FinishedSource",
    "Fit",
    "FitSource",
    "FittedImage",
    "FittedValue",
    "LibraryMissing",
    "NoResult",
    "Picture",
    "Plots",
    "fits_table",
    "library",
    "shown_progress",
]
