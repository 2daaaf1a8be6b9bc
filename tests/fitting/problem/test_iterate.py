"""What a running fit shows of itself: parameters as they would be reported, and the residual at those."""

from typing import Any

import numpy as np
import pytest
import torch

from fitting.methods.progress import Progress
from fitting.problem.iterate import Iterate
from fitting.spec import METHODS
from tests.fitting.scene import GALAXY, fitted, flat_sky, image_of, noisy, problem_of, rendered, sersic, values_of

SIGMA = 2.0
DATA = noisy(rendered([flat_sky(), sersic()]), SIGMA)
START = [flat_sky(2.5), sersic(x=20.6, r_e=5.6, n=1.5, pa=41.0)]
NAMES = ["sky.i", *(f"g.{name}" for name in GALAXY)]

SHORT: dict[str, dict[str, Any]] = {
    **{method: {"warmup": 5, "samples": 8, "chains": 2} for method in ("nuts", "metropolis", "mala")},
    "hmc": {"warmup": 5, "samples": 8, "chains": 2, "leapfrog_steps": 3},
    "ensemble": {"warmup": 5, "samples": 8},
    "gradient": {"steps": 20},
    "bootstrap": {"samples": 4},
}


def heard(method: str) -> list[Progress]:
    """Every report of a fit by one method."""
    reports: list[Progress] = []
    fitted(START, image_of(DATA, SIGMA**2), [{"method": method, **SHORT.get(method, {})}], report=reports.append)
    return reports


def iterate_of(progress: Progress) -> Iterate:
    assert progress.iterate is not None
    return progress.iterate


def chi2_of(iterate: Iterate) -> float:
    """Reduced chi-squared of the residual shown."""
    (plane,) = iterate.normalized_residuals()
    return float(np.nansum(plane**2)) / (np.isfinite(plane).sum() - len(iterate.theta[0]))


@pytest.mark.parametrize("method", METHODS)
def test_every_method_tells_a_point_that_is_as_good_as_it_says(method: str) -> None:
    reports = heard(method)
    for progress in reports:
        parameters = iterate_of(progress).parameters()
        assert list(parameters) == NAMES
        assert all(map(np.isfinite, parameters.values()))
    if METHODS[method].samples:
        return
    for progress in reports:
        assert chi2_of(iterate_of(progress)) <= progress.chi2_reduced * (1.0 + 1e-4)


@pytest.mark.parametrize("method", ["lm", "scipy", "iterative_components", "iterative_parameters", "gradient"])
def test_the_first_point_is_the_start_and_the_last_the_end(method: str) -> None:
    reports = heard(method)
    first = {f"{item['name']}.{name}": value for item in START for name, value in item["parameters"].items()}
    assert iterate_of(reports[0]).parameters() == pytest.approx(first)
    assert chi2_of(iterate_of(reports[-1])) < 0.9 * chi2_of(iterate_of(reports[0]))


def test_the_last_point_of_lm_is_its_result() -> None:
    reports: list[Progress] = []
    result = fitted(START, image_of(DATA, SIGMA**2), report=reports.append)
    assert iterate_of(reports[-1]).parameters() == pytest.approx(values_of(result), rel=1e-12)


@pytest.mark.parametrize(
    "method", [name for name in METHODS if METHODS[name].samples and name not in ("importance", "svi")]
)
def test_samplers_tell_where_their_first_chain_is(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fitting.methods.samplers.sampling._PULSE_SECONDS", 0.0)
    reports: list[Progress] = []
    stages = [{"method": method, **SHORT[method]}]
    result = fitted(START, image_of(DATA, SIGMA**2), stages, report=reports.append)
    assert result.sampled is not None
    chains = result.sampled.chains
    told = {tuple(iterate_of(progress).parameters().values()) for progress in reports}
    places = [chains.names.index(name) for name in NAMES]
    drawn = {tuple(draw) for draw in chains.draws[0][:, places]}
    turn = np.where(np.array(NAMES) == "g.pa", 180.0, np.inf)
    assert all(any(np.allclose(np.mod(draw, turn), other, rtol=1e-9) for other in told) for draw in drawn)


def test_with_restarts_the_best_point_of_all_starts_is_told() -> None:
    reports: list[Progress] = []
    stages = [{"method": "lm", "restarts": 3, "spread": 6.0}]
    fitted(START, image_of(DATA, SIGMA**2), stages, report=reports.append)
    lowest = min(progress.chi2_reduced for progress in reports)
    assert chi2_of(iterate_of(reports[-1])) == pytest.approx(lowest, rel=1e-9)
    assert all(chi2_of(iterate_of(at)) == pytest.approx(at.chi2_reduced, rel=1e-9) for at in reports)


def test_the_residual_is_that_of_the_parameters_told() -> None:
    for progress in heard("lm"):
        iterate = iterate_of(progress)
        values = iterate.parameters()
        galaxy = {name: values[f"g.{name}"] for name in GALAXY}
        model = rendered([flat_sky(values["sky.i"]), sersic(**galaxy)])
        assert iterate.normalized_residuals()[0] == pytest.approx((DATA - model) / SIGMA, abs=1e-6)


def test_masked_pixels_are_no_numbers() -> None:
    mask = np.zeros(DATA.shape, dtype=bool)
    mask[3, 5:9] = True
    problem = problem_of(START, data=DATA, mask=mask)
    (plane,) = Iterate(problem, problem.start()).normalized_residuals()
    assert np.array_equal(np.isnan(plane), mask)


def test_axes_that_changed_their_names_are_told_as_they_will_be_reported() -> None:
    problem = problem_of([flat_sky(), sersic(q=0.8, pa=150.0)])
    theta = problem.start()
    theta[0, problem.names.index("g.q")] = float(torch.tensor(1.25).log())
    told = Iterate(problem, theta).parameters()
    assert told["g.q"] == pytest.approx(0.8)
    assert told["g.pa"] == pytest.approx(60.0)
    assert told["g.r_e"] == pytest.approx(1.25 * GALAXY["r_e"])


def test_only_what_is_free_is_told() -> None:
    problem = problem_of([flat_sky({"value": 3.0, "fixed": True}), sersic(y="= g.x")])
    assert list(Iterate(problem, problem.start()).parameters()) == [f"g.{name}" for name in GALAXY if name != "y"]
