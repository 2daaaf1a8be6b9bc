"""Samplers on galaxies that are hardly there, whose axes may swap their names: draws, and the right ones.

At low signal chains cross q = 1, where θ covers every ellipse a second time. What they draw there is held against the
posterior summed over a grid, with the linear amplitude integrated in closed form.
"""

from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import norm

from fitting.chains import diagnose
from fitting.first_values import complete_request
from fitting.methods.minimizers import levenberg_marquardt
from fitting.methods.results import MinimizerResult
from fitting.methods.samplers.posterior import Posterior
from fitting.problem import Problem
from fitting.spec.profiles import PROFILES
from tests.fitting.methods.targets import SAMPLERS
from tests.fitting.scene import fit_request, fitted, flat_sky, image_of, noisy, rendered, sersic

SHAPE = (21, 21)
CENTRE: dict[str, Any] = {"x": {"value": 10.2, "fixed": True}, "y": {"value": 9.9, "fixed": True}}
LENGTHS = {
    "nuts": {"warmup": 25, "samples": 60, "chains": 4, "max_tree_depth": 4},
    "hmc": {"warmup": 25, "samples": 120, "chains": 4, "leapfrog_steps": 6},
    "mala": {"warmup": 100, "samples": 400, "chains": 8},
    "metropolis": {"warmup": 200, "samples": 600, "chains": 8},
}
MOMENTS = ("q", "q²", "cos 2pa", "sin 2pa", "log fwhm", "log² fwhm")


def blob(brightness: float) -> dict[str, Any]:
    """A Gaussian galaxy, of which all but the centre is free."""
    parameters = {"q": 0.85, "pa": 50.0, "fwhm": 6.0, "i_0": brightness}
    return {"name": "g", "profile": "gaussian", "parameters": CENTRE | parameters}


@cache
def faint_galaxy() -> tuple[Problem, MinimizerResult]:
    """A galaxy of S/N 9 with q, pa, its width and its brightness free, and the optimum."""
    light = rendered([blob(1.0)], SHAPE)
    brightness = 9.0 / float(np.sqrt((light**2).sum()))
    problem = Problem(fit_request([blob(brightness)]), [image_of(noisy(brightness * light))])
    return problem, levenberg_marquardt(problem, problem.start())


def moments(q: np.ndarray, pa: np.ndarray, fwhm: np.ndarray) -> np.ndarray:
    """The functions of the parameters whose means are compared, (..., moments)."""
    double, log_fwhm = np.deg2rad(2.0 * pa), np.log(fwhm)
    return np.stack([q, q**2, np.cos(double), np.sin(double), log_fwhm, log_fwhm**2], axis=-1)


@cache
def exact_means() -> np.ndarray:
    """The posterior means of `moments`, by midpoint sums over q, pa and log fwhm, the prior flat in the parameters."""
    problem, _ = faint_galaxy()
    assert problem.names == ("g.q", "g.pa", "g.fwhm", "g.i_0")
    q, pa = 0.01 + 0.99 * (np.arange(12) + 0.5) / 12, 180.0 * np.arange(12) / 12
    log_fwhm = np.log(50.0) * (np.arange(18) + 0.5) / 18
    grid = np.stack(np.meshgrid(q, pa, log_fwhm, indexing="ij"), -1).reshape(-1, 3)
    theta = torch.from_numpy(np.column_stack([np.log(grid[:, 0]), grid[:, 1:], np.zeros(len(grid))]))
    data = problem.images[0].data.numpy()
    squares, products = [], []
    for part in theta.split(64):
        light = problem.model(part)[0].numpy()
        squares.append((light**2).sum((1, 2)))
        products.append((light * data).sum((1, 2)))
    a, b = np.concatenate(squares), np.concatenate(products)
    # ∫ exp(−(a i² − 2 b i)/2) di over i ≥ 0, times r_e for the step in its logarithm.
    log_weight = 0.5 * b**2 / a + norm.logcdf(b / np.sqrt(a)) - 0.5 * np.log(a) + grid[:, 2]
    weight = np.exp(log_weight - log_weight.max())
    assert weight.reshape(12, 12, 18)[..., [0, -1]].sum() < 1e-3 * weight.sum()
    return np.average(moments(grid[:, 0], grid[:, 1], np.exp(grid[:, 2])), axis=0, weights=weight)


@pytest.mark.slow
@pytest.mark.parametrize("method", LENGTHS)
def test_draws_of_a_faint_galaxy_have_the_moments_of_its_posterior(method: str) -> None:
    problem, end = faint_galaxy()
    runner, options = SAMPLERS[method]
    chains = runner(problem, end, options(**LENGTHS[method]), lambda *_: None).chains
    q, pa, fwhm, _ = np.moveaxis(chains.draws, -1, 0)
    assert (q <= 1.0).all()
    found = moments(q, pa, fwhm)
    effective = min(diagnose(chains).ess_bulk.values())
    assert effective > 40
    errors = found.reshape(-1, len(MOMENTS)).std(0) / np.sqrt(effective)
    off = (found.mean((0, 1)) - exact_means()) / errors
    assert (abs(off) < 4.5).all(), dict(zip(MOMENTS, off.round(2), strict=True))


SWAPPING = {
    "sersic",
    "exponential",
    "de_vaucouleurs",
    "gaussian",
    "moffat",
    "king",
    "modified_ferrers",
    "nuker",
    "core_sersic",
    "broken_exponential",
    "isothermal",
    "einasto",
    "multi_gaussian",
}
"""Profiles of ellipses, whose axes may swap their names."""


@pytest.mark.parametrize("profile", sorted(SWAPPING & PROFILES.keys()))
def test_the_slope_of_the_density_is_right_where_the_axes_have_swapped_their_names(profile: str) -> None:
    image = image_of(noisy(rendered([sersic(x=10.2, y=9.9, r_e=3.0)], SHAPE)))
    component = {"name": "g", "profile": profile, "parameters": {"x": 10.3, "y": 9.8, "q": 0.8, "pa": 30.0}}
    request = complete_request(fit_request([component]), [image])
    problem = Problem(request, [image])
    assert problem.parameters.ellipses
    posterior = Posterior.of(problem, problem.start())
    theta = problem.start().clone()
    theta[0, problem.parameters.ellipses[0].q] = 0.15
    density, slope = posterior.mirrored_density(theta)
    assert torch.isfinite(density.log_density).all()
    for place, name in enumerate(problem.names):
        step = torch.zeros_like(theta)
        step[0, place] = 1e-4
        ahead, behind = (posterior.mirrored_density(theta + sign * step)[0].log_density for sign in (1.0, -1.0))
        difference = float((ahead - behind) / 2e-4)
        np.testing.assert_allclose(float(slope[0, place]), difference, rtol=1e-3, atol=1e-3, err_msg=name)


SHORT: dict[str, dict[str, int]] = {"nuts": {"max_tree_depth": 3}, "hmc": {"leapfrog_steps": 5}, "mala": {}}
SETTINGS = {
    "noise": {},
    "an amplitude of either sign": {"i_e": {"value": 0.1, "min": None}},
    "at limits": {"q": {"value": 1.0, "min": 0.3}, "n": {"value": 0.5, "min": 0.5, "max": 8}},
    "unfelt": {"x": 400.0, "y": 400.0},
}


@pytest.mark.parametrize(
    ("method", "setting"), [*zip(["nuts", "hmc", "mala", "nuts"], SETTINGS, strict=True), ("mala", "noise")]
)
def test_where_there_is_only_noise_there_are_draws_and_a_sentence(method: str, setting: str) -> None:
    galaxy = {"x": 10, "y": 10, "q": 0.8, "pa": 20, "n": 1, "r_e": 3, "i_e": 2} | SETTINGS[setting]
    stages = [{"method": "lm"}, {"method": method, "warmup": 10, "samples": 10, "chains": 2, **SHORT[method]}]
    result = fitted([flat_sky(0.0), sersic(**galaxy)], image_of(noisy(np.zeros(SHAPE), seed=5)), stages)
    assert result.sampled is not None
    assert np.isfinite(result.sampled.chains.draws).all()
    assert not result.converged
    assert "do not use" in result.message
