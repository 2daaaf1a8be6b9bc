"""A sum of concentric Gaussians of one axis ratio and position angle: a multi-Gaussian expansion.

I(R) = Σ_k I_k exp(−R²/2σ_k²).

Sources: Emsellem, Monnet & Bacon 1994, A&A 285, 723; Cappellari 2002, MNRAS 333, 400, equation 1 (with one axis ratio).
"""

import math

import torch
from torch import Tensor

from fitting.profiles.dimensions import INTENSITY, LENGTH
from fitting.profiles.radial import RadialProfile


class MultiGaussian(RadialProfile):
    """The sum as a radial profile: shape sigma_2, sigma_3, …, i_2, i_3, …, scale sigma_1, amplitude i_1.

    Args:
        count: how many Gaussians, at least two.
    """

    name = "multi_gaussian"
    scale = "sigma_1"
    amplitude = "i_1"

    def __init__(self, count: int) -> None:
        others = range(2, count + 1)
        self.shape = (*(f"sigma_{number}" for number in others), *(f"i_{number}" for number in others))
        self.dimensions = (LENGTH,) * len(others) + (INTENSITY,) * len(others)

    def constants(self, shape: tuple[Tensor, ...]) -> Tensor:
        """Rows of each Gaussian but the first: −1/2σ², then its i, then 1/σ: (rows, instances)."""
        sigma, central = torch.stack(shape).chunk(2)
        return torch.cat((-0.5 / sigma**2, central, 1.0 / sigma))

    def brightness(self, log_rho: Tensor, constants: Tensor) -> Tensor:
        fall, central, _ = constants.chunk(3)
        rho = log_rho.exp()
        light = (-0.5 * rho).exp_()
        for one_fall, one_central in zip(fall, central, strict=True):
            light = light + (rho * one_fall).exp_().mul_(one_central)
        return light

    def derivatives(self, log_rho: Tensor, constants: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        rho = log_rho.exp()
        light = (-0.5 * rho).exp_()
        slope = -0.5 * light
        by_sigma, by_central = [], []
        for fall, central, per_sigma in zip(*constants.chunk(3), strict=True):
            unit = (rho * fall).exp_()
            one = unit * central
            light = light + one
            fallen = one * fall
            slope = slope + fallen
            by_sigma.append(fallen.mul_(rho).mul_(-2.0 * per_sigma))
            by_central.append(unit)
        return light, slope.mul_(rho), (*by_sigma, *by_central)

    def extent(self, shape: tuple[float, ...]) -> float:
        """Four half-light radii, which lie between the smallest and the largest Gaussian's."""
        half = len(shape) // 2
        sigmas, centrals = (1.0, *shape[:half]), (1.0, *shape[half:])
        fluxes = [central * sigma**2 for central, sigma in zip(centrals, sigmas, strict=True)]
        low, high = min(sigmas), 1.2 * max(sigmas)
        for _ in range(30):
            middle = 0.5 * (low + high)
            outside = sum(f * math.exp(-0.5 * (middle / s) ** 2) for f, s in zip(fluxes, sigmas, strict=True))
            low, high = (middle, high) if outside > 0.5 * sum(fluxes) else (low, middle)
        return 4.0 * high

    def flux(self, q: Tensor, scale: Tensor, amplitude: Tensor, shape: tuple[Tensor, ...]) -> Tensor:
        """2π q Σ_k I_k σ_k²."""
        sigma, central = torch.stack(shape).chunk(2)
        return 2.0 * torch.pi * q * scale**2 * amplitude * (1.0 + (central * sigma**2).sum(0))
