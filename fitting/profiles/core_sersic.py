"""The core-Sérsic profile: a Sérsic profile whose centre is a shallow power law.

I(R) = I_b 2^{−γ/α} [1 + (r_b/R)^α]^{γ/α} exp(b_n {(2^{1/α} r_b/r_e)^{1/n} − [(R^α + r_b^α)/r_e^α]^{1/(nα)}}), I_b the
brightness at r_b, b_n as for the Sérsic profile.

Sources: Graham et al. 2003, AJ 125, 2951, equations 5 and 6; Trujillo et al. 2004, AJ 127, 1917, equation 5.
"""

import math

import torch
from torch import Tensor

from fitting.profiles.dimensions import LENGTH, NUMBER
from fitting.profiles.radial import RadialProfile, radial_integral
from fitting.profiles.sersic import half_light_b


class CoreSersic(RadialProfile):
    """The core-Sérsic profile as a radial profile: shape n, r_b, alpha, gamma, scale r_e, amplitude i_b."""

    name = "core_sersic"
    scale = "r_e"
    amplitude = "i_b"
    shape = ("n", "r_b", "alpha", "gamma")
    dimensions = (NUMBER, LENGTH, NUMBER, NUMBER)

    def constants(self, shape: tuple[Tensor, ...]) -> Tensor:
        """Rows n, α, γ, ln r_b, r_b, b_n, d b_n/d n, (2^{1/α} r_b)^{1/n}: (8, instances); r_b in units of r_e."""
        n, core, alpha, gamma = shape
        b, slope = half_light_b(n)
        at_break = torch.exp((math.log(2.0) / alpha + core.log()) / n)
        return torch.stack((n, alpha, gamma, core.log(), core, b, slope, at_break))

    def brightness(self, log_rho: Tensor, constants: Tensor) -> Tensor:
        n, alpha, gamma, log_core, _, b, _, at_break = constants
        radius = 0.5 * log_rho
        log_mean = torch.logaddexp(alpha * radius, alpha * log_core) / alpha
        core = gamma * (log_mean - radius - math.log(2.0) / alpha)
        return (core - b * ((log_mean / n).exp() - at_break)).exp_()

    def derivatives(self, log_rho: Tensor, constants: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        n, alpha, gamma, log_core, core, b, slope, at_break = constants
        radius = 0.5 * log_rho
        distance = alpha * (radius - log_core)
        share = torch.sigmoid(distance)
        # m = (R^α + r_b^α)^{1/α}: ∂ ln m/∂ ln R = share; at the break it is 2^{1/α} r_b
        log_mean = torch.logaddexp(distance, torch.zeros_like(distance)).div_(alpha).add_(log_core)
        log_mean_break = math.log(2.0) / alpha + log_core
        bend = (log_mean - radius).sub_(math.log(2.0) / alpha)
        power = (log_mean / n).exp_()
        brightness = (bend * gamma).sub_((power - at_break).mul_(b)).exp_()
        by_log_mean = (gamma - power * (b / n)).mul_(brightness)
        at_break_slope = at_break * b / n
        by_log_rho = (by_log_mean * share).sub_(brightness * gamma).mul_(0.5)
        by_core = torch.addcmul(brightness * at_break_slope, by_log_mean, 1.0 - share).div_(core)
        mean_by_alpha = torch.addcmul(log_core - log_mean, share, radius - log_core).div_(alpha)
        break_by_alpha = -math.log(2.0) / alpha**2
        by_alpha = torch.addcmul(brightness * ((at_break_slope - gamma) * break_by_alpha), by_log_mean, mean_by_alpha)
        by_n = (at_break - power).mul_(slope)
        by_n.add_(power.mul_(log_mean).sub_(at_break * log_mean_break).mul_(b / n**2)).mul_(brightness)
        by_gamma = bend.mul_(brightness)
        return brightness, by_log_rho, (by_n, by_core, by_alpha, by_gamma)

    def cusp_power(self, shape: tuple[float, ...]) -> float:
        _, _, alpha, gamma = shape
        return alpha if gamma == 0.0 else -gamma

    def break_radius(self, constants: Tensor) -> Tensor | None:
        return constants[4]

    def extent(self, shape: tuple[float, ...]) -> float:
        return max(4.0, 4.0 * shape[1])

    def flux(self, q: Tensor, scale: Tensor, amplitude: Tensor, shape: tuple[Tensor, ...]) -> Tensor:
        """2π q r_e² ∫ I(x) x dx by quadrature."""
        return 2.0 * torch.pi * q * scale**2 * amplitude * radial_integral(self, shape)
