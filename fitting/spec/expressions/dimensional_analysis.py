"""Dimensional analysis of a formula: the unit of what it gives, from those of what stands in it.

A formula is sound where sums are of like things and functions take pure numbers. It then keeps its shape whatever the
size and brightness of an object, and whatever unit a request counts lengths in.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from fitting.spec.expressions.expressions import CONSTANTS, Expression, ExpressionInvalid

_FOLDS = ("min", "max")
_FINEST = 1000
"""Largest denominator of a power of a unit: constants such as 0.333 are read as fractions. Chosen by hand."""


@dataclass(frozen=True)
class Powers:
    """Powers of a length and of a surface brightness in a quantity."""

    length: Fraction = Fraction(0)
    intensity: Fraction = Fraction(0)

    def times(self, other: Powers, sign: int = 1) -> Powers:
        """Those of a product, or with -1 of a ratio."""
        return Powers(self.length + sign * other.length, self.intensity + sign * other.intensity)

    def raised(self, exponent: Fraction) -> Powers:
        """Those of a power."""
        return Powers(self.length * exponent, self.intensity * exponent)

    def __str__(self) -> str:
        parts = [
            unit if power == 1 else f"({unit})^{power}"
            for unit, power in (("data/pixel", self.intensity), ("pixel", self.length))
            if power
        ]
        return " × ".join(parts) or "a pure number"


NUMBER = Powers()
LENGTH = Powers(length=Fraction(1))
INTENSITY = Powers(intensity=Fraction(1))


def powers_of(formula: Expression, powers: Mapping[str, Powers]) -> Powers:
    """The powers of a formula's value.

    Args:
        formula: of plain names.
        powers: of each of its names.

    Raises:
        ExpressionInvalid: it adds what is not alike, or takes a function of what is no pure number.
    """
    return _of(formula.tree, powers) or NUMBER


def _of(node: ast.expr, powers: Mapping[str, Powers]) -> Powers | None:
    """Powers of a node; None of zero, which is like everything."""
    match node:
        case ast.Constant(value=number):
            return None if number == 0 else NUMBER
        case ast.Name(id=name):
            return NUMBER if name in CONSTANTS else powers[name]
        case ast.UnaryOp(operand=operand):
            return _of(operand, powers)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
            return _alike(node, (left, right), powers)
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as operator, right=right):
            first, second = _of(left, powers), _of(right, powers)
            sign = 1 if isinstance(operator, ast.Mult) else -1
            return None if first is None else first.times(second or NUMBER, sign)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _power(node, left, right, powers)
        case ast.Call(func=ast.Name(id="abs"), args=[argument]):
            return _of(argument, powers)
        case ast.Call(func=ast.Name(id="sqrt"), args=[argument]):
            return (_of(argument, powers) or NUMBER).raised(Fraction(1, 2))
        case ast.Call(func=ast.Name(id=function), args=arguments) if function in _FOLDS:
            return _alike(node, arguments, powers)
        case ast.Call(func=ast.Name(id=function), args=[argument]):
            return _pure(argument, powers, function)
    raise AssertionError(f"unchecked node {node!r}")


def _alike(node: ast.expr, parts: Iterable[ast.expr], powers: Mapping[str, Powers]) -> Powers | None:
    found = {of: part for part in parts if (of := _of(part, powers)) is not None}
    if len(found) > 1:
        (one, first), (other, second) = list(found.items())[:2]
        told = f'"{ast.unparse(first)}" is {one} and "{ast.unparse(second)}" is {other}'
        raise ExpressionInvalid(f'"{ast.unparse(node)}" joins what is not alike: {told}')
    return next(iter(found), None)


def _power(node: ast.expr, base: ast.expr, exponent: ast.expr, powers: Mapping[str, Powers]) -> Powers | None:
    _pure(exponent, powers, "an exponent")
    below = _of(base, powers)
    if below is None or below == NUMBER:
        return below
    try:
        number = Expression("", (), exponent).evaluate({}).value
    except (KeyError, ArithmeticError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ExpressionInvalid(
            f'"{ast.unparse(node)}" raises {below} to a power that varies: divide "{ast.unparse(base)}" by what makes '
            "it a pure number first"
        )
    return below.raised(Fraction(number).limit_denominator(_FINEST))


def _pure(argument: ast.expr, powers: Mapping[str, Powers], function: str) -> Powers:
    found = _of(argument, powers)
    if found is not None and found != NUMBER:
        raise ExpressionInvalid(f'{function} takes a pure number, and "{ast.unparse(argument)}" is {found}')
    return NUMBER
