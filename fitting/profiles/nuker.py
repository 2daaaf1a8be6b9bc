"""The Nuker profile: two power laws and the break between them.

I(R) = I_b 2^{(β−γ)/α} (R/r_b)^−γ [1 + (R/r_b)^α]^{(γ−β)/α}: slope −γ inside, −β outside, I_b the brightness at r_b.

Sources: Lauer et al. 1995, AJ 110, 2622, equation 3; Peng et al. 2010, AJ 139, 2097, equation 16.
"""

import math

import torch
from torch import Tensor
from torch.nn.functional import softplus

from fitting.profiles.dimensions import NUMBER
from fitting.profiles.radial import RadialProfile


class Nuker(RadialProfile):
    """The Nuker law as a radial profile: shape alpha, beta, gamma, scale r_b, amplitude i_b."""

    name = "nuker"
    scale = "r_b"
    amplitude = "i_b"
    shape = ("alpha", "beta", "gamma")
    dimensions = (NUMBER, NUMBER, NUMBER)

    def constants(self, shape: tuple[Tensor, ...]) -> Tensor:
        """Rows α, γ, (β − γ)/α: (3, instances)."""
        alpha, beta, gamma = shape
        return torch.stack((alpha, gamma, (beta - gamma) / alpha))

    def brightness(self, log_rho: Tensor, constants: Tensor) -> Tensor:
        alpha, gamma, contrast = constants
        radius = 0.5 * log_rho
        return (contrast * (math.log(2.0) - _log_sum(alpha * radius)) - gamma * radius).exp_()

    def derivatives(self, log_rho: Tensor, constants: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        alpha, gamma, contrast = constants
        radius = 0.5 * log_rho
        power = alpha * radius
        share = torch.sigmoid(power)
        bend = math.log(2.0) - _log_sum(power)
        brightness = (contrast * bend - gamma * radius).exp_()
        by_log_rho = (share * (contrast * alpha) + gamma).mul_(brightness).mul_(-0.5)
        by_alpha = share.mul_(radius).add_(bend / alpha).mul_(brightness).mul_(-contrast)
        by_beta = bend.mul_(brightness).div_(alpha)
        by_gamma = torch.addcmul(-by_beta, radius, brightness, value=-1.0)
        return brightness, by_log_rho, (by_alpha, by_beta, by_gamma)

    def cusp_power(self, shape: tuple[float, ...]) -> float:
        alpha, _, gamma = shape
        return alpha if gamma == 0.0 else -gamma

    def break_radius(self, constants: Tensor) -> Tensor | None:
        return torch.ones_like(constants[0])

    def extent(self, shape: tuple[float, ...]) -> float:
        return 10.0

    def flux(self, q: Tensor, scale: Tensor, amplitude: Tensor, shape: tuple[Tensor, ...]) -> Tensor:
        """2π q r_b² I_b 2^{(β−γ)/α} B((2 − γ)/α, (β − 2)/α) / α, B the beta function; infinite for β ≤ 2 or γ ≥ 2."""
        alpha, beta, gamma = shape
        finite = (beta > 2.0) & (gamma < 2.0)
        inner = torch.where(finite, 2.0 - gamma, 1.0) / alpha
        outer = torch.where(finite, beta - 2.0, 1.0) / alpha
        log_beta = torch.lgamma(inner) + torch.lgamma(outer) - torch.lgamma(inner + outer)
        integral = torch.exp((beta - gamma) / alpha * math.log(2.0) + log_beta) / alpha
        return torch.where(finite, 2.0 * torch.pi * q * scale**2 * amplitude * integral, torch.inf)


def _log_sum(exponent: Tensor) -> Tensor:
    """ln(1 + e^x)."""
    return softplus(exponent, threshold=700.0)
