"""Diagnostics: ArviZ's numbers, and what is said of them."""

import json

import arviz_stats.base as arviz
import numpy as np
import pytest

from fitting.chains import Chains, diagnose
from tests.fitting.chains.made import made_chains


def test_the_numbers_are_arvizs() -> None:
    chains = made_chains(memory=0.5)
    diagnostics = diagnose(chains)
    draws = chains.draws[:, :, 0]
    assert diagnostics.r_hat["g.x"] == pytest.approx(arviz.array_stats.rhat(draws))
    assert diagnostics.ess_bulk["g.x"] == pytest.approx(arviz.array_stats.ess(draws, method="bulk"))
    assert diagnostics.mcse_mean["g.x"] == pytest.approx(arviz.array_stats.mcse(draws, method="mean"))


def test_the_error_of_a_deviation_is_right_where_draws_alternate() -> None:
    """Draws that mirror the last in turn have a mean that is known far better than their spread."""
    rng = np.random.default_rng(5)
    deviations, errors = [], []
    for _ in range(60):
        chains = made_chains(length=400)
        half = rng.normal(size=(len(chains.draws), 200))
        chains.draws[:, :, 0] = np.stack((half, -half), axis=-1).reshape(len(half), -1)
        deviations.append(chains.draws[:, :, 0].std())
        errors.append(diagnose(chains).mcse_sd["g.x"])
    assert np.mean(errors) == pytest.approx(np.std(deviations), rel=0.3)


def test_independent_draws_may_be_trusted() -> None:
    diagnostics = diagnose(made_chains(length=1000))
    assert diagnostics.trustworthy
    assert "the chains agree" in diagnostics.summary


def test_a_correlation_of_a_half_makes_the_autocorrelation_time_three() -> None:
    assert diagnose(made_chains(length=20_000, memory=0.5)).autocorrelation_time["g.x"] == pytest.approx(3.0, rel=0.1)


def test_few_effective_draws_are_said_plainly() -> None:
    diagnostics = diagnose(made_chains(count=1, length=5000, memory=0.999))
    assert not diagnostics.trustworthy
    assert diagnostics.sentences[0].startswith("5000 draws, but only ")
    assert diagnostics.sentences[0].endswith("do not use")


def test_some_effective_draws_are_good_for_means_only() -> None:
    diagnostics = diagnose(made_chains(count=4, length=75))
    assert not diagnostics.trustworthy
    assert "means are usable" in diagnostics.summary


def test_chains_that_stand_still_are_never_trusted() -> None:
    chains = made_chains()
    chains.draws[1] = chains.draws[1, :1]
    diagnostics = diagnose(chains)
    assert not diagnostics.trustworthy
    assert diagnostics.r_hat["g.x"] == np.inf


def test_chains_in_two_places_are_told_apart() -> None:
    chains = made_chains()
    chains.draws[2:, :, 1] += 20.0
    assert "chains 0, 1 near g.n = " in diagnose(chains).summary


def test_divergences_and_poor_energies_are_told() -> None:
    chains = made_chains()
    assert chains.divergent is not None
    assert chains.energy is not None
    chains.divergent[0, :7] = True
    chains.energy[1] = np.linspace(0.0, 5.0, 500)
    summary = diagnose(chains).summary
    assert "7 divergent trajectories" in summary
    assert "E-BFMI is low (chain 1: 0.00)" in summary


@pytest.mark.parametrize("length", [1, 3, 5])
def test_the_shortest_chains_have_diagnostics_that_are_strict_json(length: int) -> None:
    chains: Chains = made_chains(count=1, length=length)
    document = diagnose(chains).document()
    json.dumps(document, allow_nan=False)
    assert not document["trustworthy"]
