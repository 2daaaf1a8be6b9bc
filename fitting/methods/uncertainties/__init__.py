"""Uncertainties beyond the covariance: the bootstrap, and intervals from the profile of the objective."""

from fitting.methods.uncertainties.bootstrap import BootstrapResult, bootstrap
from fitting.methods.uncertainties.profile_intervals import Interval, ProfiledResult, with_intervals

__all__ = [
    "BootstrapResult",
    "Interval",
    "ProfiledResult",
    "bootstrap",
    "with_intervals",
]
