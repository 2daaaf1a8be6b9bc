"""The Gaussian ring: an elliptical ring whose brightness is a Gaussian of the distance from its crest.

I(R) = I_r exp(−(R − r_ring)² / (2 σ_r²)).

Source: Erwin 2015, ApJ 799, 226, section 4 (GaussianRing).
"""

import math

import torch
from torch import Tensor

from fitting.profiles.dimensions import LENGTH
from fitting.profiles.radial import RadialProfile


class GaussianRing(RadialProfile):
    """The Gaussian ring as a radial profile: shape sigma_r, scale r_ring, amplitude i_r (brightness of the crest)."""

    name = "gaussian_ring"
    scale = "r_ring"
    amplitude = "i_r"
    shape = ("sigma_r",)
    dimensions = (LENGTH,)

    def constants(self, shape: tuple[Tensor, ...]) -> Tensor:
        """Row 1/σ_r in units of r_ring: (1, instances)."""
        return 1.0 / shape[0].unsqueeze(0)

    def brightness(self, log_rho: Tensor, constants: Tensor) -> Tensor:
        (narrowness,) = constants
        return (0.5 * log_rho).exp_().sub_(1.0).mul_(narrowness).square_().mul_(-0.5).exp_()

    def derivatives(self, log_rho: Tensor, constants: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        (narrowness,) = constants
        radius = (0.5 * log_rho).exp_()
        offset = (radius - 1.0).mul_(narrowness)
        square = offset.square()
        brightness = (-0.5 * square).exp_()
        by_log_rho = radius.mul_(offset).mul_(brightness).mul_(-0.5 * narrowness)
        return brightness, by_log_rho, (square.mul_(brightness).mul_(narrowness),)

    def brightest_beyond(self, log_rho: Tensor, constants: Tensor) -> Tensor:
        return self.brightness(log_rho.clamp(min=0.0), constants)

    def cusp_power(self, shape: tuple[float, ...]) -> float:
        return 1.0

    def extent(self, shape: tuple[float, ...]) -> float:
        return 1.0 + 4.0 * shape[0]

    def flux(self, q: Tensor, scale: Tensor, amplitude: Tensor, shape: tuple[Tensor, ...]) -> Tensor:
        """2π q I_r [σ² e^{−r²/2σ²} + r σ √(π/2) (1 + erf(r / √2 σ))], r = r_ring."""
        (width,) = shape
        tail = width**2 * torch.exp(-0.5 / width**2)
        crest = width * math.sqrt(0.5 * math.pi) * (1.0 + torch.erf(math.sqrt(0.5) / width))
        return 2.0 * torch.pi * q * scale**2 * amplitude * (tail + crest)
