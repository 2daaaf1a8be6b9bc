"""The exponential profile.

I(R) = I_0 exp(−R/h).

Sources: Freeman 1970, ApJ 160, 811, equation 1; Peng et al. 2010, AJ 139, 2097, equation 8.
"""

import torch
from torch import Tensor

from fitting.profiles.radial import ShapelessProfile

HALF_LIGHT = 1.6783469900166605
"""Half-light radius in scale lengths: the root of (1 + x) e^−x = 1/2."""


class Exponential(ShapelessProfile):
    """The exponential as a radial profile: scale h, amplitude i_0 (central brightness)."""

    name = "exponential"
    scale = "h"
    amplitude = "i_0"

    def brightness(self, log_rho: Tensor, constants: Tensor) -> Tensor:
        return (0.5 * log_rho).exp_().neg_().exp_()

    def derivatives(self, log_rho: Tensor, constants: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        radius = (0.5 * log_rho).exp_()
        brightness = (-radius).exp_()
        return brightness, radius.mul_(-0.5).mul_(brightness), ()

    def cusp_power(self, shape: tuple[float, ...]) -> float:
        return 1.0

    def extent(self, shape: tuple[float, ...]) -> float:
        return 4.0 * HALF_LIGHT

    def flux(self, q: Tensor, scale: Tensor, amplitude: Tensor, shape: tuple[Tensor, ...]) -> Tensor:
        """2π q h² I_0."""
        return 2.0 * torch.pi * q * scale**2 * amplitude
