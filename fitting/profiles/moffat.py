"""The Moffat profile.

I(R) = I_0 [1 + (R/r_d)²]^−β, fwhm = 2 r_d √(2^{1/β} − 1): I = I_0 (1 + kρ)^−β, k = 4 (2^{1/β} − 1), ρ = (R/fwhm)².

Sources: Moffat 1969, A&A 3, 455; Peng et al. 2010, AJ 139, 2097, equation 10.
"""

import math

import torch
from torch import Tensor

from fitting.profiles.dimensions import NUMBER
from fitting.profiles.radial import RadialProfile


class Moffat(RadialProfile):
    """The Moffat function as a radial profile: shape beta, scale fwhm, amplitude i_0 (central brightness)."""

    name = "moffat"
    scale = "fwhm"
    amplitude = "i_0"
    shape = ("beta",)
    dimensions = (NUMBER,)

    def constants(self, shape: tuple[Tensor, ...]) -> Tensor:
        """Rows β, k, −(β/k) dk/dβ: (3, instances)."""
        (beta,) = shape
        k = 4.0 * torch.expm1(math.log(2.0) / beta)
        slope = 4.0 * math.log(2.0) / beta * torch.exp(math.log(2.0) / beta)
        return torch.stack((beta, k, slope / k))

    def brightness(self, log_rho: Tensor, constants: Tensor) -> Tensor:
        beta, k, _ = constants
        return log_rho.exp().mul_(k).add_(1.0).log_().mul_(-beta).exp_()

    def derivatives(self, log_rho: Tensor, constants: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        beta, k, slope = constants
        scaled = log_rho.exp().mul_(k)
        whole = scaled + 1.0
        log_sum = whole.log()
        brightness = (-beta * log_sum).exp_()
        outside = scaled.div_(whole).mul_(brightness)
        by_beta = torch.addcmul(outside * slope, log_sum, brightness, value=-1.0)
        return brightness, outside.mul_(-beta), (by_beta,)

    def extent(self, shape: tuple[float, ...]) -> float:
        (beta,) = shape
        k = 4.0 * math.expm1(math.log(2.0) / beta)
        # Below β = 1.5 the half-light radius runs away, and does not exist from β = 1 on.
        return 4.0 * math.sqrt(math.expm1(math.log(2.0) / max(beta - 1.0, 0.5)) / k)

    def flux(self, q: Tensor, scale: Tensor, amplitude: Tensor, shape: tuple[Tensor, ...]) -> Tensor:
        """π q fwhm² I_0 / (k (β − 1)); infinite for β ≤ 1."""
        (beta,) = shape
        k = 4.0 * torch.expm1(math.log(2.0) / beta)
        finite = beta > 1.0
        excess = torch.where(finite, beta - 1.0, torch.ones_like(beta))
        return torch.where(finite, torch.pi * q * scale**2 * amplitude / (k * excess), torch.inf)
