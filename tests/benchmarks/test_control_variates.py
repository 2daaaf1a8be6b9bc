"""Control variates give what is known exactly, find a bias that was put in, and leave little of the chance."""

import numpy as np
import pytest
from scipy.optimize import least_squares
from scipy.stats import norm

from benchmarks.control_variates import controlled
from benchmarks.simulated_galaxies import NAMES, SIGMA, drawn, jacobian, light, linear_pulls

SHARE = norm.cdf(1.0) - norm.cdf(-1.0)


def standard(count: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(count)


def test_a_linear_problem_gives_exactly_zero_one_and_the_share_of_a_normal_distribution() -> None:
    random = np.random.default_rng(7)
    slopes = random.normal(size=(60, 4))
    noise = random.normal(0.0, SIGMA, (300, 60))
    covariance = SIGMA**2 * np.linalg.inv(slopes.T @ slopes)
    fitted = np.array([np.linalg.lstsq(slopes, one, rcond=None)[0] for one in noise])
    pulls = fitted / np.sqrt(np.diagonal(covariance))
    linear = np.array([linear_pulls(slopes, one) for one in noise])
    assert linear == pytest.approx(pulls, abs=1e-12)
    for column in range(4):
        found = controlled(pulls[:, column], linear[:, column])
        assert found["mean"] == pytest.approx(0.0, abs=1e-12)
        assert found["standard_deviation"] == pytest.approx(1.0, abs=1e-12)
        assert found["within_68"] == pytest.approx(SHARE, abs=1e-12)
        assert max(found[f"{key}_error"] for key in ("mean", "standard_deviation", "within_68")) < 1e-12


@pytest.mark.parametrize(("shift", "stretch"), [(0.2, 1.0), (0.0, 1.3), (-0.3, 0.8)])
def test_a_bias_and_wrong_uncertainties_are_shown(shift: float, stretch: float) -> None:
    linear = standard(500)
    found = controlled(shift + stretch * linear, linear)
    inside = norm.cdf((1.0 - shift) / stretch) - norm.cdf((-1.0 - shift) / stretch)
    assert found["mean"] == pytest.approx(shift, abs=1e-12)
    assert abs(found["standard_deviation"] - stretch) <= 4.0 * found["standard_deviation_error"] + 1e-12
    assert found["standard_deviation"] == pytest.approx(stretch, abs=0.03)
    assert abs(found["within_68"] - inside) < 4.0 * found["within_68_error"]


def test_what_is_left_of_chance_is_what_the_errors_say() -> None:
    """Skewed pulls in 400 samples: figures scatter about the truth by their errors, means far less than raw ones."""
    samples = [standard(500, seed) for seed in range(400)]
    skewed = [linear + 0.1 * (linear**2 - 1.0) - 0.05 for linear in samples]
    found = [controlled(pulls, linear) for pulls, linear in zip(skewed, samples, strict=True)]
    truth = {"mean": -0.05, "standard_deviation": np.sqrt(1.0 + 2.0 * 0.1**2)}
    for key, value in truth.items():
        off = np.array([(row[key] - value) / row[f"{key}_error"] for row in found])
        assert off.mean() == pytest.approx(0.0, abs=0.2)
        assert off.std() == pytest.approx(1.0, abs=0.15)
    raw = np.std([pulls.mean() for pulls in skewed])
    assert np.std([row["mean"] for row in found]) < 0.3 * raw


def test_fits_left_out_for_their_noise_bias_nothing_that_is_kept() -> None:
    """Those of the largest noise are left out: the mean of what is kept is that of a cut normal distribution."""
    cut = 0.3
    truth = -norm.pdf(cut) / norm.cdf(cut)
    off = []
    for seed in range(300):
        linear = standard(500, seed)
        found = controlled(np.where(linear > cut, np.nan, linear), linear)
        off.append((found["mean"] - truth) / found["mean_error"])
    assert np.mean(off) == pytest.approx(0.0, abs=0.2)
    assert np.std(off) == pytest.approx(1.0, abs=0.15)


def test_linear_pulls_are_those_of_a_fit_where_noise_is_small() -> None:
    """SciPy's least squares on the same rendering, at a signal-to-noise of thousands."""
    random = np.random.default_rng(3)
    truth = drawn(random) | {"i_e": 3e4}
    noise = random.normal(0.0, SIGMA, light(truth).shape)
    data = light(truth) + noise
    slopes = jacobian(truth)
    start = np.array([*(truth[name] for name in NAMES), 0.0])

    def residual(point: np.ndarray) -> np.ndarray:
        return (light(dict(zip(NAMES, point, strict=False))) + point[-1] - data).ravel() / SIGMA

    end = least_squares(residual, start, jac=lambda _: slopes / SIGMA, x_scale="jac", xtol=1e-12, ftol=1e-14)
    sigma = np.sqrt(np.diagonal(np.linalg.inv(slopes.T @ slopes))) * SIGMA
    assert (end.x - start) / sigma == pytest.approx(linear_pulls(slopes, noise), abs=0.01)
