"""Einasto's law as a surface brightness: the logarithmic slope is a power of the radius.

I(R) = I_s exp(−(2/α) [(R/r_s)^α − 1]), so that d ln I / d ln R = −2 (R/r_s)^α, which is −2 at r_s, where I = I_s.

Einasto's law is one of a density, ρ(r) ∝ exp(−(2/α) [(r/r_s)^α − 1]). Here the surface brightness itself follows it:
what a density of this law looks like in projection is another function. As a surface brightness it is the Sérsic
profile with n = 1/α, R_e = r_s (b_n/2n)^n and I_e = I_s e^{2n − b_n}.

Sources: Einasto 1965, Trudy Astrofiz. Inst. Alma-Ata 5, 87; Navarro et al. 2004, MNRAS 349, 1039, equations 4 and 5;
Merritt et al. 2006, AJ 132, 2685 (the law of a density beside Sérsic's of a surface brightness).
"""

import math

import torch
from scipy.special import gammaincinv
from torch import Tensor

from fitting.profiles.dimensions import NUMBER
from fitting.profiles.radial import RadialProfile

_EXTENT = 4.0
"""Half-light radii inside which pixels are promised to be exact (decision 0009)."""


class Einasto(RadialProfile):
    """Einasto's law as a radial profile: shape alpha, scale r_s, amplitude i_s (brightness at r_s)."""

    name = "einasto"
    scale = "r_s"
    amplitude = "i_s"
    shape = ("alpha",)
    dimensions = (NUMBER,)

    def constants(self, shape: tuple[Tensor, ...]) -> Tensor:
        """Rows α/2, 2/α, −2/α, −1/α, 2/α²: (5, instances)."""
        (alpha,) = shape
        inverse = alpha.reciprocal()
        fall = 2.0 * inverse
        return torch.stack((0.5 * alpha, fall, -fall, -inverse, fall * inverse))

    def brightness(self, log_rho: Tensor, constants: Tensor) -> Tensor:
        half_alpha, fall, against = constants[:3].unbind()
        return (log_rho * half_alpha).exp_().mul_(against).add_(fall).exp_()

    def derivatives(self, log_rho: Tensor, constants: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        half_alpha, fall, against, by_log, by_fall = constants.unbind()
        power = (log_rho * half_alpha).exp_()
        brightness = (power * against).add_(fall).exp_()
        falling = power.mul_(brightness)
        # ∂I/∂α = (2/α² − ln ρ/α) t I − (2/α²) I, t = ρ^{α/2}
        by_alpha = (log_rho * by_log).add_(by_fall).mul_(falling).addcmul_(brightness, by_fall, value=-1.0)
        return brightness, falling.neg_(), (by_alpha,)

    def cusp_power(self, shape: tuple[float, ...]) -> float:
        return shape[0]

    def extent(self, shape: tuple[float, ...]) -> float:
        """4 half-light radii, or for α above 2 nearer, where I is as far below that at the half-light radius as a
        Gaussian's (α = 2) is there: further out it falls by many orders within a pixel.
        """
        (alpha,) = shape
        half_light = float(gammaincinv(2.0 / alpha, 0.5))  # (2/α) (R/r_s)^α there
        reach = half_light * _EXTENT**alpha if alpha <= 2.0 else half_light + math.log(2.0) * (_EXTENT**2 - 1.0)
        return (0.5 * alpha * reach) ** (1.0 / alpha)

    def flux(self, q: Tensor, scale: Tensor, amplitude: Tensor, shape: tuple[Tensor, ...]) -> Tensor:
        """2π q r_s² I_s e^{2/α} (α/2)^{2/α} Γ(2/α) / α: the incomplete gamma function of the light inside a radius,
        γ(2/α, (2/α) (R/r_s)^α), where it is complete.
        """
        (alpha,) = shape
        fall = 2.0 / alpha
        log_integral = fall - fall * torch.log(fall) + torch.lgamma(fall)
        return torch.pi * q * scale**2 * amplitude * fall * torch.exp(log_integral)
