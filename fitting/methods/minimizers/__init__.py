"""Minimizers: from a start to the nearest minimum of the objective; one file a method."""

from fitting.methods.minimizers.ending import NEAR, distance_left
from fitting.methods.minimizers.levenberg_marquardt import (
    TRY,
    State,
    felt_parameters,
    levenberg_marquardt,
    newton_decrement,
    unblocked_parameters,
)

__all__ = [
    "NEAR",
    "TRY",
    "State",
    "distance_left",
    "felt_parameters",
    "levenberg_marquardt",
    "newton_decrement",
    "unblocked_parameters",
]
