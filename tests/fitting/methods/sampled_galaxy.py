"""A fitted galaxy for the samplers, and what its covariance says of it."""

from functools import cache

import numpy as np

from fitting.methods.minimizers import levenberg_marquardt
from fitting.methods.results import MinimizerResult
from fitting.problem import Problem
from fitting.results import covariance_at
from tests.fitting.scene import fit_request, flat_sky, image_of, noisy, rendered, sersic


@cache
def fitted_galaxy(q: float = 0.6) -> tuple[Problem, MinimizerResult, np.ndarray, np.ndarray]:
    """A noisy galaxy on a sky of known level: problem, optimum, and the free parameters' values and sigmas there."""
    components = [flat_sky({"value": 3.0, "fixed": True}), sersic(q=q)]
    data = noisy(rendered(components))
    problem = Problem(fit_request(components), [image_of(data)])
    end = levenberg_marquardt(problem, problem.start())
    covariance = covariance_at(problem, end)
    values = problem.parameters.values(end.theta).physical[0]
    rows = [problem.table.index[name] for name in covariance.names]
    return problem, end, values[rows].numpy(), np.sqrt(np.diagonal(covariance.matrix))
