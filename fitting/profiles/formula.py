"""A radial profile that a request writes as a formula.

I(R) = f(R; p), f an expression of the radius, of lengths, brightnesses and pure numbers (its options are in
`fitting.spec.profiles.formula`). Its units agree, so that f = A g(R/S; p S^−l A^−b), S its first length and A its first
brightness: g is f with both set to one, which is what is evaluated here. Derivatives are exact, by dual numbers. What
other profiles know of themselves (how the centre is left, how far the light reaches, its total) is found by looking at
g.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from fitting.profiles.dimensions import INTENSITY, LENGTH, NUMBER, PER_LENGTH, Dimension
from fitting.profiles.radial import FURTHEST, RadialProfile, radial_integral
from fitting.profiles.tensor_functions import TENSORS
from fitting.spec import Dual, Expression

_DIMENSIONS: Mapping[str, Dimension] = {"": NUMBER, "pixel": LENGTH, "1/pixel": PER_LENGTH, "data/pixel": INTENSITY}
_CENTRE = (1e-60, 1e-50)
"""Radii, scale lengths, at which it is seen by which power the centre is left: so near that a twentieth power has
become a thousandth, so far that a fifth power is no zero.
"""
_EVEN = 1e-4
"""Difference from an even power up to which the centre counts as analytic; rounding is far below."""
_LEAST_POWER = 0.1
"""Powers nearer to zero than this, and logarithms, are integrated as this one; chosen by hand."""
_OUTER = (1e9, 1e10)
"""Radii, scale lengths, between which it is seen by which power the light falls far out; chosen by hand."""
_FINITE = 2.02
"""Power of the radius by which light must fall for its total to be told: below it so much is beyond any radius that the
rest says little. Chosen by hand.
"""
_UNENDING = 10.0
"""Extent, scale lengths, of light whose total is infinite; chosen by hand, as that of the isothermal sphere."""
_LOOKS = torch.logspace(-4, 4, 65, dtype=torch.float64)
"""Radii, scale lengths, at which the brightest point beyond a radius is looked for: 33 % apart. Chosen by hand."""
_GROWTH = torch.logspace(-14, 14, 1121, dtype=torch.float64)
"""Radii, scale lengths, over which light is summed for its half-light radius: 6 % apart. Chosen by hand."""


class WrittenBrightness(Protocol):
    """The options of a formula, as far as its brightness goes by them."""

    @property
    def formula(self) -> Expression:
        """The brightness."""
        ...

    @property
    def scale(self) -> str:
        """Its first length."""
        ...

    @property
    def amplitude(self) -> str:
        """Its first brightness."""
        ...

    @property
    def units(self) -> Mapping[str, str]:
        """Unit of each parameter, in order."""
        ...

    @property
    def bend(self) -> str | None:
        """The length at which it ends or bends."""
        ...


@dataclass(frozen=True)
class Partials:
    """Derivatives by some of the variables; by all others they are zero. What duals add up and multiply."""

    by: Mapping[str, Tensor | float]

    def __add__(self, other: "Partials") -> "Partials":
        both = dict(self.by)
        for name, partial in other.by.items():
            both[name] = both[name] + partial if name in both else partial
        return Partials(both)

    def __rmul__(self, factor: Tensor | float) -> "Partials":
        return Partials({name: factor * partial for name, partial in self.by.items()})


class Formula(RadialProfile):
    """A formula as a radial profile.

    Args:
        options: as the component has them.
    """

    name = "formula"

    def __init__(self, options: WrittenBrightness) -> None:
        self.scale = options.scale
        self.amplitude = options.amplitude
        units = {name: unit for name, unit in options.units.items() if name not in (self.scale, self.amplitude)}
        self.shape = tuple(units)
        self.dimensions = tuple(_DIMENSIONS[unit] for unit in units.values())
        self._formula = options.formula
        self._bend = options.bend

    def constants(self, shape: tuple[Tensor, ...]) -> Tensor:
        """The shape parameters: (parameters, instances)."""
        return torch.stack(shape) if shape else torch.empty((0, 1))

    def brightness(self, log_rho: Tensor, constants: Tensor) -> Tensor:
        if not constants.requires_grad:
            return self._plain_brightness(log_rho, constants)
        # Far out a brightness of zero may be made of what has overflown, whose derivatives are no numbers.
        with torch.no_grad():
            seen = self._plain_brightness(log_rho, constants)
            gone = (seen == 0.0) | ~seen.isfinite()
        found = self._plain_brightness(torch.where(gone, 0.0, log_rho), constants)
        return torch.where(gone, seen, found)

    def _plain_brightness(self, log_rho: Tensor, constants: Tensor) -> Tensor:
        lookup = {name: Dual(value) for name, value in zip(self.shape, constants.unbind(), strict=True)}
        return self._filled(self._evaluate((0.5 * log_rho).exp_(), lookup).value, log_rho)

    def derivatives(self, log_rho: Tensor, constants: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        radius = (0.5 * log_rho).exp_()
        pairs = zip(self.shape, constants.unbind(), strict=True)
        lookup = {name: Dual(value, Partials({name: 1.0})) for name, value in pairs}
        found = self._evaluate(radius, lookup, Partials({"r": 1.0}))
        by: Mapping[str, Tensor | float] = {} if found.gradient is None else found.gradient.by
        by_radius = self._slope(by.get("r", 0.0), log_rho).mul_(radius).mul_(0.5)
        by_shape = tuple(self._slope(by.get(name, 0.0), log_rho) for name in self.shape)
        return self._filled(found.value, log_rho), by_radius, by_shape

    def brightest_beyond(self, log_rho: Tensor, constants: Tensor) -> Tensor:
        """The brightest of the radius itself and of some beyond, whichever sign it has."""
        looks = 2.0 * _LOOKS.to(log_rho.device).log().view(-1, *(1,) * log_rho.ndim)
        light = self.brightness(looks.expand(-1, *log_rho.shape), constants.unsqueeze(1)).abs_()
        beyond = torch.where(looks >= log_rho, light, 0.0).amax(0)
        return torch.maximum(self.brightness(log_rho, constants).abs_(), beyond)

    def cusp_power(self, shape: tuple[float, ...]) -> float:
        """By the slope of its derivative in the midst of the centre."""
        near, far = (self._at(radius, shape) for radius in _CENTRE)
        step = math.log(_CENTRE[1] / _CENTRE[0])
        if near is None or far is None:
            return _LEAST_POWER
        if near[0] != 0.0 and _CENTRE[0] * near[1] / near[0] < -_LEAST_POWER:
            return max(_CENTRE[0] * near[1] / near[0], -2.0)
        if near[1] == 0.0 or far[1] == 0.0:
            return math.inf
        power = 1.0 + math.log(abs(far[1] / near[1])) / step
        if abs(power - 2.0 * round(power / 2.0)) < _EVEN and power > 1.0:
            return math.inf
        return max(power, _LEAST_POWER)

    def break_radius(self, constants: Tensor) -> Tensor | None:
        if self._bend is None:
            return None
        if self._bend == self.scale:
            return torch.ones(constants.shape[1:], dtype=torch.float64, device=constants.device)
        return constants[self.shape.index(self._bend)]

    def extent(self, shape: tuple[float, ...]) -> float:
        """Four half-light radii, or its end; ten scale lengths of light without end."""
        constants = torch.tensor(shape, dtype=torch.float64).view(-1, 1)
        bend = self.break_radius(constants)
        if bend is not None and not float(self.brightness(2.0 * (bend * (1.0 + 1e-9)).log(), constants)[0]):
            return float(bend[0])
        if self._falls(constants)[0] <= _FINITE:
            return _UNENDING
        light = self.brightness(2.0 * _GROWTH.log(), constants).abs_().nan_to_num_(0.0, 0.0) * _GROWTH**2
        inside = light.cumsum(0)
        return 4.0 * float(_GROWTH[int(torch.searchsorted(inside, 0.5 * inside[-1]))])

    def flux(self, q: Tensor, scale: Tensor, amplitude: Tensor, shape: tuple[Tensor, ...]) -> Tensor:
        """2π q S² A ∫ g x dx; infinite where it falls too slowly."""
        constants = self.constants(shape)
        falls = self._falls(constants)
        total = radial_integral(self, shape, q)
        # What is left beyond the rule's last node, of light that falls as a power.
        last = self.brightness(torch.full_like(total, 2.0 * math.log(FURTHEST)), constants)
        slow = falls.isfinite() & (falls > _FINITE)
        total = total + torch.where(slow, last * FURTHEST**2 / (torch.where(slow, falls, 4.0) - 2.0), 0.0)
        total = torch.where(falls > _FINITE, total, torch.inf)
        return 2.0 * torch.pi * q * scale**2 * amplitude * total

    def _falls(self, constants: Tensor) -> Tensor:
        """The power by which light falls far out, (instances,); infinite where it has gone."""
        logs = (torch.full(constants.shape[1:], 2.0 * math.log(at), device=constants.device) for at in _OUTER)
        near, far = (self.brightness(log.double(), constants).abs() for log in logs)
        # Nothing is divided by zero that is not used: its derivative would be no number, and so would the total's.
        lit = far > 0.0
        ratio = torch.where(lit, near, 1.0) / torch.where(lit, far, 1.0)
        return torch.where(lit, ratio.log() / math.log(_OUTER[1] / _OUTER[0]), torch.inf)

    def _evaluate(self, radius: Tensor, lookup: Mapping[str, Dual], by_radius: Partials | None = None) -> Dual:
        units = {self.scale: Dual(1.0), self.amplitude: Dual(1.0)}
        return self._formula.evaluate({"r": Dual(radius, by_radius), **units, **lookup}, TENSORS)

    def _at(self, radius: float, shape: tuple[float, ...]) -> tuple[float, float] | None:
        """Brightness and slope at one radius, in Python's numbers; None where they have no value."""
        values = dict(zip(self.shape, shape, strict=True)) | {self.scale: 1.0, self.amplitude: 1.0}
        lookup = {name: Dual(value) for name, value in values.items()} | {"r": Dual(radius, 1.0)}
        try:
            found = self._formula.evaluate(lookup)
        except (ArithmeticError, ValueError):
            return None
        slope = 0.0 if found.gradient is None else float(found.gradient)
        return (float(found.value), slope) if math.isfinite(found.value) and math.isfinite(slope) else None

    def _slope(self, value: Tensor | float, like: Tensor) -> Tensor:
        """A derivative at every point; zero where light of nothing is made of what has overflown, and at a bend."""
        return self._filled(value, like).nan_to_num_(0.0, 0.0, 0.0)

    def _filled(self, value: Tensor | float, like: Tensor) -> Tensor:
        """A value at every point, in memory of its own; at a bend, where it has none, zero."""
        if not isinstance(value, Tensor):
            return torch.full_like(like, value)
        whole = value if value.shape == like.shape else value.expand(like.shape).clone()
        return whole if self._bend is None else whole.nan_to_num_(0.0, 0.0, 0.0)
