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
from fitting.spec.expressions.own_functions import own_function

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
        case ast.Call(func=ast.Name(id=function)) if own_function(function):
            return INTENSITY
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
    number = _number(exponent)
    if number is None:
        raise ExpressionInvalid(
            f'"{ast.unparse(node)}" raises {below} to a power that varies: divide "{ast.unparse(base)}" by what makes '
            "it a pure number first"
        )
    return below.raised(number)


def _pure(argument: ast.expr, powers: Mapping[str, Powers], function: str) -> Powers:
    found = _of(argument, powers)
    if found is not None and found != NUMBER:
        raise ExpressionInvalid(f'{function} takes a pure number, and "{ast.unparse(argument)}" is {found}')
    return NUMBER


def inferred_powers(formula: Expression, known: Mapping[str, Powers], whole: Powers) -> dict[str, Powers]:
    """The powers of the names that are not known, with which a formula is sound and gives `whole`.

    Every sum, function and exponent asks for an equality between powers, linear in those of the names: they are solved
    for by elimination. Where nothing can be sound, some solution is given, which `powers_of` then refuses.

    Args:
        formula: of plain names.
        known: of some of its names.
        whole: of what it gives.

    Raises:
        ExpressionInvalid: a name's powers do not follow.
    """
    equations: list[_Form] = []
    total = _form(formula.tree, known, equations)
    if total is not None:
        equations.append(total.less(_Form({}, whole)))
    solved: dict[str, _Form] = {}
    for equation in equations:
        rest = equation.with_solved(solved)
        pivot = next(iter(rest.names), None)
        if pivot is None:
            continue
        found = rest.solved_for(pivot)
        solved = {name: form.with_solved({pivot: found}) for name, form in solved.items()} | {pivot: found}
    open_ = [name for name in formula.names if name not in known and (name not in solved or solved[name].names)]
    if open_:
        raise ExpressionInvalid(f'the unit of "{open_[-1]}" does not follow from the others')
    return {name: solved[name].powers for name in formula.names if name not in known}


@dataclass(frozen=True)
class _Form:
    """A linear form: Σ c_k (powers of name k) + powers."""

    names: Mapping[str, Fraction]
    powers: Powers

    def times(self, factor: Fraction) -> _Form:
        return _Form({name: value * factor for name, value in self.names.items() if factor}, self.powers.raised(factor))

    def plus(self, other: _Form) -> _Form:
        both = {name: self.names.get(name, Fraction(0)) for name in (*self.names, *other.names)}
        summed = {name: value + other.names.get(name, Fraction(0)) for name, value in both.items()}
        return _Form({name: value for name, value in summed.items() if value}, self.powers.times(other.powers))

    def less(self, other: _Form) -> _Form:
        return self.plus(other.times(Fraction(-1)))

    def with_solved(self, solved: Mapping[str, _Form]) -> _Form:
        """The same with the names that are solved for replaced."""
        found = _Form({name: value for name, value in self.names.items() if name not in solved}, self.powers)
        for name, value in self.names.items():
            if name in solved:
                found = found.plus(solved[name].times(value))
        return found

    def solved_for(self, name: str) -> _Form:
        """What a name is where the form is zero."""
        others = _Form({key: value for key, value in self.names.items() if key != name}, self.powers)
        return others.times(Fraction(-1) / self.names[name])


_PURE = _Form({}, NUMBER)


def _form(node: ast.expr, known: Mapping[str, Powers], equations: list[_Form]) -> _Form | None:
    """The form of a node, None of zero; what has to be zero is added to the equations."""
    match node:
        case ast.Constant(value=number):
            return None if number == 0 else _PURE
        case ast.Name(id=name) if name not in CONSTANTS:
            return _Form({}, known[name]) if name in known else _Form({name: Fraction(1)}, NUMBER)
        case ast.Name():
            return _PURE
        case ast.UnaryOp(operand=operand):
            return _form(operand, known, equations)
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as operator, right=right):
            first, second = _form(left, known, equations), _form(right, known, equations) or _PURE
            sign = Fraction(1 if isinstance(operator, ast.Mult) else -1)
            return None if first is None else first.plus(second.times(sign))
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _form_of_power(left, right, known, equations)
        case ast.BinOp(left=left, right=right):
            return _form_of_sum((left, right), known, equations)
        case ast.Call(func=ast.Name(id="abs"), args=[argument]):
            return _form(argument, known, equations)
        case ast.Call(func=ast.Name(id="sqrt"), args=[argument]):
            return (_form(argument, known, equations) or _PURE).times(Fraction(1, 2))
        case ast.Call(func=ast.Name(id=function), args=arguments) if function in _FOLDS:
            return _form_of_sum(arguments, known, equations)
        case ast.Call(func=ast.Name(id=function)) if own_function(function):
            return _Form({}, INTENSITY)
        case ast.Call(args=[argument]):
            found = _form(argument, known, equations)
            equations += [] if found is None else [found]
            return _PURE
    raise AssertionError(f"unchecked node {node!r}")


def _form_of_sum(parts: Iterable[ast.expr], known: Mapping[str, Powers], equations: list[_Form]) -> _Form | None:
    forms = [form for part in parts if (form := _form(part, known, equations)) is not None]
    equations += [forms[0].less(other) for other in forms[1:]]
    return forms[0] if forms else None


def _form_of_power(
    base: ast.expr, exponent: ast.expr, known: Mapping[str, Powers], equations: list[_Form]
) -> _Form | None:
    of_exponent, below = _form(exponent, known, equations), _form(base, known, equations)
    equations += [] if of_exponent is None else [of_exponent]
    number = _number(exponent)
    if below is None:
        return None
    if number is not None:
        return below.times(number)
    equations.append(below)
    return _PURE


def _number(node: ast.expr) -> Fraction | None:
    """A constant as a fraction; None of what varies, or has no value."""
    try:
        number = Expression("", (), node).evaluate({}).value
    except (KeyError, ArithmeticError, ValueError):
        return None
    return Fraction(number).limit_denominator(_FINEST) if math.isfinite(number) else None
