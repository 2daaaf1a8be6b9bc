"""Comparing draws with known moments."""

import numpy as np

from fitting.chains import diagnose
from fitting.methods.results import SamplerResult


def assert_moments(result: SamplerResult, means: list[float], variances: list[float], sigmas: float = 5.0) -> None:
    """Means and variances agree within so many Monte Carlo standard errors, by the run's own diagnostics."""
    diagnostics = diagnose(result.chains)
    draws = result.chains.draws
    for place, name in enumerate(result.chains.names):
        values = draws[..., place]
        assert abs(values.mean() - means[place]) < sigmas * diagnostics.mcse_mean[name], name
        assert abs(values.std() - np.sqrt(variances[place])) < sigmas * diagnostics.mcse_sd[name], name


def says_not_to_use(result: SamplerResult) -> bool:
    """Whether a run says itself that it must not be used."""
    return not result.converged and "do not use" in result.message
