"""`nuts` beside Pyro's NUTS, on the posterior of a faint galaxy that is far from normal."""

from typing import Any

import numpy as np
import pytest
import torch
from pyro.infer.mcmc import MCMC, NUTS
from torch import Tensor

from fitting.chains import Chains, diagnose
from fitting.methods.minimizers import levenberg_marquardt
from fitting.methods.results import MinimizerResult
from fitting.methods.samplers.hamiltonian import run_nuts
from fitting.problem import Problem
from fitting.results import covariance_at
from fitting.spec.methods import NutsOptions
from tests.fitting.scene import fit_request, flat_sky, image_of, noisy, rendered, sersic

SEED = 3


class Chi2(torch.autograd.Function):
    """χ² of θ (free,), with the problem's own gradient."""

    @staticmethod
    def forward(context: Any, theta: Tensor, problem: Problem) -> Tensor:
        value, gradient = problem.value_and_gradient(theta[None])
        context.save_for_backward(gradient[0])
        return value[0]

    @staticmethod
    def backward(context: Any, *by_value: Tensor) -> tuple[Tensor, None]:
        (gradient,) = context.saved_tensors
        return by_value[0] * gradient, None


def by_pyro(problem: Problem, optimum: MinimizerResult, rows: list[int]) -> np.ndarray:
    """Draws (chain, draw, parameter) in reported units, of the density that is flat in these."""
    values = problem.parameters.values(optimum.theta)
    slopes = values.jacobian[0, rows].diagonal()
    logarithmic = torch.isclose(slopes, values.physical[0, rows]) & ~torch.isclose(slopes, torch.ones_like(slopes))
    factor = torch.linalg.cholesky(torch.linalg.inv(problem.normal_equations(optimum.theta).matrix[0]))

    def theta_of(z: Tensor) -> Tensor:
        return optimum.theta[0] + z @ factor.mT

    def potential(site: dict[str, Tensor]) -> Tensor:
        theta = theta_of(site["z"])
        chi2: Tensor = Chi2.apply(theta, problem)
        return 0.5 * chi2 - theta[logarithmic].sum()

    torch.manual_seed(SEED)
    chains = []
    for _ in range(2):
        start = {"z": 0.5 * torch.randn(len(factor), dtype=torch.float64)}
        kernel = NUTS(potential_fn=potential, adapt_mass_matrix=False)
        sampler = MCMC(kernel, num_samples=400, warmup_steps=100, initial_params=start, disable_progbar=True)
        sampler.run()
        chains.append(problem.parameters.values(theta_of(sampler.get_samples()["z"])).physical[:, rows].numpy())
    return np.stack(chains)


@pytest.mark.slow
def test_nuts_draws_from_the_posterior_that_pyro_draws_from() -> None:
    components = [flat_sky({"value": 3.0, "fixed": True}), sersic(i_e=4.0)]
    problem = Problem(fit_request(components), [image_of(noisy(rendered(components)))])
    optimum = levenberg_marquardt(problem, problem.start())
    rows = [problem.table.index[name] for name in covariance_at(problem, optimum).names]
    options = NutsOptions(warmup=150, samples=1000, chains=4)
    ours = run_nuts(problem, optimum, options, lambda *_: None, seed=SEED).chains
    theirs = by_pyro(problem, optimum, rows)
    shape = theirs.shape[:2]
    reference = Chains(ours.names, theirs, np.zeros(shape), np.ones(shape), None, None, np.ones(len(theirs)), 0.0)
    errors, reference_errors = diagnose(ours), diagnose(reference)
    for place, name in enumerate(ours.names):
        mine, other = ours.draws[..., place], theirs[..., place]
        mean_error = np.hypot(errors.mcse_mean[name], reference_errors.mcse_mean[name])
        spread_error = np.hypot(errors.mcse_sd[name], reference_errors.mcse_sd[name])
        assert abs(mine.mean() - other.mean()) < 4.0 * mean_error, name
        assert abs(mine.std() - other.std()) < 4.0 * spread_error, name
