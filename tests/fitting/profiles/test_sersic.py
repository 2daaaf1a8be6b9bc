"""The Sérsic profile as a function of radius: half-light constant, derivatives, flux."""

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.special import gammainc, gammaincinv

from fitting.profiles.sersic import Sersic, half_light_b

INDICES = np.geomspace(0.021, 59.0, 400)


def test_half_light_constant_is_that_of_the_incomplete_gamma_function() -> None:
    b, _ = half_light_b(torch.as_tensor(INDICES))
    assert b.numpy() == pytest.approx(gammaincinv(2.0 * INDICES, 0.5), rel=2e-12)


def test_half_of_the_flux_lies_inside_the_constant() -> None:
    index = np.geomspace(0.1, 12.0, 50)
    b, _ = half_light_b(torch.as_tensor(index))
    assert gammainc(2.0 * index, b.numpy()) == pytest.approx(0.5, abs=1e-12)


def test_slope_of_the_half_light_constant_matches_finite_differences() -> None:
    step = 1e-4 * INDICES[5:-5]
    inner = INDICES[5:-5]

    def b(index: np.ndarray) -> np.ndarray:
        return np.asarray(gammaincinv(2.0 * index, 0.5))

    expected = (8 * (b(inner + step) - b(inner - step)) - (b(inner + 2 * step) - b(inner - 2 * step))) / (12 * step)
    _, slope = half_light_b(torch.as_tensor(inner))
    assert slope.numpy() == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("n", [0.1, 0.5, 1.0, 2.7, 4.0, 12.0])
def test_brightness_follows_the_formula(n: float) -> None:
    radius = np.geomspace(1e-4, 3.0, 40)
    profile = Sersic()
    constants = profile.constants((torch.tensor([n], dtype=torch.float64),))
    brightness = profile.brightness(torch.as_tensor(2.0 * np.log(radius))[None], constants[..., None])
    expected = np.exp(-gammaincinv(2.0 * n, 0.5) * (radius ** (1.0 / n) - 1.0))
    assert brightness[0].numpy() == pytest.approx(expected, rel=1e-10, abs=1e-280)


@pytest.mark.parametrize("n", [0.3, 1.0, 4.0, 9.0])
def test_derivatives_match_finite_differences_of_the_brightness(n: float) -> None:
    log_rho = torch.linspace(-9.0, 2.0, 30, dtype=torch.float64)[None]
    profile = Sersic()

    def brightness(at: torch.Tensor, index: float) -> torch.Tensor:
        return profile.brightness(at, profile.constants((torch.tensor([index], dtype=torch.float64),))[..., None])

    constants = profile.constants((torch.tensor([n], dtype=torch.float64),))[..., None]
    value, by_log_rho, (by_n,) = profile.derivatives(log_rho, constants)
    step = 1e-5
    expected_rho = (brightness(log_rho + step, n) - brightness(log_rho - step, n)) / (2 * step)
    expected_n = (brightness(log_rho, n * (1 + step)) - brightness(log_rho, n * (1 - step))) / (2 * step * n)
    assert torch.allclose(value, brightness(log_rho, n), rtol=1e-13)
    for exact, expected in ((by_log_rho, expected_rho), (by_n, expected_n)):
        assert float((exact - expected).abs().max()) <= 1e-8 * float(expected.abs().max())


@pytest.mark.parametrize("n", [0.5, 1.0, 4.0, 8.0])
def test_flux_is_the_integral_of_the_profile(n: float) -> None:
    b = gammaincinv(2.0 * n, 0.5)

    def ring(t: float) -> float:
        """2π q R I(R) dR with R = r_e t^n."""
        return float(2 * np.pi * 0.6 * 9.0 * 7.0 * n * t ** (2 * n - 1) * np.exp(-b * (t - 1.0)))

    expected, _ = quad(ring, 0.0, np.inf, epsabs=0.0, epsrel=1e-11)
    number = [torch.tensor(value, dtype=torch.float64) for value in (0.6, 3.0, 7.0, n)]
    assert float(Sersic().flux(*number[:3], (number[3],))) == pytest.approx(expected, rel=1e-9)
