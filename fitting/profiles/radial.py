"""The radial profile: what it must answer, and what helps to answer it; one file per family implements it.

A radial profile is a pure function of ρ = (R / scale)², the squared elliptical radius in units of its scale length,
and of its own few shape parameters. Position, axis ratio, position angle, scale and amplitude belong to the geometry
(`fitting.render.radial.ellipse`), which applies the chain rule once for every profile.

Some shape parameters are lengths or intensities themselves (a break radius beside a scale length). They enter in units
of the profile's scale and amplitude, as `dimensions` says; `fitting.profiles.dimensions` does the division and its
chain rule, once for all.
"""

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from fitting.profiles.cached_tensors import cached_tensors
from fitting.profiles.dimensions import Dimension, PureNumbers

RHO_FLOOR = 1e-200
"""ρ is never below this, so that a sample that falls on the centre itself, and its derivatives, stay finite."""
_STEP = 1.0 / 20.0
"""Step of the double exponential rule in its own variable, which with `_REACH` holds totals to 1e-8
(tests/fitting/profiles/test_every_profile.py).
"""
_REACH = 3.6
"""Where the rule ends on either side: its nodes on (0, 1) are within 1e-24 of both ends, those on (0, ∞) from 3e-13
to 3e12.
"""
FURTHEST = math.exp(0.5 * math.pi * math.sinh(_REACH + 0.5 * _STEP))
"""Radius, scale lengths beyond the break, where what the rule sums up ends: 5e12."""
_LEAST = 1e-30
"""Powers are taken of nothing smaller: its logarithm is finite, and what falls to zero there is nothing."""


class RadialProfile(Protocol):
    """Brightness of unit amplitude and its derivatives, as functions of ln ρ.

    `constants` turns shape parameters, each of shape (instances,) and without dimension, into a tensor (constants,
    instances) that the other methods take broadcast against ln ρ. No method may loop over instances or pixels.

    Example, the Moffat function with its half-width as the scale, I = (1 + ρ)^−β (a whole profile with its description
    is in docs/contributing/add-a-profile.md)::

        class HalfWidthMoffat(RadialProfile):
            name, scale, amplitude = "half_width_moffat", "r_d", "i_0"
            shape, dimensions = ("beta",), (NUMBER,)

            def constants(self, shape):
                return torch.stack(shape)

            def brightness(self, log_rho, constants):
                (beta,) = constants
                return (1.0 + log_rho.exp()) ** -beta

            def derivatives(self, log_rho, constants):
                (beta,) = constants
                rho = log_rho.exp()
                light = (1.0 + rho) ** -beta
                return light, -beta * light * rho / (1.0 + rho), (-light * torch.log1p(rho),)

            def extent(self, shape):
                return 4.0

            def flux(self, q, scale, amplitude, shape):
                (beta,) = shape
                return torch.pi * q * scale**2 * amplitude / (beta - 1.0)

    One with a cusp says `cusp_power`, one that bends sharply or ends `break_radius`; its pixels there are integrated
    by rules of their own (`fitting/render/README.md`).

    Attributes:
        name: as in a request.
        scale, amplitude: names of the parameters that are the scale length and the intensity.
        shape: names of the others, in order.
        dimensions: of each of `shape`.
    """

    name: str
    scale: str
    amplitude: str
    shape: tuple[str, ...]
    dimensions: tuple[Dimension, ...]

    def constants(self, shape: tuple[Tensor, ...]) -> Tensor:
        """Constants of each instance, shape (constants, instances)."""
        ...

    def brightness(self, log_rho: Tensor, constants: Tensor) -> Tensor:
        """Brightness of unit amplitude; same shape as `log_rho`."""
        ...

    def derivatives(self, log_rho: Tensor, constants: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        """Brightness, its derivative by ln ρ, and its derivative by each shape parameter.

        The three share no memory: callers go on in place.
        """
        ...

    def brightest_beyond(self, log_rho: Tensor, constants: Tensor) -> Tensor:
        """The largest brightness at or beyond ln ρ; same shape as `log_rho`. As here where brightness never rises."""
        return self.brightness(log_rho, constants)

    def cusp_power(self, shape: tuple[float, ...]) -> float:
        """Exponent c of the leading term at the centre, for graded quadrature.

        I(0) − I(R) ∝ R^c where c > 0, I ∝ R^c where c < 0; infinite where I is analytic in x and y at the centre.
        """
        return math.inf

    def break_radius(self, constants: Tensor) -> Tensor | None:
        """Radius, in scale lengths, where the profile bends sharply or ends, (instances,); None if there is none."""
        return None

    def extent(self, shape: tuple[float, ...]) -> float:
        """Radius, in scale lengths, inside which pixels are exact relative to themselves: about 4 half-light radii, or
        the end of the profile.
        """
        ...

    def flux(self, q: Tensor, scale: Tensor, amplitude: Tensor, shape: tuple[Tensor, ...]) -> Tensor:
        """Total flux, data units, of instances given by axis ratio, scale length and amplitude; differentiable.

        Infinite where the integral diverges. With shape parameters as users know them, see `total_flux`.
        """
        ...


class ShapelessProfile(RadialProfile):
    """A radial profile with no parameters of its own but scale and amplitude."""

    shape = ()
    dimensions = ()

    def constants(self, shape: tuple[Tensor, ...]) -> Tensor:
        return torch.empty((0, 1))


def total_flux(profile: RadialProfile, q: Tensor, shape: Sequence[Tensor], scale: Tensor, amplitude: Tensor) -> Tensor:
    """Total flux of instances whose shape parameters are as users know them; see `RadialProfile.flux`."""
    return profile.flux(q, scale, amplitude, PureNumbers.of(shape, profile.dimensions, scale, amplitude).shape)


def radial_integral(profile: RadialProfile, shape: tuple[Tensor, ...], like: Tensor | None = None) -> Tensor:
    """∫ I(x) x dx from 0 to infinity, x in scale lengths, unit amplitude: (instances,); differentiable. Without shape
    parameters the instances are those of `like`.

    By double exponential quadrature on either side of the profile's break (Takahasi & Mori 1974, Publ. RIMS 9, 721):
    its nodes crowd towards both ends, so that neither a cusp nor a sharp bend matters. To 1e-9.
    """
    constants = profile.constants(shape)
    split = profile.break_radius(constants)
    ones = torch.ones_like(shape[0] if like is None else like)
    split = (ones if split is None else split).unsqueeze(-1)
    inner, inner_weights, outer, outer_weights = _rules(split.device)
    radius = torch.cat((split * inner, split + outer), dim=-1)
    weights = torch.cat((split * inner_weights, outer_weights.expand(*split.shape[:-1], -1)), dim=-1)
    return (profile.brightness(2.0 * radius.log(), constants.unsqueeze(-1)) * radius * weights).sum(-1)


@cached_tensors
def _rules(device: torch.device) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Nodes and weights over (0, 1) and over (0, ∞)."""
    s = np.arange(-_REACH, _REACH + 0.5 * _STEP, _STEP)
    stretched, speed = 0.5 * np.pi * np.sinh(s), 0.5 * np.pi * np.cosh(s) * _STEP
    inner = 1.0 / (1.0 + np.exp(-2.0 * stretched))
    outer = np.exp(stretched)
    left = 1.0 / (1.0 + np.exp(2.0 * stretched))
    rules = (inner, 2.0 * inner * left * speed, outer, outer * speed)
    return tuple(torch.as_tensor(part, device=device) for part in rules)  # type: ignore[return-value]


def power_inside(height: Tensor, exponent: Tensor) -> Tensor:
    """height^exponent in the place of `height`, zero where that is not positive.

    By logarithms, in half the time of torch's own powers; those of zero, and exponentials that underflow, would take
    ten times as long as others.
    """
    inside = height > 0.0
    return height.clamp_(min=_LEAST).log_().mul_(exponent).exp_().mul_(inside)
