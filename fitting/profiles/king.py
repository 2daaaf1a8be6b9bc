"""The King profile, classic and modified: a core and a truncation.

I(R) = I_0 ([w(R) − w(r_t)] / [1 − w(r_t)])^α for R < r_t, else 0; w(R) = [1 + (R/r_c)²]^{−1/α}. The classic α is 2.

Sources: King 1962, AJ 67, 471, equation 14; Elson 1999, in Globular Clusters (Cambridge University Press), p. 209; Peng
et al. 2010, AJ 139, 2097, equation 12 (α free).
"""

import torch
from numpy.polynomial.legendre import leggauss
from torch import Tensor

from fitting.profiles.dimensions import LENGTH, NUMBER
from fitting.profiles.radial import RadialProfile, power_inside

_FLUX_ORDER = 64
"""Gauss–Legendre nodes of the total flux, which is held to 1e-8 by tests/fitting/profiles/test_every_profile.py."""
_FLUX_GRADING = 4.0
"""Power of t in the substitution, which takes the end's broken power α out of the way."""
_CLASSIC = 2.0
"""α of King 1962."""


class ModifiedKing(RadialProfile):
    """The King profile with α free: shape r_t, alpha, scale r_c, amplitude i_0 (central brightness)."""

    name = "modified_king"
    scale = "r_c"
    amplitude = "i_0"
    shape = ("r_t", "alpha")
    dimensions = (LENGTH, NUMBER)

    def constants(self, shape: tuple[Tensor, ...]) -> Tensor:
        """Rows α, L_t = ln(1 + r_t²), w_t, 1 − w_t, d L_t/d r_t: (5, instances); r_t in units of r_c."""
        end, alpha = shape
        log_end = torch.log1p(end * end)
        edge = torch.exp(-log_end / alpha)
        return torch.stack((alpha, log_end, edge, -torch.expm1(-log_end / alpha), 2.0 * end / (1.0 + end * end)))

    def brightness(self, log_rho: Tensor, constants: Tensor) -> Tensor:
        alpha, log_end, edge, drop, _ = constants
        height = log_rho.exp().add_(1.0).log_().sub_(log_end).mul_(-1.0 / alpha).expm1_().mul_(edge / drop)
        return power_inside(height, alpha)

    def derivatives(self, log_rho: Tensor, constants: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        alpha, log_end, edge, drop, by_end = constants
        rho = log_rho.exp()
        whole = rho + 1.0
        log_sum = whole.log()
        height = (log_sum - log_end).mul_(-1.0 / alpha).expm1_().mul_(edge)
        inside = height > 0.0
        height = torch.where(inside, height, 1.0)
        log_height = height.log()
        brightness = torch.where(inside, ((log_height - drop.log()) * alpha).exp_(), 0.0)
        per_height = brightness / height
        law = height.add_(edge)
        by_log_rho = rho.div_(whole).mul_(law).mul_(per_height).neg_()
        # ∂ ln I/∂L_t = w_t/(w − w_t) − w_t/(1 − w_t)
        by_log_end = (per_height - brightness / drop).mul_(edge)
        by_alpha = (log_height - drop.log()).mul_(brightness)
        by_alpha.addcmul_(law.mul_(log_sum).mul_(per_height), 1.0 / alpha).addcmul_(by_log_end, -log_end / alpha)
        return brightness, by_log_rho, (by_log_end.mul_(by_end), by_alpha)

    def break_radius(self, constants: Tensor) -> Tensor | None:
        return constants[1].expm1().sqrt()

    def extent(self, shape: tuple[float, ...]) -> float:
        return shape[0]

    def flux(self, q: Tensor, scale: Tensor, amplitude: Tensor, shape: tuple[Tensor, ...]) -> Tensor:
        """π q r_c² ∫ I dρ, by Gauss–Legendre quadrature in t, ln(1 + ρ) = L_t (1 − t⁴)."""
        end, alpha = shape
        log_end = torch.log1p(end * end)
        points, weights = leggauss(_FLUX_ORDER)
        t = torch.as_tensor(0.5 * (points + 1.0), device=end.device)
        step = torch.as_tensor(0.5 * weights, device=end.device) * _FLUX_GRADING * t ** (_FLUX_GRADING - 1.0)
        left = log_end.unsqueeze(-1) * t**_FLUX_GRADING
        power = alpha.unsqueeze(-1)
        height = torch.expm1(left / power) / torch.expm1(log_end.unsqueeze(-1) / power)
        integral = (height**power * torch.exp(log_end.unsqueeze(-1) - left) * step).sum(-1) * log_end
        return torch.pi * q * scale**2 * amplitude * integral


class King(RadialProfile):
    """The classic King profile: shape r_t, scale r_c, amplitude i_0 (central brightness)."""

    name = "king"
    scale = "r_c"
    amplitude = "i_0"
    shape = ("r_t",)
    dimensions = (LENGTH,)
    general = ModifiedKing()

    def constants(self, shape: tuple[Tensor, ...]) -> Tensor:
        """As of the modified profile, with α = 2."""
        return self.general.constants(_with_classic_power(shape))

    def brightness(self, log_rho: Tensor, constants: Tensor) -> Tensor:
        _, log_end, edge, drop, _ = constants
        return _height(log_rho.exp().add_(1.0), log_end).mul_(edge / drop).square_()

    def derivatives(self, log_rho: Tensor, constants: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        _, log_end, edge, drop, by_end = constants
        rho = log_rho.exp()
        whole = rho + 1.0
        share = rho.div_(whole)
        height = _height(whole, log_end).mul_(edge)
        per_height = height / drop**2
        brightness = height * per_height
        by_log_rho = share.mul_(height.add_(edge)).mul_(per_height).neg_()
        by_log_end = per_height.sub_(brightness / drop).mul_(edge * by_end)
        return brightness, by_log_rho, (by_log_end,)

    def break_radius(self, constants: Tensor) -> Tensor | None:
        return constants[1].expm1().sqrt()

    def extent(self, shape: tuple[float, ...]) -> float:
        return shape[0]

    def flux(self, q: Tensor, scale: Tensor, amplitude: Tensor, shape: tuple[Tensor, ...]) -> Tensor:
        """As of the modified profile, with α = 2."""
        return self.general.flux(q, scale, amplitude, _with_classic_power(shape))


def _height(whole: Tensor, log_end: Tensor) -> Tensor:
    """(w(R) − w_t)/w_t from 1 + ρ, in its place: zero beyond the end. What log1p would add for small ρ is nothing to
    the brightness.
    """
    return whole.log_().sub_(log_end).mul_(-1.0 / _CLASSIC).expm1_().clamp_(min=0.0)


def _with_classic_power(shape: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
    (end,) = shape
    return end, torch.full_like(end, _CLASSIC)
