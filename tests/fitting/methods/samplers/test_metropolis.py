"""The random walk."""

import numpy as np
import pytest
import torch

from fitting.methods.progress import Cancelled
from tests.fitting.methods.moments import assert_moments, says_not_to_use
from tests.fitting.methods.sampled_galaxy import fitted_galaxy
from tests.fitting.methods.targets import (
    CENTRE,
    CLIFF,
    COVARIANCE,
    SAMPLERS,
    banana,
    bimodal,
    cliff,
    gaussian,
    half_normal,
    sample,
)


@pytest.mark.parametrize("screen", [False, True])
@pytest.mark.parametrize("thin", [1, 10])
def test_moments_of_a_correlated_normal(screen: bool, thin: int) -> None:
    target = gaussian()
    start = target.start(*CENTRE.tolist())
    lengths = {"warmup": 200, "samples": 6000 // (2 * thin + 10), "chains": 16}
    result = sample("metropolis", target, start, screen=screen, thin=thin, **lengths)
    assert_moments(result, CENTRE.tolist(), COVARIANCE.diagonal().tolist())


def test_screening_needs_far_fewer_evaluations_of_a_nearly_normal_posterior() -> None:
    target = gaussian()
    start = target.start(*CENTRE.tolist())
    plain, screened = (
        sample("metropolis", target, start, warmup=200, samples=500, screen=screen, adapt=False, step_scale=3.0)
        for screen in (False, True)
    )
    assert screened.evaluations < 0.5 * plain.evaluations


def test_a_banana_is_sampled_though_its_quadratic_is_wrong() -> None:
    target = banana()
    result = sample("metropolis", target, target.start(0.0, 0.0), warmup=500, samples=3000, chains=48)
    assert_moments(result, [0.0, 1.0], [1.0, 2.25])


def test_modes_that_no_chain_leaves_are_told_apart() -> None:
    target = bimodal(30.0)
    result = sample("metropolis", target, target.start(0.0, 0.0), dispersion=10.0, warmup=200, samples=400)
    assert says_not_to_use(result)
    assert "different solutions" in result.message


def test_limits_cut_without_bending_the_posterior() -> None:
    target = half_normal()
    result = sample("metropolis", target, target.start(0.3, 0.3), warmup=200, samples=1000, chains=32)
    assert (result.chains.draws >= 0.0).all()
    assert_moments(result, [np.sqrt(2.0 / np.pi)] * 2, [1.0 - 2.0 / np.pi] * 2)


def test_a_tiny_step_is_flagged() -> None:
    target = gaussian()
    start = target.start(*CENTRE.tolist())
    result = sample("metropolis", target, start, warmup=0, samples=2000, chains=1, step_scale=0.01, adapt=False)
    assert "2000 draws, but only" in result.message
    assert says_not_to_use(result)


def test_the_step_stands_still_after_warm_up() -> None:
    target = gaussian()
    start = target.start(*CENTRE.tolist())
    short, long = (sample("metropolis", target, start, warmup=50, samples=samples) for samples in (10, 200))
    np.testing.assert_array_equal(short.chains.step_size, long.chains.step_size)


def test_the_same_seed_gives_the_same_numbers_and_chains_differ() -> None:
    target = gaussian()
    start = target.start(*CENTRE.tolist())
    runs = [sample("metropolis", target, start, seed=seed, warmup=50, samples=50) for seed in (3, 3, 4)]
    np.testing.assert_array_equal(runs[0].chains.draws, runs[1].chains.draws)
    assert not np.array_equal(runs[0].chains.draws, runs[2].chains.draws)
    assert not np.array_equal(runs[0].chains.draws[0], runs[0].chains.draws[1])


def test_a_cancel_comes_through() -> None:
    target = gaussian()

    def stop(*_: object) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        sample("metropolis", target, target.start(*CENTRE.tolist()), report=stop)


def test_the_prior_is_flat_in_the_reported_parameters() -> None:
    problem, end, _, _ = fitted_galaxy()
    runner, options = SAMPLERS["metropolis"]
    chains = runner(problem, end, options(warmup=20, samples=10, chains=2), lambda *_: None).chains
    # The density by the reported parameters is exp(−χ²/2) alone: no Jacobian in what is reported.
    draws = torch.from_numpy(chains.draws[0, -1:])
    rows = [problem.table.index[name] for name in problem.names]
    physical = problem.parameters.values(end.theta).physical.clone()
    physical[:, rows] = draws
    chi2 = float(problem.value(problem.parameters.theta_of(physical)))
    assert chains.log_posterior[0, -1] == pytest.approx(-0.5 * chi2, rel=1e-9)


def test_a_galaxy_is_sampled_as_its_covariance_says() -> None:
    problem, end, values, sigmas = fitted_galaxy()
    runner, options = SAMPLERS["metropolis"]
    result = runner(problem, end, options(warmup=100, samples=60, thin=20, chains=16), lambda *_: None)
    draws = result.chains.draws.reshape(-1, len(problem.names))
    np.testing.assert_allclose(draws.std(0), sigmas, rtol=0.2)
    assert (abs(draws.mean(0) - values) < 0.5 * sigmas).all()


@pytest.mark.parametrize("screen", [False, True])
def test_a_parameter_that_is_pushed_hard_against_a_limit_is_sampled(screen: bool) -> None:
    target = cliff()
    start = target.start(0.0, 0.0)
    result = sample("metropolis", target, start, warmup=200, samples=400, chains=24, screen=screen)
    assert result.chains.acceptance.mean() > 0.1
    assert_moments(result, [1.0 / CLIFF, 0.0], [CLIFF**-2, 1.0])
