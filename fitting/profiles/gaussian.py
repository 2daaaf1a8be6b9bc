"""The Gaussian profile.

I(R) = I_0 exp(−4 ln 2 (R/fwhm)²) = I_0 2^{−4ρ}.

Source: Peng et al. 2010, AJ 139, 2097, equation 9, with σ = fwhm / (2 √(2 ln 2)).
"""

import math

import torch
from torch import Tensor

from fitting.profiles.radial import ShapelessProfile

FALL = 4.0 * math.log(2.0)
"""−d ln I / dρ."""


class Gaussian(ShapelessProfile):
    """The Gaussian as a radial profile: scale fwhm, amplitude i_0 (central brightness)."""

    name = "gaussian"
    scale = "fwhm"
    amplitude = "i_0"

    def brightness(self, log_rho: Tensor, constants: Tensor) -> Tensor:
        return log_rho.exp().mul_(-FALL).exp_()

    def derivatives(self, log_rho: Tensor, constants: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        exponent = log_rho.exp().mul_(-FALL)
        brightness = exponent.exp()
        return brightness, exponent.mul_(brightness), ()

    def extent(self, shape: tuple[float, ...]) -> float:
        return 2.0

    def flux(self, q: Tensor, scale: Tensor, amplitude: Tensor, shape: tuple[Tensor, ...]) -> Tensor:
        """π q fwhm² I_0 / (4 ln 2)."""
        return torch.pi / FALL * q * scale**2 * amplitude
