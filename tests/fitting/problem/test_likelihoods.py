"""Each likelihood against SciPy's densities, and its derivatives against finite differences."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from scipy import optimize, stats

from fitting.problem.likelihood import (
    FEWEST_ELECTRONS,
    GaussianLikelihood,
    Likelihood,
    Pixels,
    PoissonLikelihood,
    StudentTLikelihood,
)
from fitting.results import parameters_document
from fitting.run import run
from fitting.spec import FitRequest, NoiseSpec
from tests.fitting.scene import fit_request, fitted, flat_sky, image_of, problem_of, rendered, sersic, values_of

GAIN, OFFSET = 2.5, 1.2
RANDOM = np.random.default_rng(5)
MODEL = torch.tensor(RANDOM.uniform(1.0, 30.0, 50))
SIGMA = torch.tensor(RANDOM.uniform(0.5, 3.0, 50))
REAL = Pixels(MODEL + SIGMA * torch.tensor(RANDOM.standard_t(3, 50)), SIGMA**-2.0, torch.zeros(50))
ELECTRONS = torch.tensor(RANDOM.poisson(GAIN * (MODEL.numpy() + OFFSET) / 4.0).astype(float))
COUNTS = Pixels(ELECTRONS / GAIN - OFFSET, SIGMA**-2.0, torch.full((50,), OFFSET, dtype=torch.float64))

CASES: dict[str, tuple[Likelihood, Pixels, Any]] = {
    "gaussian": (GaussianLikelihood(), REAL, stats.norm(MODEL, SIGMA).logpdf(REAL.data)),
    "student_t": (StudentTLikelihood(4.0), REAL, stats.t(4.0, MODEL, SIGMA).logpdf(REAL.data)),
    "poisson": (PoissonLikelihood(GAIN), COUNTS, stats.poisson(GAIN * (MODEL.numpy() + OFFSET)).logpmf(ELECTRONS)),
}
each = pytest.mark.parametrize(("likelihood", "pixels", "expected"), CASES.values(), ids=CASES)


@each
def test_the_log_likelihood_is_scipys(likelihood: Likelihood, pixels: Pixels, expected: np.ndarray) -> None:
    ours = likelihood.log_normalization(pixels) - 0.5 * likelihood.deviance(pixels, MODEL)
    assert ours.numpy() == pytest.approx(expected, rel=1e-10, abs=1e-10)


@each
def test_the_score_is_half_the_slope(likelihood: Likelihood, pixels: Pixels, expected: np.ndarray) -> None:
    step = 1e-5
    slope = (likelihood.deviance(pixels, MODEL + step) - likelihood.deviance(pixels, MODEL - step)) / (2.0 * step)
    assert likelihood.response(pixels, MODEL).score.numpy() == pytest.approx(-0.5 * slope.numpy(), rel=1e-6, abs=1e-8)


@each
def test_the_deviance_is_zero_at_the_datum_and_else_positive(
    likelihood: Likelihood, pixels: Pixels, expected: np.ndarray
) -> None:
    assert float(likelihood.deviance(pixels, pixels.data).abs().max()) < 1e-5
    assert bool((likelihood.deviance(pixels, MODEL) >= 0.0).all())
    assert torch.allclose(likelihood.deviance(pixels, MODEL), likelihood.response(pixels, MODEL).deviance, rtol=1e-14)


@pytest.mark.parametrize(
    ("likelihood", "draw"),
    [
        (GaussianLikelihood(), lambda random, n: random.normal(7.0, 2.0, n)),
        (StudentTLikelihood(3.0), lambda random, n: 7.0 + 2.0 * random.standard_t(3.0, n)),
        (PoissonLikelihood(GAIN), lambda random, n: random.poisson(GAIN * (7.0 + OFFSET), n) / GAIN - OFFSET),
    ],
    ids=["gaussian", "student_t", "poisson"],
)
def test_the_information_is_fishers(likelihood: Likelihood, draw: Any) -> None:
    """Its mean is the variance of the score, which is the mean of the deviance's half curvature."""
    draws = torch.tensor(draw(np.random.default_rng(8), 400_000))
    pixels = Pixels(draws, torch.full_like(draws, 0.25), torch.full_like(draws, OFFSET))
    response = likelihood.response(pixels, torch.full_like(draws, 7.0))
    information = response.information.mean()
    assert float(response.score.mean() / information.sqrt()) == pytest.approx(0.0, abs=0.008)
    assert float(response.score.square().mean() / information) == pytest.approx(1.0, abs=0.01)


@each
def test_masked_pixels_say_nothing(likelihood: Likelihood, pixels: Pixels, expected: np.ndarray) -> None:
    masked = Pixels(torch.full((50,), -99.0, dtype=torch.float64), torch.zeros(50), pixels.offset)
    response = likelihood.response(masked, MODEL)
    for part in (response.deviance, response.score, response.information, likelihood.log_normalization(masked)):
        assert float(part.abs().max()) == 0.0


@pytest.mark.parametrize("counted", [0.0, 3.0])
def test_a_model_that_expects_less_than_nothing_is_led_back(counted: float) -> None:
    """Finite, steeper the further down, and one step of the given curvature leads to the edge."""
    edge = FEWEST_ELECTRONS / GAIN - OFFSET
    data = torch.tensor([counted / GAIN - OFFSET], dtype=torch.float64)
    pixels = Pixels(data, torch.ones(1), torch.tensor([OFFSET], dtype=torch.float64))
    models = torch.tensor([[edge + 1e-9], [edge - 1e-9], [edge - 0.1], [edge - 50.0]], dtype=torch.float64)
    response = PoissonLikelihood(GAIN).response(pixels, models)
    deviance, score = response.deviance[:, 0], response.score[:, 0]
    assert bool(torch.isfinite(deviance).all())
    assert float(deviance[0]) == pytest.approx(float(deviance[1]), abs=0.05)
    assert bool((deviance[2:] > deviance[1:-1]).all())
    assert bool((score[2:] > 0.0).all())
    ends = models[2:, 0] + score[2:] / response.information[2:, 0]
    assert ends.numpy() == pytest.approx(edge, abs=1e-5)


def request_with(noise: Any, components: list[dict[str, Any]]) -> FitRequest:
    return fit_request(components).model_copy(update={"noise": NoiseSpec.model_validate(noise)})


def test_faint_counts_are_fitted_without_bias_by_poisson() -> None:
    """At 0.4 electrons a pixel, where a variance from the data would pull the level down; against SciPy's optimum."""
    truth = [flat_sky(0.4), sersic(i_e=1.0, n=1.0)]
    data = np.random.default_rng(2).poisson(rendered(truth)).astype(float)
    result = run(request_with("poisson", truth), [image_of(data, np.maximum(data, 1.0))])
    assert result.converged
    problem = problem_of(truth)

    def cash(theta: np.ndarray) -> float:
        model = problem.model(torch.tensor(theta)[None])[0][0].numpy()
        return 2.0 * float((model - data * np.log(np.maximum(model, 1e-300))).sum())

    end = problem.parameters.theta_of(torch.tensor([[row.value for row in result.parameters]], dtype=torch.float64))
    end = end[0].numpy()
    found = optimize.minimize(cash, end, method="Nelder-Mead", options={"maxiter": 400})
    assert cash(end) <= found.fun + 1e-3
    assert values_of(result)["sky.i"] == pytest.approx(0.4, abs=0.06)
    expected = float(stats.poisson(rendered_at(problem, end)).logpmf(data).sum())
    assert result.log_likelihood == pytest.approx(expected, rel=1e-9)


def rendered_at(problem: Any, theta: np.ndarray) -> np.ndarray:
    return np.asarray(problem.model(torch.tensor(theta)[None])[0][0].numpy())


def test_a_level_of_counts_is_their_mean_whatever_the_start() -> None:
    data = np.random.default_rng(3).poisson(0.3, (20, 20)).astype(float)
    for start in (-5.0, 0.0, 0.3, 100.0):
        result = run(request_with("poisson", [flat_sky(start)]), [image_of(data, np.maximum(data, 1.0))])
        (sky,) = result.parameters
        assert result.converged
        assert sky.value == pytest.approx(data.mean(), rel=1e-3)
        assert sky.uncertainty == pytest.approx(math.sqrt(data.mean() / data.size), rel=1e-2)


def test_pearsons_chi_squared_is_reported_of_counts() -> None:
    data = np.random.default_rng(3).poisson(4.0, (30, 30)).astype(float)
    result = run(request_with("poisson", [flat_sky(4.0)]), [image_of(data, np.maximum(data, 1.0))])
    level = result.parameters[0].value
    assert result.chi2 == pytest.approx(((data - level) ** 2 / level).sum(), rel=1e-9)
    assert parameters_document(result)["objective"] == pytest.approx(result.deviance, rel=1e-12)
    assert result.images[0].normalized_residual.std() == pytest.approx(1.0, abs=0.1)


def test_students_t_ignores_what_ruins_a_gaussian_fit() -> None:
    truth = [flat_sky(), sersic()]
    random = np.random.default_rng(4)
    data = rendered(truth) + random.normal(0.0, 1.0, (41, 41))
    hit = random.random(data.shape) < 0.03
    data[hit] += random.uniform(20.0, 300.0, int(hit.sum()))
    image = image_of(data)
    clean = fitted(truth, image_of(np.where(hit, 0.0, data), mask=hit))
    ruined = fitted(truth, image)
    robust = run(request_with({"student_t": {"degrees_of_freedom": 3}}, [flat_sky(0.0), sersic(n=3.0)]), [image])
    assert robust.converged
    for one, other, bad in zip(robust.parameters, clean.parameters, ruined.parameters, strict=True):
        assert other.uncertainty is not None
        assert abs(one.value - other.value) < 1.5 * other.uncertainty, one.name
        if one.name == "sky.i":
            assert abs(bad.value - other.value) > 5.0 * other.uncertainty


def test_students_t_finds_the_optimum_that_scipy_finds() -> None:
    data = np.random.default_rng(6).standard_t(3.0, (30, 30)) * 2.0 + 7.0
    result = run(request_with({"student_t": {"degrees_of_freedom": 3}}, [flat_sky(500.0)]), [image_of(data, 4.0)])
    found = optimize.minimize_scalar(lambda m: -stats.t(3.0, m, 2.0).logpdf(data).sum(), bounds=(6.0, 8.0))
    assert result.parameters[0].value == pytest.approx(found.x, abs=1e-3)
    assert result.log_likelihood == pytest.approx(-found.fun, rel=1e-9)
    assert result.parameters[0].uncertainty == pytest.approx(2.0 * math.sqrt(6.0 / 4.0 / 900.0), rel=0.05)
