"""Results: what a fit found, as numbers, as JSON and as files.

Start at `result.FitResult`, which `fitting.run.run` makes. Its parts are `covariance`, `derived` quantities, `goodness`
with what is told of the residual, and `provenance`; `result_files.write_result` leaves it as a folder, from which
`fitting.plots` draws.
"""

from fitting.results.best_fit import best_fit_document, best_fit_request
from fitting.results.covariance import Covariance, OnlyLight, covariance_at, reported_interval, scaled_interval
from fitting.results.derived import Derived, derived_values, flux_slope, two_way_notices
from fitting.results.distortion import distortion_notices
from fitting.results.goodness import bad_fit_notice, correlation_notice, goodness, near_limit_notice, noise_notice
from fitting.results.provenance import InputFile, provenance_document, surroundings, with_origin
from fitting.results.result import (
    FitResult,
    FittedParameter,
    History,
    ImageResult,
    SampledChains,
    StageRecord,
    covariance_document,
    parameters_document,
)
from fitting.results.result_files import PLANES, write_result
from fitting.results.total_light import total_notices
from fitting.results.undetermined import (
    clipped_limits,
    lost_components,
    smaller_than_pixel_notices,
    undetermined_notices,
)

__all__ = [
    "PLANES",
    "Covariance",
    "Derived",
    "FitResult",
    "FittedParameter",
    "History",
    "ImageResult",
    "InputFile",
    "OnlyLight",
    "SampledChains",
    "StageRecord",
    "bad_fit_notice",
    "best_fit_document",
    "best_fit_request",
    "clipped_limits",
    "correlation_notice",
    "covariance_at",
    "covariance_document",
    "derived_values",
    "distortion_notices",
    "flux_slope",
    "goodness",
    "lost_components",
    "near_limit_notice",
    "noise_notice",
    "parameters_document",
    "provenance_document",
    "reported_interval",
    "scaled_interval",
    "smaller_than_pixel_notices",
    "surroundings",
    "total_notices",
    "two_way_notices",
    "undetermined_notices",
    "with_origin",
    "write_result",
]
