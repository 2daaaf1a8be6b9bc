"""The affine-invariant ensemble."""

import numpy as np
import pytest
import torch

from tests.fitting.methods.moments import assert_moments
from tests.fitting.methods.sampled_galaxy import fitted_galaxy
from tests.fitting.methods.targets import (
    CENTRE,
    COVARIANCE,
    SAMPLERS,
    Analytic,
    banana,
    bimodal,
    gaussian,
    half_normal,
    sample,
)


@pytest.mark.parametrize("screen", [False, True])
def test_moments_of_a_correlated_normal(screen: bool) -> None:
    target = gaussian()
    start = target.start(*CENTRE.tolist())
    result = sample("ensemble", target, start, warmup=100, samples=400, thin=3, screen=screen)
    assert_moments(result, CENTRE.tolist(), COVARIANCE.diagonal().tolist())


def test_moments_of_a_banana() -> None:
    target = banana()
    result = sample("ensemble", target, target.start(0.0, 0.0), warmup=200, samples=800, thin=3, walkers=64)
    assert_moments(result, [0.0, 1.0], [1.0, 2.25])


def test_modes_within_reach_have_equal_weight() -> None:
    target = bimodal(6.0)
    result = sample("ensemble", target, target.start(0.0, 0.0), warmup=200, samples=800, dispersion=3.0, walkers=64)
    assert_moments(result, [0.0, 0.0], [10.0, 1.0])


def test_limits_cut_without_bending_the_posterior() -> None:
    target = half_normal()
    result = sample("ensemble", target, target.start(0.3, 0.3), warmup=100, samples=500)
    assert (result.chains.draws >= 0.0).all()
    assert_moments(result, [np.sqrt(2.0 / np.pi)] * 2, [1.0 - 2.0 / np.pi] * 2)


def test_many_moves_on_the_approximation_never_stretch_away_from_it() -> None:
    """In many dimensions a stretch's Z^(d−1) outweighs any fall to a level plain."""
    free = 22
    eye = torch.eye(free, dtype=torch.float64)
    seen = []

    def chi2(theta: torch.Tensor) -> torch.Tensor:
        seen.append(float(theta.square().sum(-1).max()))
        return theta.square().sum(-1)

    target = Analytic(chi2, lambda theta: 2.0 * theta, eye)
    result = sample("ensemble", target, target.start(*[0.0] * free), warmup=40, samples=20, thin=50)
    assert result.evaluations < 2 * 46 * 61
    assert max(seen) < 400.0


def test_the_same_seed_gives_the_same_numbers() -> None:
    target = gaussian()
    start = target.start(*CENTRE.tolist())
    runs = [sample("ensemble", target, start, seed=seed, warmup=20, samples=20) for seed in (3, 3, 4)]
    np.testing.assert_array_equal(runs[0].chains.draws, runs[1].chains.draws)
    assert not np.array_equal(runs[0].chains.draws, runs[2].chains.draws)


def test_a_galaxy_is_sampled_as_its_covariance_says() -> None:
    problem, end, values, sigmas = fitted_galaxy()
    runner, options = SAMPLERS["ensemble"]
    result = runner(problem, end, options(warmup=40, samples=60, thin=20), lambda *_: None)
    draws = result.chains.draws.reshape(-1, len(problem.names))
    np.testing.assert_allclose(draws.std(0), sigmas, rtol=0.2)
    assert (abs(draws.mean(0) - values) < 0.5 * sigmas).all()
