"""`importance`: draws, evidence and verdict against what is known exactly."""

import math

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from fitting.batch import fit_batch
from fitting.chains import SmoothedWeights
from fitting.inputs import ImageData
from fitting.results import FitResult
from fitting.run import run
from fitting.spec import FitRequest, parse_request
from tests.fitting.scene import image_of

SIGMA = 2.0


def sky_request(**stage: object) -> FitRequest:
    """A plane of which the level has a normal prior, and the slopes flat ones between limits: all is linear."""
    slope = {"value": 0.0, "min": -1.0, "max": 1.0}
    parameters = {"i": {"value": 9.0, "prior": {"normal": [9.0, 0.5]}}, "di_dx": slope, "di_dy": slope}
    components = [{"name": "sky", "profile": "plane_sky", "parameters": parameters}]
    stages = [{"method": "lm"}, {"method": "importance", **stage}]
    return parse_request({"images": [{"name": "image", "data": "d.fits"}], "components": components, "stages": stages})


def sky_image(seed: int) -> ImageData:
    y, x = np.mgrid[:12, :15]
    plane = 10.0 + 0.1 * (x - 7.0) - 0.05 * (y - 5.5)
    return image_of(plane + np.random.default_rng(seed).normal(0.0, SIGMA, plane.shape), SIGMA**2)


def exact_log_evidence(image: ImageData) -> float:
    """Of the linear model: data are normal, with the scatter of the normal prior; flat priors by integral."""
    y, x = np.mgrid[:12, :15]
    slopes = np.stack(((x - 7.0).ravel(), (y - 5.5).ravel()), axis=1)
    residual = image.data.ravel() - 9.0
    noise = SIGMA**2 * np.eye(residual.size) + 0.25
    at_zero = multivariate_normal(np.zeros(residual.size), noise).logpdf(residual)
    curvature = slopes.T @ np.linalg.solve(noise, slopes)
    gradient = slopes.T @ np.linalg.solve(noise, residual)
    gaussian = math.log(2.0 * math.pi) - 0.5 * np.linalg.slogdet(curvature)[1]
    return float(at_zero + 0.5 * gradient @ np.linalg.solve(curvature, gradient) + gaussian - 2.0 * math.log(2.0))


@pytest.mark.parametrize("proposal", ["student_t", "normal"])
def test_the_evidence_and_the_posterior_of_a_linear_model_are_exact(proposal: str) -> None:
    image = sky_image(1)
    result = run(sky_request(proposal=proposal, samples=4000), [image])
    assert result.sampled is not None
    diagnostics = result.sampled.diagnostics
    assert diagnostics["trustworthy"]
    assert diagnostics["pareto_k"] < 0.5
    error = max(4.0 * diagnostics["log_evidence_error"], 1e-6)
    assert diagnostics["log_evidence"] == pytest.approx(exact_log_evidence(image), abs=error)
    for place, parameter in enumerate(result.parameters):
        draws = result.sampled.chains.draws[0, :, place]
        assert parameter.uncertainty is not None
        assert draws.mean() == pytest.approx(parameter.value, abs=0.08 * parameter.uncertainty)
        assert draws.std() == pytest.approx(parameter.uncertainty, rel=0.06)


def test_a_normal_proposal_for_a_normal_posterior_has_equal_weights() -> None:
    diagnostics = run(sky_request(proposal="normal"), [sky_image(2)]).sampled
    assert diagnostics is not None
    assert diagnostics.diagnostics["ess_bulk"]["sky.i"] == pytest.approx(1000.0, rel=1e-3)


def test_weights_of_a_distribution_without_variance_are_not_trusted() -> None:
    random = np.random.default_rng(3)
    heavy = SmoothedWeights.of(np.log(random.pareto(1.0, 2000) + 1.0))
    light = SmoothedWeights.of(np.log(random.uniform(0.5, 1.0, 2000)))
    assert heavy.pareto_k > heavy.highest_k
    assert heavy.pareto_k == pytest.approx(1.0, abs=0.3)
    assert light.pareto_k < 0.2


def test_draws_that_count_nothing_are_never_taken() -> None:
    log_weights = np.where(np.arange(200) % 2 == 0, 0.0, -np.inf)
    weights = SmoothedWeights.of(log_weights)
    assert set(weights.resampled(0.5) % 2) == {0}
    assert weights.log_mean == pytest.approx(math.log(0.5))
    assert not SmoothedWeights.of(np.full(200, -np.inf)).pareto_k < math.inf


def test_objects_of_a_batch_have_the_draws_that_they_have_alone() -> None:
    images = [[sky_image(seed)] for seed in range(4)]
    for image, end in zip(images, fit_batch([sky_request(samples=200)] * 4, images), strict=True):
        assert isinstance(end, FitResult)
        alone = run(sky_request(samples=200), image)
        assert end.sampled is not None
        assert alone.sampled is not None
        np.testing.assert_allclose(end.sampled.chains.draws, alone.sampled.chains.draws, rtol=1e-9, atol=1e-12)


def test_no_evidence_is_claimed_without_a_prior() -> None:
    components = [{"name": "sky", "profile": "flat_sky", "parameters": {"i": 9.0}}]
    stages = [{"method": "importance", "samples": 100}]
    document = {"images": [{"name": "image", "data": "d.fits"}], "components": components, "stages": stages}
    result = run(parse_request(document), [sky_image(1)])
    assert result.sampled is not None
    assert result.sampled.diagnostics["log_evidence"] is None
    assert "neither a prior nor limits on both sides: sky.i" in result.message
