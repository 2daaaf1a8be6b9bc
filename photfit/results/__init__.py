"""The result of one fit, and the handle of one that still runs: the same for a service's fits and for those made here.

`Fit` is what people hold; what it asks of where the fit lies is a `FitSource`, which the client of a service and a
fit in this process each answer.
"""

from photfit.results.fit import Fit
from photfit.results.fit_source import FitSource

__all__ = ["Fit", "FitSource"]
