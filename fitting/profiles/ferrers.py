"""The modified Ferrers profile: nearly flat inside, and an end.

I(R) = I_0 [1 − (R/r_out)^{2−β}]^α for R < r_out, else 0.

Sources: Binney & Tremaine 1987, Galactic Dynamics; Peng et al. 2010, AJ 139, 2097, equation 11.
"""

import torch
from torch import Tensor

from fitting.profiles.dimensions import NUMBER
from fitting.profiles.radial import RadialProfile, power_inside


class Ferrers(RadialProfile):
    """The Ferrers profile as a radial profile: shape alpha, beta, scale r_out, amplitude i_0 (central brightness)."""

    name = "ferrers"
    scale = "r_out"
    amplitude = "i_0"
    shape = ("alpha", "beta")
    dimensions = (NUMBER, NUMBER)

    def constants(self, shape: tuple[Tensor, ...]) -> Tensor:
        """Rows α, (2 − β)/2: (2, instances)."""
        alpha, beta = shape
        return torch.stack((alpha, 1.0 - 0.5 * beta))

    def brightness(self, log_rho: Tensor, constants: Tensor) -> Tensor:
        alpha, power = constants
        return power_inside((power * log_rho).expm1_().neg_(), alpha)

    def derivatives(self, log_rho: Tensor, constants: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        alpha, power = constants
        height = torch.expm1(power * log_rho).neg_()
        inside = height > 0.0
        height = torch.where(inside, height, 1.0)
        log_height = height.log()
        brightness = torch.where(inside, (log_height * alpha).exp_(), 0.0)
        # With y = (R/r_out)^{2−β}: ∂I/∂y = −α I/(1 − y)
        by_power = (height - 1.0).mul_(brightness).div_(height).mul_(alpha)
        by_beta = (by_power * log_rho).mul_(-0.5)
        return brightness, by_power.mul_(power), (log_height.mul_(brightness), by_beta)

    def cusp_power(self, shape: tuple[float, ...]) -> float:
        power = 2.0 - shape[1]
        return super().cusp_power(shape) if power == 2.0 else power

    def break_radius(self, constants: Tensor) -> Tensor | None:
        return torch.ones_like(constants[0])

    def extent(self, shape: tuple[float, ...]) -> float:
        return 1.0

    def flux(self, q: Tensor, scale: Tensor, amplitude: Tensor, shape: tuple[Tensor, ...]) -> Tensor:
        """2π q r_out² I_0 B(2/(2 − β), α + 1) / (2 − β), B the beta function."""
        alpha, beta = shape
        power = 2.0 - beta
        first, second = 2.0 / power, alpha + 1.0
        log_beta = torch.lgamma(first) + torch.lgamma(second) - torch.lgamma(first + second)
        return 2.0 * torch.pi * q * scale**2 * amplitude * torch.exp(log_beta) / power
