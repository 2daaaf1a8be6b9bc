"""The broken exponential: two scale lengths, and a bend of given sharpness between them.

I(R) = S I_0 exp(−R/h_1) {1 + exp[α (R − r_b)]}^κ, κ = (1/h_1 − 1/h_2) / α, S = [1 + exp(−α r_b)]^−κ: I_0 is the central
brightness, α an inverse length.

Source: Erwin, Pohlen & Beckman 2008, AJ 135, 20, equation 6.
"""

import torch
from torch import Tensor
from torch.nn.functional import softplus

from fitting.profiles.dimensions import LENGTH, PER_LENGTH
from fitting.profiles.exponential import HALF_LIGHT
from fitting.profiles.radial import RadialProfile, radial_integral


class BrokenExponential(RadialProfile):
    """The broken exponential as a radial profile: shape h_2, r_b, alpha, scale h_1, amplitude i_0."""

    name = "broken_exponential"
    scale = "h_1"
    amplitude = "i_0"
    shape = ("h_2", "r_b", "alpha")
    dimensions = (LENGTH, LENGTH, PER_LENGTH)

    def constants(self, shape: tuple[Tensor, ...]) -> Tensor:
        """Rows r_b, α, 1 − 1/h_2, 1/h_2, softplus(−α r_b), sigmoid(−α r_b): (6, instances); in units of h_1."""
        outer, bend, alpha = shape
        start = -alpha * bend
        return torch.stack(
            (bend, alpha, 1.0 - 1.0 / outer, 1.0 / outer, softplus(start, threshold=700.0), torch.sigmoid(start))
        )

    def brightness(self, log_rho: Tensor, constants: Tensor) -> Tensor:
        bend, alpha, change, _, start, _ = constants
        radius = (0.5 * log_rho).exp_()
        passed = softplus(alpha * (radius - bend), threshold=700.0) - start
        return (passed * (change / alpha) - radius).exp_()

    def derivatives(self, log_rho: Tensor, constants: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        bend, alpha, change, outer, start, start_share = constants
        radius = (0.5 * log_rho).exp_()
        exponent = alpha * (radius - bend)
        share = torch.sigmoid(exponent)
        passed = softplus(exponent, threshold=700.0).sub_(start).div_(alpha)
        brightness = (passed * change - radius).exp_()
        by_log_rho = (share * change).sub_(1.0).mul_(radius).mul_(brightness).mul_(0.5)
        by_bend = (start_share - share).mul_(brightness).mul_(change)
        # ∂/∂α of [softplus(α(R − r_b)) − softplus(−α r_b)] / α
        by_alpha = torch.addcmul(start_share * bend - passed, share, radius - bend)
        by_alpha.mul_(brightness).mul_(change / alpha)
        by_outer = passed.mul_(brightness).mul_(outer**2)
        return brightness, by_log_rho, (by_outer, by_bend, by_alpha)

    def cusp_power(self, shape: tuple[float, ...]) -> float:
        return 1.0

    def break_radius(self, constants: Tensor) -> Tensor | None:
        return constants[0]

    def extent(self, shape: tuple[float, ...]) -> float:
        outer, bend, _ = shape
        return max(4.0 * HALF_LIGHT * min(1.0, outer), bend + 2.0 * outer)

    def flux(self, q: Tensor, scale: Tensor, amplitude: Tensor, shape: tuple[Tensor, ...]) -> Tensor:
        """2π q h_1² ∫ I(x) x dx by quadrature."""
        return 2.0 * torch.pi * q * scale**2 * amplitude * radial_integral(self, shape)
