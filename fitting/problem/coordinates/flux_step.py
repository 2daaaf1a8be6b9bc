"""From total fluxes and magnitudes to the amplitudes of profiles."""

import math

import torch
from torch import Tensor

from fitting.geometry.total import TotalFlux

_MAGNITUDE = 0.4 * math.log(10.0)


class MagnitudeToFlux:
    """A step of a view: flux = 10^(0.4 (zero point − magnitude)) at the given places."""

    def __init__(self, places: Tensor, zero_point: float) -> None:
        self._places, self._zero_point = places, zero_point

    def apply(self, physical: Tensor, jacobian: Tensor) -> None:
        """Magnitudes (batch, natives), and their derivatives (batch, natives, free), become fluxes."""
        flux = torch.exp(_MAGNITUDE * (self._zero_point - physical[:, self._places]))
        jacobian[:, self._places] *= -_MAGNITUDE * flux[..., None]
        physical[:, self._places] = flux


class FluxToAmplitude:
    """A step of a view: amplitude = flux / (flux of unit amplitude), for components of one kind of total.

    Args:
        index: (components, parameters of the total), places among the native values.
    """

    def __init__(self, total: TotalFlux, index: Tensor) -> None:
        self._total, self._places, self._inputs = total, index[:, -1], index[:, :-1]

    def apply(self, physical: Tensor, jacobian: Tensor) -> None:
        """The last value of each component, a flux, becomes its amplitude; no number where the total has no bound."""
        with torch.enable_grad():
            inputs = physical[:, self._inputs].requires_grad_()
            unit = self._total(torch.cat((inputs, torch.ones_like(inputs[..., :1])), dim=-1))
            (slope,) = torch.autograd.grad(unit.log().sum(), inputs)
        unbounded = ~unit.detach().isfinite()
        amplitude = (physical[:, self._places] / unit.detach()).masked_fill(unbounded, torch.nan)
        log_by = (slope[..., None, :] @ jacobian[:, self._inputs]).squeeze(2)
        jacobian[:, self._places] /= unit.detach()[..., None]
        jacobian[:, self._places] -= amplitude[..., None] * log_by
        physical[:, self._places] = amplitude
