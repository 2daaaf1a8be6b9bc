"""The Langevin sampler."""

import numpy as np
import pytest

from tests.fitting.methods.moments import assert_moments
from tests.fitting.methods.sampled_galaxy import fitted_galaxy
from tests.fitting.methods.targets import CENTRE, COVARIANCE, SAMPLERS, banana, gaussian, half_normal, sample


@pytest.mark.parametrize("metric", ["covariance", "diagonal"])
def test_moments_of_a_correlated_normal(metric: str) -> None:
    target = gaussian()
    result = sample("mala", target, target.start(*CENTRE.tolist()), warmup=200, samples=400, chains=24, metric=metric)
    assert_moments(result, CENTRE.tolist(), COVARIANCE.diagonal().tolist())


def test_a_banana_is_sampled_rightly_or_flagged() -> None:
    target = banana()
    result = sample("mala", target, target.start(0.0, 0.0), warmup=300, samples=1500, chains=32)
    if result.converged:
        assert_moments(result, [0.0, 1.0], [1.0, 2.25])


def test_limits_reflect_without_bending_the_posterior() -> None:
    target = half_normal()
    result = sample("mala", target, target.start(0.3, 0.3), warmup=200, samples=500, chains=24)
    assert (result.chains.draws >= 0.0).all()
    assert_moments(result, [np.sqrt(2.0 / np.pi)] * 2, [1.0 - 2.0 / np.pi] * 2)


def test_warm_up_reaches_the_target_acceptance() -> None:
    target = gaussian()
    chains = sample("mala", target, target.start(*CENTRE.tolist()), warmup=300, samples=200, chains=32).chains
    assert abs(chains.acceptance.mean() - 0.574) < 0.08


def test_the_same_seed_gives_the_same_numbers() -> None:
    target = gaussian()
    start = target.start(*CENTRE.tolist())
    runs = [sample("mala", target, start, seed=seed, warmup=20, samples=20) for seed in (3, 3, 4)]
    np.testing.assert_array_equal(runs[0].chains.draws, runs[1].chains.draws)
    assert not np.array_equal(runs[0].chains.draws, runs[2].chains.draws)


def test_a_galaxy_that_may_turn_round_is_sampled_as_its_covariance_says() -> None:
    problem, end, values, sigmas = fitted_galaxy()
    runner, options = SAMPLERS["mala"]
    result = runner(problem, end, options(warmup=40, samples=100, chains=12), lambda *_: None)
    draws = result.chains.draws.reshape(-1, len(problem.names))
    np.testing.assert_allclose(draws.std(0), sigmas, rtol=0.2)
    assert (abs(draws.mean(0) - values) < 0.5 * sigmas).all()
