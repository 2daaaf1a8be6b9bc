"""The de Vaucouleurs profile: a Sérsic profile of index 4.

I(R) = I_e exp(−b_4 [(R/R_e)^{1/4} − 1]), b_4 = 7.66924944…

Source: de Vaucouleurs 1948, Annales d'Astrophysique 11, 247.
"""

import math

from scipy.special import gammaincinv
from torch import Tensor

from fitting.profiles.radial import ShapelessProfile

B = float(gammaincinv(8.0, 0.5))
UNIT_FLUX = 8.0 * math.pi * math.exp(B) * B**-8.0 * math.gamma(8.0)
"""Total flux of a round galaxy with R_e = I_e = 1 (Graham & Driver 2005, PASA 22, 118, equation 4)."""


class DeVaucouleurs(ShapelessProfile):
    """The de Vaucouleurs profile as a radial profile: scale r_e, amplitude i_e (brightness at r_e)."""

    name = "de_vaucouleurs"
    scale = "r_e"
    amplitude = "i_e"

    def brightness(self, log_rho: Tensor, constants: Tensor) -> Tensor:
        return (0.125 * log_rho).exp_().mul_(-B).add_(B).exp_()

    def derivatives(self, log_rho: Tensor, constants: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        scaled = (0.125 * log_rho).exp_().mul_(B)
        brightness = (B - scaled).exp_()
        return brightness, scaled.mul_(-0.125).mul_(brightness), ()

    def cusp_power(self, shape: tuple[float, ...]) -> float:
        return 0.25

    def extent(self, shape: tuple[float, ...]) -> float:
        return 4.0

    def flux(self, q: Tensor, scale: Tensor, amplitude: Tensor, shape: tuple[Tensor, ...]) -> Tensor:
        """8π q R_e² I_e e^b b^−8 Γ(8)."""
        return UNIT_FLUX * q * scale**2 * amplitude
