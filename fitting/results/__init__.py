"""Results: what a fit found, as numbers, as JSON and as files.

Start at `result.FitResult`, which `fitting.run.run` makes. Its parts are `covariance`, `derived` quantities, `goodness`
with what is told of the residual, and `provenance`; `result_files.write_result` leaves it as a folder, from which
`fitting.plots` draws.
"""

from fitting.results.result import FitResult, covariance_document, parameters_document
from fitting.results.result_files import PLANES, write_result

__all__ = ["PLANES", "FitResult", "covariance_document", "parameters_document", "write_result"]
