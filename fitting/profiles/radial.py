"""What a radial brightness profile must answer; one file per family implements it.

A radial profile is a pure function of ρ = (R / scale)², the squared elliptical radius in units of its scale length,
and of its own few shape parameters. Position, axis ratio, position angle, scale and amplitude belong to the geometry
(`fitting.render.ellipse`), which applies the chain rule once for every profile.
"""

from typing import Protocol

import numpy as np
from torch import Tensor


class RadialProfile(Protocol):
    """Brightness of unit amplitude and its derivatives, as functions of ln ρ.

    `constants` turns shape parameters, each of shape (instances,), into a tensor (constants, instances) that the other
    methods take broadcast against ln ρ. No method may loop over instances or pixels.
    """

    name: str
    scale: str
    amplitude: str
    shape: tuple[str, ...]

    def constants(self, shape: tuple[Tensor, ...]) -> Tensor:
        """Constants of each instance, shape (constants, instances)."""
        ...

    def brightness(self, log_rho: Tensor, constants: Tensor) -> Tensor:
        """Brightness of unit amplitude; same shape as `log_rho`."""
        ...

    def derivatives(self, log_rho: Tensor, constants: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        """Brightness, its derivative by ln ρ, and its derivative by each shape parameter."""
        ...

    def log_brightness(self, radius: np.ndarray, shape: tuple[float, ...]) -> np.ndarray:
        """ln I at `radius` (in scale lengths), unit amplitude; for the quadrature plan."""
        ...

    def log_slope(self, radius: np.ndarray, shape: tuple[float, ...]) -> np.ndarray:
        """−d ln I / d ln R at `radius` (in scale lengths); for the quadrature plan."""
        ...

    def cusp_power(self, shape: tuple[float, ...]) -> float:
        """Exponent c of the leading term I(0) − I(R) ∝ R^c at the centre, for graded quadrature."""
        ...

    def flux(self, q: Tensor, scale: Tensor, amplitude: Tensor, shape: tuple[Tensor, ...]) -> Tensor:
        """Total flux, data units, of instances given by axis ratio, scale length and amplitude; differentiable."""
        ...


RHO_FLOOR = 1e-200
"""ρ is never below this, so that a sample that falls on the centre itself, and its derivatives, stay finite."""
