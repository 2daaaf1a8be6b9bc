"""NUTS and HMC.

What they draw is held against known moments; the lengths are what that takes, and the slow forms are longer.
"""

import numpy as np
import pytest
import torch

from fitting.methods.progress import Cancelled
from fitting.methods.samplers.hamiltonian import NutsChains
from fitting.methods.samplers.sampling import ChainMove
from tests.fitting.methods.moments import assert_moments, says_not_to_use
from tests.fitting.methods.sampled_galaxy import fitted_galaxy
from tests.fitting.methods.targets import (
    CENTRE,
    CLIFF,
    COVARIANCE,
    SAMPLERS,
    Analytic,
    banana,
    bimodal,
    cliff,
    gaussian,
    half_normal,
    sample,
)

LENGTHS = {"nuts": {"warmup": 40, "samples": 200}, "hmc": {"warmup": 40, "samples": 200, "leapfrog_steps": 5}}


@pytest.mark.parametrize("method", LENGTHS)
@pytest.mark.parametrize("metric", ["covariance", "diagonal", "identity"])
def test_moments_of_a_correlated_normal(method: str, metric: str) -> None:
    target = gaussian()
    options = LENGTHS[method] | (
        {"adapt_mass": True, "warmup": 80, "samples": 100, "chains": 8} if metric == "identity" else {}
    )
    if method == "hmc" and metric != "covariance":
        # Without the covariance, trajectories of fewer steps cross the narrow valley too slowly to be judged.
        options |= {"leapfrog_steps": 12}
    result = sample(method, target, target.start(*CENTRE.tolist()), metric=metric, **options)
    assert_moments(result, CENTRE.tolist(), COVARIANCE.diagonal().tolist())


@pytest.mark.slow
@pytest.mark.parametrize("method", LENGTHS)
@pytest.mark.parametrize("metric", ["covariance", "diagonal"])
def test_moments_of_a_correlated_normal_to_half_a_per_cent(method: str, metric: str) -> None:
    target = gaussian()
    options = {"warmup": 60, "samples": 5000, "chains": 8}
    result = sample(method, target, target.start(*CENTRE.tolist()), metric=metric, **LENGTHS[method] | options)
    assert_moments(result, CENTRE.tolist(), COVARIANCE.diagonal().tolist(), sigmas=4.0)


@pytest.mark.parametrize("method", LENGTHS)
def test_one_chain_of_a_normal_may_be_trusted(method: str) -> None:
    target = gaussian()
    result = sample(method, target, target.start(*CENTRE.tolist()), chains=1, **LENGTHS[method] | {"samples": 1000})
    assert result.converged, result.message


BENT = {
    "nuts": {"warmup": 60, "samples": 80, "chains": 12, "target_accept": 0.95},
    "hmc": {"warmup": 60, "samples": 120, "chains": 12, "target_accept": 0.9, "leapfrog_steps": 10},
}


@pytest.mark.parametrize("method", LENGTHS)
def test_a_banana_is_sampled_rightly_or_flagged(method: str) -> None:
    target = banana()
    result = sample(method, target, target.start(0.0, 0.0), **BENT[method])
    if method == "nuts" or result.converged:
        assert_moments(result, [0.0, 1.0], [1.0, 2.25])


@pytest.mark.slow
@pytest.mark.parametrize("method", LENGTHS)
def test_a_banana_is_sampled_at_length(method: str) -> None:
    target = banana()
    longer = (
        {"warmup": 500, "samples": 4000, "leapfrog_steps": 20} if method == "hmc" else {"warmup": 500, "samples": 4000}
    )
    result = sample(method, target, target.start(0.0, 0.0), **BENT[method] | longer)
    assert_moments(result, [0.0, 1.0], [1.0, 2.25])


@pytest.mark.parametrize("method", LENGTHS)
def test_modes_that_no_chain_leaves_are_told_apart(method: str) -> None:
    target = bimodal(30.0)
    # Eight, since few chains may all begin on one side, where no diagnostic can know of the other.
    options = LENGTHS[method] | {"samples": 60, "chains": 8}
    result = sample(method, target, target.start(0.0, 0.0), dispersion=10.0, **options)
    assert says_not_to_use(result)
    assert "different solutions" in result.message


@pytest.mark.parametrize("method", LENGTHS)
def test_modes_within_reach_have_equal_weight(method: str) -> None:
    target = bimodal(4.0)
    result = sample(method, target, target.start(0.0, 0.0), **LENGTHS[method] | {"samples": 150, "chains": 12})
    assert_moments(result, [0.0, 0.0], [5.0, 1.0])


@pytest.mark.parametrize("method", LENGTHS)
def test_limits_reflect_without_bending_the_posterior(method: str) -> None:
    target = half_normal()
    result = sample(method, target, target.start(0.3, 0.3), **LENGTHS[method])
    assert (result.chains.draws >= 0.0).all()
    assert_moments(result, [np.sqrt(2.0 / np.pi)] * 2, [1.0 - 2.0 / np.pi] * 2)


@pytest.mark.parametrize("method", LENGTHS)
def test_the_same_seed_gives_the_same_numbers(method: str) -> None:
    target = gaussian()
    short = LENGTHS[method] | {"samples": 20}
    runs = [sample(method, target, target.start(*CENTRE.tolist()), seed=7, **short) for _ in range(2)]
    np.testing.assert_array_equal(runs[0].chains.draws, runs[1].chains.draws)


def test_chains_and_seeds_differ() -> None:
    target = gaussian()
    runs = [sample("nuts", target, target.start(*CENTRE.tolist()), seed=seed, warmup=20, samples=20) for seed in (1, 2)]
    assert not np.array_equal(runs[0].chains.draws[0], runs[0].chains.draws[1])
    assert not np.array_equal(runs[0].chains.draws, runs[1].chains.draws)


def test_a_cancel_stops_inside_a_trajectory() -> None:
    target = gaussian()
    seen = []

    def stop(iteration: int, *_: object) -> None:
        seen.append(iteration)
        if len(seen) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        sample("hmc", target, target.start(*CENTRE.tolist()), report=stop, step_size=1e-3, leapfrog_steps=10_000)
    assert seen[-1] < 3


@pytest.mark.parametrize(("step_size", "gradients"), [(None, 4), (0.01, 20)])
def test_hmc_takes_no_more_steps_than_reach_a_quarter_turn(step_size: float | None, gradients: int) -> None:
    target = gaussian()
    options = {"step_size": step_size, "leapfrog_steps": 20, "samples": 50, "warmup": 40, "chains": 1}
    result = sample("hmc", target, target.start(*CENTRE.tolist()), **options)
    assert result.evaluations / (50 + 40) == pytest.approx(gradients, abs=1.0)


def test_trajectories_of_warm_up_are_short_where_the_posterior_is_far_wider_than_its_start_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A turn takes a thousand steps then, each an image drawn; from a needle in noise such a warm-up did not end."""
    narrow = torch.eye(2, dtype=torch.float64) * 1e6
    wide = Analytic(lambda theta: theta.square().sum(-1), lambda theta: 2.0 * theta, narrow)
    gradients: list[int] = []
    move = NutsChains.step

    def counted(chains: NutsChains, adapting: bool) -> ChainMove:
        before = wide.asked
        arrived = move(chains, adapting)
        gradients.append(wide.asked - before)
        return arrived

    monkeypatch.setattr(NutsChains, "step", counted)
    runner, options = SAMPLERS["nuts"]
    runner(wide, wide.start(0.0, 0.0), options(warmup=19, samples=20, chains=1), lambda *_: None, seed=3)
    assert max(gradients[1:19]) <= 63  # the first looks for a step size, too
    assert max(gradients[19:]) > 63


def test_energies_of_a_normal_are_well_explored() -> None:
    target = gaussian()
    chains = sample("nuts", target, target.start(*CENTRE.tolist()), **LENGTHS["nuts"]).chains
    assert chains.energy is not None
    # The Hamiltonian of d normal coordinates has mean d.
    assert abs(chains.energy.mean() - 3.0) < 0.3
    assert chains.divergences == 0


def test_a_galaxy_is_sampled_as_its_covariance_says() -> None:
    problem, end, values, sigmas = fitted_galaxy()
    runner, options = SAMPLERS["nuts"]
    result = runner(problem, end, options(warmup=20, samples=100, chains=2), lambda *_: None)
    draws = result.chains.draws.reshape(-1, len(problem.names))
    np.testing.assert_allclose(draws.std(0), sigmas, rtol=0.3)
    assert (abs(draws.mean(0) - values) < 0.5 * sigmas).all()
    assert float(result.equations.chi2) <= float(end.equations.chi2)


@pytest.mark.parametrize("method", LENGTHS)
def test_a_parameter_that_is_pushed_hard_against_a_limit_stalls_nothing(method: str) -> None:
    target = cliff()
    result = sample(method, target, target.start(0.0, 0.0), **LENGTHS[method] | {"samples": 300, "target_accept": 0.9})
    assert result.evaluations < 20 * 4 * 340
    assert_moments(result, [1.0 / CLIFF, 0.0], [CLIFF**-2, 1.0])
