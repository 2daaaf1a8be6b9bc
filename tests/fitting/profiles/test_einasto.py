"""Einasto's law as a surface brightness: the Sérsic profile in other parameters, and with every form and modifier."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import gammainc, gammaincinv

from fitting.profiles.einasto import Einasto
from fitting.profiles.sersic import Sersic
from tests.fitting.scene import fitted, image_of, noisy, rendered, uncertainties_of, values_of

PLACE = {"x": 30.3, "y": 29.6, "q": 0.62, "pa": 35.0}
FLUX = 12000.0
GEOMETRIES: dict[str, tuple[list[Any], dict[str, float]]] = {
    "plain": ([], {}),
    "boxy, truncated": (
        ["superellipse", {"truncation": ["outer"]}],
        {"c0": 0.4, "outer_truncation": 18.0, "outer_truncation_width": 6.0},
    ),
    "warped": (
        [{"warp": [4, 15]}],
        {"warp_1_q": 0.9, "warp_2_q": 1.2, "warp_1_pa": 5.0, "warp_2_pa": 25.0},
    ),
}


def one(value: float) -> torch.Tensor:
    return torch.tensor([value], dtype=torch.float64)


def as_sersic(alpha: float, r_s: float, i_s: float) -> dict[str, float]:
    """n, r_e and i_e of the same brightness."""
    n, b = 1.0 / alpha, float(gammaincinv(2.0 / alpha, 0.5))
    return {"n": n, "r_e": r_s * (0.5 * b / n) ** n, "i_e": i_s * np.exp(2.0 * n - b)}


@pytest.mark.parametrize("alpha", [0.05, 0.17, 0.5, 1.0, 2.0, 3.0, 10.0])
def test_it_is_the_sersic_profile_of_index_one_over_alpha(alpha: float) -> None:
    same = as_sersic(alpha, 5.0, 2.0)
    radius = np.geomspace(1e-4, 3.0, 40)
    own, other = Einasto(), Sersic()
    constants = own.constants((one(alpha),))[..., None]
    sersic_constants = other.constants((one(same["n"]),))[..., None]
    light = 2.0 * own.brightness(torch.as_tensor(2.0 * np.log(radius))[None], constants)
    log_rho = torch.as_tensor(2.0 * np.log(radius * 5.0 / same["r_e"]))[None]
    assert light.numpy() == pytest.approx(
        same["i_e"] * other.brightness(log_rho, sersic_constants).numpy(), rel=1e-9, abs=1e-280
    )
    flux = own.flux(one(0.6), one(5.0), one(2.0), (one(alpha),))
    same_flux = other.flux(one(0.6), one(same["r_e"]), one(same["i_e"]), (one(same["n"]),))
    assert float(flux) == pytest.approx(float(same_flux), rel=1e-9)
    assert 5.0 * own.extent((alpha,)) == pytest.approx(same["r_e"] * other.extent((same["n"],)), rel=1e-9)


@pytest.mark.parametrize("alpha", [0.05, 0.5, 1.0, 3.0, 10.0])
def test_its_logarithmic_slope_is_minus_two_at_the_scale_radius(alpha: float) -> None:
    profile = Einasto()
    light, by_log_rho, _ = profile.derivatives(
        torch.zeros((1, 1), dtype=torch.float64), profile.constants((one(alpha),))[..., None]
    )
    assert float(light) == pytest.approx(1.0, rel=1e-13)
    assert float(2.0 * by_log_rho / light) == pytest.approx(-2.0, rel=1e-13)


@pytest.mark.parametrize("alpha", [0.3, 1.0, 2.5])
def test_the_light_inside_a_radius_is_the_incomplete_gamma_function(alpha: float) -> None:
    profile, end = Einasto(), 1.7
    nodes, weights = np.polynomial.legendre.leggauss(400)
    log_radius = np.log(end) - 40.0 * (0.5 - 0.5 * nodes)
    light = profile.brightness(torch.as_tensor(2.0 * log_radius)[None], profile.constants((one(alpha),))[..., None])
    inside = 20.0 * 2.0 * np.pi * 0.6 * float((light[0].numpy() * np.exp(2.0 * log_radius) * weights).sum())
    total = float(profile.flux(one(0.6), one(1.0), one(1.0), (one(alpha),)))
    assert inside / total == pytest.approx(gammainc(2.0 / alpha, 2.0 / alpha * end**alpha), rel=1e-9)


@pytest.mark.parametrize("case", GEOMETRIES)
@pytest.mark.parametrize("form", ["flux", "magnitude"])
def test_a_fit_of_its_total_finds_the_truth(case: str, form: str) -> None:
    geometry, modified = GEOMETRIES[case]
    total = FLUX if form == "flux" else 25.0 - 2.5 * math.log10(FLUX)
    held = {name: {"value": value, "fixed": True} for name, value in modified.items()}
    truth = PLACE | {"alpha": 0.7, "r_s": 6.0, form: total}
    galaxy = {"name": "g", "profile": "einasto", "geometry": geometry}
    seen = rendered([galaxy | {"parameters": truth | held}], shape=(61, 61), zero_point=25.0)
    free = {"parameters": held | {form: {"min": 0.0}}}
    result = fitted([galaxy | free], image_of(noisy(seen), zero_point=25.0))
    assert result.converged
    found, sigma = values_of(result), uncertainties_of(result)
    for name, value in truth.items():
        uncertainty = sigma[f"g.{name}"]
        assert uncertainty is not None
        assert abs(found[f"g.{name}"] - value) <= 3.0 * uncertainty, name
