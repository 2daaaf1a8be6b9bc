"""Dual numbers, which carry their gradient: exact forward-mode derivatives of small expressions.

The arithmetic is written once and runs on Python floats or on arrays: whatever supports the operators
``+ - * /`` will do, with its functions handed in as `Functions`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol


class Functions(Protocol):
    """The functions of one kind of number (``math`` for floats; torch or numpy for arrays)."""

    def sqrt(self, x: Any, /) -> Any:
        """√x."""

    def exp(self, x: Any, /) -> Any:
        """e to the power x."""

    def log(self, x: Any, /) -> Any:
        """The natural logarithm of x."""

    def sin(self, x: Any, /) -> Any:
        """The sine of x, in radians."""

    def cos(self, x: Any, /) -> Any:
        """The cosine of x, in radians."""

    def power(self, x: Any, y: Any, /) -> Any:
        """x to the power y, where either may be a Python float."""

    def sign(self, x: Any, /) -> Any:
        """-1, 0 or 1."""

    def where(self, condition: Any, x: Any, y: Any, /) -> Any:
        """x where the condition holds and y elsewhere; either may be a Python float."""


class MathFunctions:
    """`Functions` of Python floats; out-of-range arguments raise ValueError or OverflowError as ``math`` does."""

    sqrt = staticmethod(math.sqrt)
    exp = staticmethod(math.exp)
    log = staticmethod(math.log)
    sin = staticmethod(math.sin)
    cos = staticmethod(math.cos)
    power = staticmethod(math.pow)

    @staticmethod
    def sign(x: float, /) -> float:
        """−1, 0 or 1."""
        return math.copysign(1.0, x) if x else 0.0

    @staticmethod
    def where(condition: bool, x: Any, y: Any, /) -> Any:
        """x where the condition holds, else y; both have been evaluated."""
        return x if condition else y


MATH: Functions = MathFunctions()


@dataclass(frozen=True)
class Dual:
    """A value and its gradient.

    Attributes:
        value: a float, or an array that broadcasts against the gradient: (batch, 1) beside (batch, parameters).
        gradient: derivatives with respect to whatever the caller chose, or None for a constant. Constants are told
            apart from zero gradients so that ``x ** 2`` never takes the logarithm of a negative x.
    """

    value: Any
    gradient: Any | None = None


def chain(value: Any, *terms: tuple[Any, Dual]) -> Dual:
    """The dual of a function: its value, and the sum of (partial derivative x argument's gradient)."""
    gradient = None
    for partial, argument in terms:
        if argument.gradient is not None:
            product = partial * argument.gradient
            gradient = product if gradient is None else gradient + product
    return Dual(value, gradient)


@dataclass(frozen=True)
class Arithmetic:
    """The operations of expressions on duals of one kind of number."""

    functions: Functions = MATH

    def _functions(self, *arguments: Dual) -> Functions:
        """Constants are Python floats whatever the other numbers are, and functions of arrays refuse those."""
        return MATH if all(isinstance(argument.value, float) for argument in arguments) else self.functions

    def add(self, a: Dual, b: Dual) -> Dual:
        """a + b."""
        return chain(a.value + b.value, (1.0, a), (1.0, b))

    def subtract(self, a: Dual, b: Dual) -> Dual:
        """a - b."""
        return chain(a.value - b.value, (1.0, a), (-1.0, b))

    def multiply(self, a: Dual, b: Dual) -> Dual:
        """a b."""
        return chain(a.value * b.value, (b.value, a), (a.value, b))

    def divide(self, a: Dual, b: Dual) -> Dual:
        """a / b."""
        ratio = a.value / b.value
        return chain(ratio, (1.0 / b.value, a), (-ratio / b.value, b))

    def power(self, a: Dual, b: Dual) -> Dual:
        """a ** b; the base may be negative where the exponent is a constant integer."""
        power, log = self._functions(a, b).power, self._functions(a).log
        value = power(a.value, b.value)
        if b.gradient is not None:
            by_exponent = value * log(a.value)
            if a.gradient is None:
                return chain(value, (by_exponent, b))
            return chain(value, (b.value * power(a.value, b.value - 1.0), a), (by_exponent, b))
        if a.gradient is None or (isinstance(b.value, float) and b.value == 0.0):
            return Dual(value)
        return chain(value, (b.value * power(a.value, b.value - 1.0), a))

    def negate(self, a: Dual) -> Dual:
        """-a."""
        return chain(-a.value, (-1.0, a))

    def sqrt(self, a: Dual) -> Dual:
        """Square root."""
        root = self._functions(a).sqrt(a.value)
        return Dual(root) if a.gradient is None else chain(root, (0.5 / root, a))

    def exp(self, a: Dual) -> Dual:
        """e to the power a."""
        value = self._functions(a).exp(a.value)
        return chain(value, (value, a))

    def log(self, a: Dual) -> Dual:
        """Natural logarithm."""
        return chain(self._functions(a).log(a.value), (1.0 / a.value, a))

    def log10(self, a: Dual) -> Dual:
        """Logarithm to base 10."""
        return chain(self._functions(a).log(a.value) / math.log(10.0), (1.0 / (a.value * math.log(10.0)), a))

    def sin(self, a: Dual) -> Dual:
        """Sine of an angle in radians."""
        return chain(self._functions(a).sin(a.value), (self._functions(a).cos(a.value), a))

    def cos(self, a: Dual) -> Dual:
        """Cosine of an angle in radians."""
        return chain(self._functions(a).cos(a.value), (-self._functions(a).sin(a.value), a))

    def tan(self, a: Dual) -> Dual:
        """Tangent of an angle in radians."""
        return self.divide(self.sin(a), self.cos(a))

    def radians(self, a: Dual) -> Dual:
        """Degrees to radians."""
        return chain(a.value * (math.pi / 180.0), (math.pi / 180.0, a))

    def sind(self, a: Dual) -> Dual:
        """Sine of an angle in degrees."""
        return self.sin(self.radians(a))

    def cosd(self, a: Dual) -> Dual:
        """Cosine of an angle in degrees."""
        return self.cos(self.radians(a))

    def tand(self, a: Dual) -> Dual:
        """Tangent of an angle in degrees."""
        return self.tan(self.radians(a))

    def absolute(self, a: Dual) -> Dual:
        """|a|, with derivative 0 at 0."""
        sign = self._functions(a).sign(a.value)
        return chain(sign * a.value, (sign, a))

    def minimum(self, a: Dual, b: Dual) -> Dual:
        """The lesser; the mean of both gradients where they are equal."""
        return self._choose(a.value - b.value, a, b)

    def maximum(self, a: Dual, b: Dual) -> Dual:
        """The greater; the mean of both gradients where they are equal."""
        return self._choose(b.value - a.value, a, b)

    def _choose(self, excess: Any, a: Dual, b: Dual) -> Dual:
        """`a` where the excess is negative, else `b`."""
        functions = self._functions(a, b)
        value = functions.where(excess < 0.0, a.value, b.value)
        share = 0.5 - 0.5 * functions.sign(excess)
        return chain(value, (share, a), (1.0 - share, b))
