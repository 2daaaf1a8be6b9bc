"""Uncertainties beyond the covariance: the bootstrap, intervals from the profile of the objective, limits of sizes."""

from fitting.methods.uncertainties.bootstrap import BootstrapResult
from fitting.methods.uncertainties.profile_intervals import Interval, ProfiledResult
from fitting.methods.uncertainties.size_limits import SizeLimit, size_limits

__all__ = [
    "BootstrapResult",
    "Interval",
    "ProfiledResult",
    "SizeLimit",
    "size_limits",
]
