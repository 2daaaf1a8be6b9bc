"""The softened (pseudo-)isothermal profile: a sphere of density ∝ 1/(r² + r_c²), projected.

I(R) = I_0 / √(1 + (R/r_c)²). Its flux is infinite: it grows as R.

Source: Kormann, Schneider & Bartelmann 1994, A&A 284, 285, section 3 (as the surface density of a lens).
"""

import torch
from torch import Tensor

from fitting.profiles.radial import ShapelessProfile


class Isothermal(ShapelessProfile):
    """The softened isothermal profile as a radial profile: scale r_c, amplitude i_0 (central brightness)."""

    name = "isothermal"
    scale = "r_c"
    amplitude = "i_0"

    def brightness(self, log_rho: Tensor, constants: Tensor) -> Tensor:
        return log_rho.exp().add_(1.0).rsqrt_()

    def derivatives(self, log_rho: Tensor, constants: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        rho = log_rho.exp()
        brightness = (rho + 1.0).rsqrt_()
        return brightness, rho.div_(rho + 1.0).mul_(brightness).mul_(-0.5), ()

    def extent(self, shape: tuple[float, ...]) -> float:
        return 10.0

    def flux(self, q: Tensor, scale: Tensor, amplitude: Tensor, shape: tuple[Tensor, ...]) -> Tensor:
        """Infinite."""
        return q * scale * amplitude * torch.inf
