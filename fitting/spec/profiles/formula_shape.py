"""First values of a brightness that is a formula: its first length and its first brightness, by its light."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Protocol

from fitting.spec.expressions.duals import Dual
from fitting.spec.expressions.expressions import Expression
from fitting.spec.profiles.first_shape import FirstShape, MeasuredGalaxy, Values, ellipse

_STEPS = 160
"""Radii between the least and the largest at which the light is looked at: 9 % apart. Chosen by hand, for values that a
fit begins from.
"""
_SPAN = 7.0
"""ln of the ratio between these and the galaxy's half-light radius; chosen by hand."""
_FAR = (1e9, 1e10)
"""Radii, scale lengths, between which it is seen by which power the light falls."""
_ENDING = 2.02
"""Power above which light has an end, as the engine takes it (`fitting.profiles.formula`)."""
_TURNS = 8
"""Times that the length is corrected: where others are fixed its half-light radius does not go with it. By hand."""


class WrittenFormula(Protocol):
    """The options of a formula, as far as its first values go by them."""

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

    def parameters(self) -> tuple[Any, ...]:
        """All parameters, described."""
        ...


class FormulaShape(FirstShape):
    """Of a formula: the length with which half of its light is inside the galaxy's half-light radius, and the
    brightness that gives its flux; where the light has no end, both as they are at that radius.
    """

    n: float = 1.5

    def values(self, galaxy: MeasuredGalaxy, options: Any) -> Values:
        """With nothing else given."""
        return self.values_beside(galaxy, options, {})

    def values_beside(self, galaxy: MeasuredGalaxy, options: WrittenFormula, given: Mapping[str, float]) -> Values:
        """Beside the values of the formula's other parameters that are given, and of its defaults."""
        defaults = {item.name: item.default for item in options.parameters() if item.default is not None}
        known = defaults | dict(given)
        scale, amplitude = options.scale, options.amplitude
        others = [name for name in options.formula.names if name not in ("r", scale, amplitude)]
        found = ellipse(galaxy)
        if not set(others) <= known.keys():
            return found
        size = known.get(scale, galaxy.r_e)
        half, total = math.nan, math.nan
        for _ in range(_TURNS):
            half, total = _growth(options.formula, known | {scale: size, amplitude: 1.0}, galaxy.r_e)
            if scale in known or not math.isfinite(half):
                break
            size *= galaxy.r_e / half
        if math.isfinite(total) and total > 0.0:
            height = galaxy.flux / (2.0 * math.pi * galaxy.q * total)
        else:
            there = _light(options.formula, known | {scale: size, amplitude: 1.0}, galaxy.r_e)
            height = galaxy.light_at(galaxy.r_e) / there if there else galaxy.light_at(galaxy.r_e)
        return found | {scale: size, amplitude: height}

    def unit_flux(self, known: Mapping[str, float], options: Any = None) -> float:
        """By the same steps; one of light without end."""
        values = dict(known) | {options.amplitude: 1.0}
        _, total = _growth(options.formula, values, known[options.scale])
        return 2.0 * math.pi * known.get("q", 1.0) * total if math.isfinite(total) else 1.0


def radius_without_value(options: WrittenFormula, values: Mapping[str, float]) -> float | None:
    """A radius at which the brightness has no value, such as a root of what is negative; None where there is none."""
    longest = values[options.scale]
    for place in range(-_STEPS, _STEPS + 1):
        radius = longest * math.exp(2.0 * _SPAN * place / _STEPS)
        lookup = {name: Dual(value) for name, value in values.items()} | {"r": Dual(radius)}
        try:
            options.formula.evaluate(lookup)
        except ArithmeticError:
            continue
        except ValueError:
            return radius
    return None


def is_endless(options: WrittenFormula, values: Mapping[str, float]) -> bool:
    """Whether the total flux is infinite, since the light falls by the second power of the radius or less."""
    ends = [abs(_light(options.formula, values, values[options.scale] * factor)) for factor in _FAR]
    return ends[1] > 0.0 and ends[0] <= ends[1] * (_FAR[1] / _FAR[0]) ** _ENDING


def _growth(formula: Expression, values: Mapping[str, float], around: float) -> tuple[float, float]:
    """Half-light radius, and ∫ I r dr; NaN of light without end."""
    step = 2.0 * _SPAN / _STEPS
    radii = [around * math.exp(-_SPAN + step * place) for place in range(_STEPS + 1)]
    shares = [_light(formula, values, radius) * radius * radius * step for radius in radii]
    total = sum(shares)
    if not math.isfinite(total) or total <= 0.0 or sum(shares[-10:]) > 0.05 * total:
        return math.nan, math.nan
    inside = 0.0
    for radius, share in zip(radii, shares, strict=True):
        inside += share
        if inside >= 0.5 * total:
            return radius, total
    return math.nan, math.nan


def _light(formula: Expression, values: Mapping[str, float], radius: float) -> float:
    try:
        lookup = {name: Dual(value) for name, value in values.items()} | {"r": Dual(radius)}
        found = formula.evaluate(lookup).value
    except (ArithmeticError, ValueError):
        return 0.0
    return float(found) if math.isfinite(found) else 0.0
