"""The Sérsic profile.

I(R) = I_e exp(−b_n [(R/R_e)^{1/n} − 1]), with b_n such that half of the flux lies inside R_e:
P(2n, b_n) = 1/2, P the regularised lower incomplete gamma function.

Sources: Sérsic 1963, BAAA 6, 41; Graham & Driver 2005, PASA 22, 118, equations 1–4.
"""

import math

import numpy as np
import torch
from numpy.polynomial import chebyshev
from scipy.special import gammaincinv
from torch import Tensor

from fitting.profiles.cached_tensors import cached_tensors
from fitting.profiles.dimensions import NUMBER
from fitting.profiles.radial import RadialProfile

_INDEX_RANGE = (0.02, 60.0)
"""Sérsic indices between which b_n is interpolated: far wider than the default limits, 0.1 and 12."""
_LOG_RANGE = (math.log(_INDEX_RANGE[0]), math.log(_INDEX_RANGE[1]))
"""ln of these."""
_DEGREE = 72
"""Degree of the series in ln n, which is exact to 2e-12 (tests/fitting/profiles/test_sersic.py)."""
_EXTENT = 4.0
"""Half-light radii inside which pixels are promised to be exact (decision 0009)."""


@cached_tensors
def _half_light_series(device: torch.device) -> Tensor:
    """Chebyshev coefficients, in ln n, of ln b_n and of its derivative by ln n, exact to rounding: (degree + 1, 2)."""
    low, high = _LOG_RANGE
    nodes = chebyshev.chebpts1(_DEGREE + 1)
    index = np.exp(0.5 * (high - low) * nodes + 0.5 * (high + low))
    coefficients = chebyshev.chebfit(nodes, np.log(gammaincinv(2.0 * index, 0.5)), _DEGREE)
    derivative = chebyshev.chebder(coefficients) * 2.0 / (high - low)
    return torch.as_tensor(np.stack((coefficients, np.append(derivative, 0.0)), axis=-1), device=device)


@cached_tensors
def _orders(device: torch.device) -> Tensor:
    """Orders of the Chebyshev polynomials."""
    return torch.arange(_DEGREE + 1, dtype=torch.float64, device=device)


def half_light_b(n: Tensor) -> tuple[Tensor, Tensor]:
    """b_n and d b_n / d n, same shape as `n`, to 1e-12 relative for n between 0.02 and 60.

    SciPy's inverse incomplete gamma function is interpolated in ln n, so that values and derivatives come from tensors
    on any device without a root search.
    """
    low, high = _LOG_RANGE
    z = (torch.log(n) - 0.5 * (high + low)) * (2.0 / (high - low))
    polynomials = torch.cos(torch.acos(z.clamp(-1.0, 1.0)).unsqueeze(-1) * _orders(n.device))
    log_b, slope = (polynomials @ _half_light_series(n.device)).unbind(-1)
    b = log_b.exp()
    return b, (b * slope).div_(n)


class Sersic(RadialProfile):
    """The Sérsic profile as a radial profile: shape n, scale r_e, amplitude i_e (brightness at r_e)."""

    name = "sersic"
    scale = "r_e"
    amplitude = "i_e"
    shape = ("n",)
    dimensions = (NUMBER,)

    def constants(self, shape: tuple[Tensor, ...]) -> Tensor:
        """Rows 1/(2n), b_n, −b_n, d b_n/d n, −b_n/(2n), b_n/(2n²): shape (6, instances)."""
        (n,) = shape
        b, slope = half_light_b(n)
        inverse = n.reciprocal()
        half, against = 0.5 * inverse, -b
        falling = against * half
        return torch.stack((half, b, against, slope, falling, -falling * inverse))

    def brightness(self, log_rho: Tensor, constants: Tensor) -> Tensor:
        half_inverse_n, b, against = constants[:3].unbind()
        return (log_rho * half_inverse_n).exp_().mul_(against).add_(b).exp_()

    def derivatives(self, log_rho: Tensor, constants: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        half_inverse_n, b, against, slope, by_log, by_exponent = constants.unbind()
        power = (log_rho * half_inverse_n).exp_()
        brightness = (power * against).add_(b).exp_()
        falling = power.mul_(brightness)
        # ∂I/∂n = b' I + (ln ρ b/(2n²) − b') t I, t = ρ^{1/2n}
        by_n = (log_rho * by_exponent).sub_(slope).mul_(falling).addcmul_(brightness, slope)
        return brightness, falling.mul_(by_log), (by_n,)

    def cusp_power(self, shape: tuple[float, ...]) -> float:
        return 1.0 / shape[0]

    def extent(self, shape: tuple[float, ...]) -> float:
        """4 R_e, or for n below ½ nearer, where I is as far below I_e as a Gaussian's (n = ½) is there: further out it
        falls by many orders within a pixel.
        """
        (n,) = shape
        if n >= 0.5:
            return _EXTENT
        b, _ = half_light_b(torch.tensor(n, dtype=torch.float64))
        return (1.0 + math.log(2.0) * (_EXTENT**2 - 1.0) / float(b)) ** n

    def flux(self, q: Tensor, scale: Tensor, amplitude: Tensor, shape: tuple[Tensor, ...]) -> Tensor:
        """2π q R_e² I_e n e^b b^{−2n} Γ(2n) (Graham & Driver 2005, equation 4)."""
        (n,) = shape
        b, _ = half_light_b(n)
        log_integral = b - 2.0 * n * torch.log(b) + torch.lgamma(2.0 * n)
        return 2.0 * torch.pi * q * scale**2 * amplitude * n * torch.exp(log_integral)
