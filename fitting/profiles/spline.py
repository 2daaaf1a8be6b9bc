"""A free-form radial profile: intensities at given radii, and a smooth curve through their logarithms.

ln I(R) = s(R), s the natural cubic spline with s(R_k) = ln I_k. Inside the first radius and outside the last it goes on
as a straight line, so that I is an exponential there. Outside it never rises: where the line would, it is level.

Sources: de Boor 1978, A Practical Guide to Splines, chapter IV (the spline); Stone et al. 2023, MNRAS 525, 6377
(AstroPhot's spline galaxies).
"""

import numpy as np
import torch
from numpy.polynomial.legendre import leggauss
from scipy.interpolate import CubicSpline
from torch import Tensor

from fitting.profiles.cached_tensors import cached_tensors
from fitting.profiles.dimensions import INTENSITY
from fitting.profiles.radial import RHO_FLOOR, RadialProfile

_FLUX_ORDER = 40
"""Gauss–Legendre nodes between two radii of the total flux. Chosen by hand; tests/fitting/profiles/test_sized.py holds
it.
"""
_LOOKS = 8
"""Per interval, for the brightest point beyond a radius. By hand: a maximum between two of them is missed by little."""


class Spline(RadialProfile):
    """The spline as a radial profile: shape i_2, i_3, …, scale r_unit, amplitude i_1.

    Args:
        radii: R_k in units of r_unit, rising from zero or more, at least two.
    """

    name = "spline"
    scale = "r_unit"
    amplitude = "i_1"

    def __init__(self, radii: tuple[float, ...]) -> None:
        self.radii = radii
        self.shape = tuple(f"i_{number}" for number in range(2, len(radii) + 1))
        self.dimensions = (INTENSITY,) * len(self.shape)

    def constants(self, shape: tuple[Tensor, ...]) -> Tensor:
        """Coefficients of the pieces, the cubic ones first, then 1/i of each of `shape`: (rows, instances)."""
        values = torch.stack(shape)
        heights = torch.cat((torch.zeros_like(values[:1]), values.log()))
        cubic, square, line, constant = _cardinal(self.radii, values.device) @ heights
        line = torch.cat((line[:-1], line[-1:].clamp(max=0.0)))
        return torch.cat((cubic, square, line, constant, 1.0 / values))

    def brightness(self, log_rho: Tensor, constants: Tensor) -> Tensor:
        piece, offset = self._place((0.5 * log_rho).exp_())
        return _cubic(self._at(piece, constants), offset).exp_()

    def derivatives(self, log_rho: Tensor, constants: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        radius = (0.5 * log_rho).exp_()
        piece, offset = self._place(radius)
        coefficients = self._at(piece, constants)
        brightness = _cubic(coefficients, offset).exp_()
        by_log_rho = _slope(coefficients, offset).mul_(radius).mul_(brightness).mul_(0.5)
        outside = piece == len(self.radii)
        held = self._pieces(constants)[2, -1] >= 0.0
        offset = torch.where(outside & held, 0.0, offset)
        cardinal = _cardinal(self.radii, radius.device)
        by_shape = tuple(
            _cubic(cardinal[:, piece, node].unbind(0), offset).mul_(brightness).mul_(per_value)
            for node, per_value in enumerate(constants[-len(self.shape) :], start=1)
        )
        return brightness, by_log_rho, by_shape

    def brightest_beyond(self, log_rho: Tensor, constants: Tensor) -> Tensor:
        """The brightest of the radius itself and of some in each interval."""
        knots = torch.tensor(self.radii, dtype=log_rho.dtype, device=log_rho.device)
        steps = torch.arange(1, _LOOKS + 1, dtype=log_rho.dtype, device=log_rho.device) / _LOOKS
        looks = (knots[:-1, None] + knots.diff()[:, None] * steps).flatten()
        looks = 2.0 * torch.cat((knots[:1].clamp(min=RHO_FLOOR**0.5), looks)).log().view(-1, *(1,) * log_rho.ndim)
        light = self.brightness(looks, constants.unsqueeze(1))
        beyond = torch.where(looks >= log_rho, light, 0.0).amax(0)
        return torch.maximum(self.brightness(log_rho, constants), beyond)

    def cusp_power(self, shape: tuple[float, ...]) -> float:
        return 1.0

    def extent(self, shape: tuple[float, ...]) -> float:
        return self.radii[-1]

    def flux(self, q: Tensor, scale: Tensor, amplitude: Tensor, shape: tuple[Tensor, ...]) -> Tensor:
        """2π q r_unit² i_1 ∫ I R dR, by Gauss–Legendre quadrature between the radii; infinite where I does not fall
        outside the last.
        """
        constants = self.constants(shape)
        knots = torch.tensor((0.0, *self.radii), dtype=q.dtype, device=q.device)
        nodes, weights = (torch.as_tensor(part, device=q.device) for part in leggauss(_FLUX_ORDER))
        widths = 0.5 * knots.diff()
        radius = (knots[:-1, None] + widths[:, None] * (nodes + 1.0)).flatten().clamp(min=RHO_FLOOR**0.5)
        steps = (widths[:, None] * weights).flatten() * radius
        inside = (self.brightness(2.0 * radius.log(), constants.unsqueeze(-1)) * steps).sum(-1)
        *_, fall, height = self._pieces(constants)[:, -1].unbind(0)
        falls = fall < 0.0
        fall = torch.where(falls, -fall, 1.0)
        outside = height.exp() * (self.radii[-1] / fall + fall**-2)
        return 2.0 * torch.pi * q * scale**2 * amplitude * torch.where(falls, inside + outside, torch.inf)

    def _pieces(self, constants: Tensor) -> Tensor:
        """Coefficients (4, pieces, …) among the constants."""
        return constants[: -len(self.shape)].unflatten(0, (4, -1))

    def _place(self, radius: Tensor) -> tuple[Tensor, Tensor]:
        """The piece that a radius lies in, and how far from the piece's first radius (inside the first: from that)."""
        knots = torch.tensor(self.radii, dtype=radius.dtype, device=radius.device)
        piece = torch.bucketize(radius, knots)
        return piece, radius - knots[(piece - 1).clamp(min=0)]

    def _at(self, piece: Tensor, constants: Tensor) -> tuple[Tensor, ...]:
        """Coefficients of each point's piece, cubic first."""
        pieces = self._pieces(constants)
        shape = torch.broadcast_shapes(piece.shape, pieces.shape[2:])
        pieces = pieces.view(*pieces.shape[:2], *(1,) * (len(shape) - pieces.ndim + 2), *pieces.shape[2:])
        index = piece.expand(shape).unsqueeze(0)
        return tuple(power.expand(-1, *shape).gather(0, index).squeeze(0) for power in pieces)


@cached_tensors
def _cardinal(radii: tuple[float, ...], device: torch.device) -> Tensor:
    """Coefficients of the splines that are one at one radius and zero at the others: (4, pieces, radii).

    Pieces are the line inside the first radius, the intervals, and the line outside the last.
    """
    spline = CubicSpline(radii, np.eye(len(radii)), bc_type="natural")
    inner, outer = np.zeros((4, 1, len(radii))), np.zeros((4, 1, len(radii)))
    for line, at in ((inner, radii[0]), (outer, radii[-1])):
        line[2, 0], line[3, 0] = spline(at, 1), spline(at)
    return torch.as_tensor(np.concatenate((inner, spline.c, outer), axis=1), device=device)


def _cubic(coefficients: tuple[Tensor, ...], offset: Tensor) -> Tensor:
    cubic, square, line, constant = coefficients
    return (cubic * offset).add_(square).mul_(offset).add_(line).mul_(offset).add_(constant)


def _slope(coefficients: tuple[Tensor, ...], offset: Tensor) -> Tensor:
    cubic, square, line, _ = coefficients
    return (3.0 * cubic * offset).add_(square, alpha=2.0).mul_(offset).add_(line)
