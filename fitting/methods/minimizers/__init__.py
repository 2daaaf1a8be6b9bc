"""Minimizers: from a start to the nearest minimum of the objective; one file a method."""

from fitting.methods.minimizers.ending import NEAR, distance_left
from fitting.methods.minimizers.gradient import gradient
from fitting.methods.minimizers.iterative_components import iterative_components
from fitting.methods.minimizers.iterative_parameters import iterative_parameters
from fitting.methods.minimizers.levenberg_marquardt import (
    TRY,
    State,
    felt_parameters,
    levenberg_marquardt,
    newton_decrement,
    unblocked_parameters,
)
from fitting.methods.minimizers.restarts import lm_with_restarts
from fitting.methods.minimizers.scipy_minimize import scipy_minimize

__all__ = [
    "NEAR",
    "TRY",
    "State",
    "distance_left",
    "felt_parameters",
    "gradient",
    "iterative_components",
    "iterative_parameters",
    "levenberg_marquardt",
    "lm_with_restarts",
    "newton_decrement",
    "scipy_minimize",
    "unblocked_parameters",
]
