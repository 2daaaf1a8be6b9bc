"""The second-order theory of pulls beside simulated fits of a small problem, and of the engine's own matrices."""

import numpy as np
import pytest

from benchmarks.second_order import bias_over_uncertainty, change_of_uncertainty, expected_pulls
from benchmarks.simulated_galaxies import SIGMA, SKY, jacobian, psf
from fitting.inputs import ImageData
from fitting.problem import Problem
from fitting.spec import parse_request

TIMES = np.linspace(0.0, 3.0, 12)
TRUTH = np.array([1.0, 0.8])
NOISE = 0.06


def decay(point: np.ndarray) -> np.ndarray:
    return point[..., :1] * np.exp(-point[..., 1:] * TIMES)


def slopes(point: np.ndarray) -> np.ndarray:
    fall = np.exp(-point[..., 1:] * TIMES)
    return np.stack([fall, -TIMES * point[..., :1] * fall], axis=-1)


def information(point: np.ndarray) -> np.ndarray:
    found = slopes(point)
    return np.swapaxes(found, -1, -2) @ found / NOISE**2


def test_a_hundred_thousand_fits_of_an_exponential_decay_average_as_expected() -> None:
    random = np.random.default_rng(5)
    data = decay(TRUTH) + random.normal(0.0, NOISE, (100_000, len(TIMES)))
    point = np.broadcast_to(TRUTH, (len(data), 2)).copy()
    for _ in range(8):
        found = slopes(point)
        right = np.einsum("bpi,bp->bi", found, data - decay(point)) / NOISE**2
        point += np.linalg.solve(information(point), right[..., None])[..., 0]
    sigma = np.sqrt(np.diagonal(np.linalg.inv(information(point)), axis1=1, axis2=2))
    at_truth = np.sqrt(np.diagonal(np.linalg.inv(information(TRUTH))))
    step = 1e-5
    derivatives = np.array(
        [(information(TRUTH + step * axis) - information(TRUTH - step * axis)) / (2 * step) for axis in np.eye(2)]
    )
    bias = bias_over_uncertainty(information(TRUTH), derivatives)
    change = change_of_uncertainty(information(TRUTH), derivatives)
    noise = 4.0 / np.sqrt(len(data))
    assert ((point - TRUTH) / at_truth).mean(0) == pytest.approx(bias, abs=noise)
    assert ((point - TRUTH) / sigma).mean(0) == pytest.approx(bias + change, abs=noise)
    assert np.abs(bias).max() > 2.0 * noise
    assert np.abs(change).max() > 2.0 * noise


@pytest.mark.slow
def test_expected_pulls_of_a_galaxy_come_from_the_second_derivatives_of_its_image() -> None:
    """Σ W ∂ₖm ∂ₗ∂ₘm by differences of the independent renderer's Jacobian, instead of derivatives of JᵀWJ."""
    galaxy = {"x": 40.3, "y": 39.6, "q": 0.6, "pa": 33.0, "n": 1.5, "r_e": 5.0, "i_e": 8.0}
    components = [
        {"name": "g", "profile": "sersic", "parameters": galaxy},
        {"name": "sky", "profile": "flat_sky", "parameters": {"i": SKY}},
    ]
    request = parse_request({"images": [{"name": "i", "data": "i.fits"}], "components": components, "stages": []})
    data = np.zeros((81, 81))
    problem = Problem(request, [ImageData("i", data, np.full_like(data, SIGMA**2), data > 0.0, psf=psf())])
    names = [name.removeprefix("g.") for name in problem.names]
    assert names == [*galaxy, "sky.i"]
    centre = jacobian(galaxy)
    steps = np.array([1e-2, 1e-2, 1e-3, 1e-1, 1e-3, 1e-2, 1e-2])
    second = np.zeros((8, *centre.shape))
    for place, (name, step) in enumerate(zip(galaxy, steps, strict=True)):
        above, below = (jacobian({**galaxy, name: galaxy[name] + offset}) for offset in (step, -step))
        second[place] = (above - below) / (2.0 * step)
    matrix = centre.T @ centre / SIGMA**2
    covariance = np.linalg.inv(matrix)
    sigma = np.sqrt(np.diagonal(covariance))
    bent = np.einsum("mpl,lm->p", second, covariance)
    bias = -0.5 * covariance @ centre.T @ bent / SIGMA**2 / sigma
    derivatives = np.array([(part.T @ centre + centre.T @ part) / SIGMA**2 for part in second])
    sigmas = -np.einsum("jk,mkl,lj->mj", covariance, derivatives, covariance) / (2.0 * sigma)
    expected = bias - np.einsum("jm,mj->j", covariance, sigmas) / sigma**2
    assert np.array(list(expected_pulls(problem).values())) == pytest.approx(expected, rel=2e-3, abs=2e-5)
    assert bias_over_uncertainty(matrix, derivatives) == pytest.approx(bias, rel=2e-3, abs=2e-5)
