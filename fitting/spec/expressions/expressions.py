"""Expressions that link a parameter to others, such as ``= a.pa + 90``, and solving one for a parameter.

A parameter with a value for each image is ``a.flux[r]`` in the image r, or ``a.flux["hst-i"]`` where the image's name
is no word; ``a.flux`` alone means the value in the image at hand. ``a.r_e.c0`` is a coefficient of a polynomial.

An expression is parsed by Python's own grammar into a tree, and every node of the tree must be on a short list:
numbers, names of parameters, ``+ - * / **``, unary minus, and the functions and constants named below.
Nothing is ever executed as Python.
"""

from __future__ import annotations

import ast
import math
import re
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from functools import lru_cache, reduce
from types import MappingProxyType

from fitting.faults import UserFault
from fitting.spec.expressions.duals import MATH, Arithmetic, Dual, Functions
from fitting.spec.expressions.own_functions import own_function

MAX_LENGTH = 500
"""Characters of an expression, at most; chosen by hand."""
MAX_DEPTH = 30
"""Depth of its tree, at most: far below Python's own limit of recursion; chosen by hand."""

_BINARY: Mapping[type[ast.operator], Callable[[Arithmetic, Dual, Dual], Dual]] = {
    ast.Add: Arithmetic.add,
    ast.Sub: Arithmetic.subtract,
    ast.Mult: Arithmetic.multiply,
    ast.Div: Arithmetic.divide,
    ast.Pow: Arithmetic.power,
}
_UNARY: Mapping[str, Callable[[Arithmetic, Dual], Dual]] = {
    "sqrt": Arithmetic.sqrt,
    "exp": Arithmetic.exp,
    "log": Arithmetic.log,
    "log10": Arithmetic.log10,
    "sin": Arithmetic.sin,
    "cos": Arithmetic.cos,
    "tan": Arithmetic.tan,
    "sind": Arithmetic.sind,
    "cosd": Arithmetic.cosd,
    "tand": Arithmetic.tand,
    "abs": Arithmetic.absolute,
}
_FOLDED: Mapping[str, Callable[[Arithmetic, Dual, Dual], Dual]] = {"min": Arithmetic.minimum, "max": Arithmetic.maximum}
_COEFFICIENT = re.compile(r"c[0-9]{1,2}\Z")
CONSTANTS: Mapping[str, float] = MappingProxyType({"pi": math.pi, "e": math.e})
FUNCTIONS: tuple[str, ...] = (*_UNARY, *_FOLDED)

GRAMMAR = (
    '"=" and then numbers, component.parameter, + - * / **, parentheses, '
    f"the functions {', '.join(FUNCTIONS)} and the constants {', '.join(CONSTANTS)}"
)


class ExpressionInvalid(UserFault):
    """The text is not an expression that photfit accepts, or it has no finite value."""


@dataclass(frozen=True)
class Expression:
    """A parsed expression.

    Attributes:
        text: as the user wrote it, with the leading ``=``.
        names: the parameters that it reads, ``component.parameter``, each once, in order of appearance.
        tree: of Python's grammar, with nodes of the short list only.
        renamed: what the names of the tree are called in `names`, where that is something else; see `at_image`.
    """

    text: str
    names: tuple[str, ...]
    tree: ast.expr
    renamed: Mapping[str, str] | None = None

    def evaluate(self, lookup: Mapping[str, Dual], functions: Functions = MATH) -> Dual:
        """Value and gradient, given those of every name; on floats or on arrays (see `Dual`)."""
        if self.renamed is not None:
            lookup = {written: lookup[name] for written, name in self.renamed.items()}
        return _evaluate(self.tree, lookup, Arithmetic(functions))

    def value(self, values: Mapping[str, float]) -> float:
        """The value at plain numbers; raises ExpressionInvalid where it is not finite."""
        return self._finite({name: Dual(float(values[name])) for name in self.names}).value

    def partials(self, values: Mapping[str, float]) -> dict[str, float]:
        """The derivative by each name at plain numbers; raises ExpressionInvalid where one is not finite."""
        result = {}
        for chosen in self.names:
            lookup = {name: Dual(float(values[name]), 1.0 if name == chosen else None) for name in self.names}
            gradient = self._finite(lookup).gradient
            result[chosen] = 0.0 if gradient is None else float(gradient)
        return result

    def at_image(self, image: str, varying: Set[str]) -> Expression:
        """The same in one image: names that are in `varying` get the image's name behind them."""
        if not varying & set(self.names):
            return self
        # The tree is shared: a copy for each of hundreds of images took longer than all else in reading a request.
        renamed = {name: f"{name}[{image}]" if name in varying else name for name in self.names}
        return Expression(self.text, tuple(dict.fromkeys(renamed.values())), self.tree, renamed)

    def _finite(self, lookup: Mapping[str, Dual]) -> Dual:
        try:
            result = self.evaluate(lookup)
        except (ArithmeticError, ValueError) as error:
            raise ExpressionInvalid(f'"{self.text}" has no value: {error}') from None
        if not math.isfinite(result.value) or not math.isfinite(result.gradient or 0.0):
            raise ExpressionInvalid(f'"{self.text}" has no finite value')
        return result


@lru_cache(maxsize=4096)
def parse_expression(text: str) -> Expression:
    """Parse an expression that begins with ``=``; raises ExpressionInvalid with what is wrong."""
    if not text.lstrip().startswith("="):
        raise ExpressionInvalid('an expression begins with "="')
    body = text.strip().removeprefix("=").strip()
    if not body:
        raise ExpressionInvalid('nothing follows the "="')
    tree = _tree_of(body)
    names: dict[str, None] = {}
    _check(tree, names, 1)
    return Expression(text.strip(), tuple(names), tree)


@lru_cache(maxsize=1024)
def parse_formula(text: str) -> Expression:
    """Parse a formula of plain names, such as ``i0 * exp(-r / h)``; raises ExpressionInvalid with what is wrong."""
    body = text.strip()
    if not body:
        raise ExpressionInvalid("is empty")
    tree = _tree_of(body)
    names: dict[str, None] = {}
    _check(tree, names, 1, plain=True)
    return Expression(body, tuple(names), tree)


def _tree_of(body: str) -> ast.expr:
    """The tree of a text that may come from anywhere, not checked yet."""
    if len(body) > MAX_LENGTH:
        raise ExpressionInvalid(f"the expression is {len(body)} characters long; {MAX_LENGTH} are allowed")
    if not (body.isascii() and body.isprintable()):
        raise ExpressionInvalid("an expression is one line of plain ASCII characters")
    try:
        with warnings.catch_warnings():  # such as "invalid decimal literal", which is no business of the server's log
            warnings.simplefilter("error")
            return ast.parse(body, mode="eval").body
    except SyntaxError as error:
        raise ExpressionInvalid(f'"{body}" cannot be read: {error.msg}') from None
    except (ValueError, RecursionError, MemoryError, Warning):
        raise ExpressionInvalid(f'"{body}" cannot be read') from None


def parameter_of(node: ast.AST) -> str | None:
    """The name of the parameter that a node stands for, or None."""
    match node:
        case ast.Attribute(value=ast.Name(id=component), attr=parameter):
            return f"{component}.{parameter}"
        case ast.Attribute(value=ast.Attribute(value=ast.Name(id=component), attr=parameter), attr=coefficient) if (
            _COEFFICIENT.match(coefficient)
        ):
            return f"{component}.{parameter}.{coefficient}"
        case ast.Subscript(value=ast.Attribute(value=ast.Name(id=component), attr=parameter), slice=image):
            match image:
                case ast.Name(id=name) | ast.Constant(value=str() as name):
                    return f"{component}.{parameter}[{name}]"
                case ast.Constant(value=int() as number) if not isinstance(number, bool):
                    return f"{component}.{parameter}[{number}]"
    return None


def weighted_sum(terms: Mapping[str, float]) -> Expression:
    """The expression Σ weight · coefficient of a polynomial, by the coefficients' names (``a.r_e.c0``)."""
    tree: ast.expr | None = None
    for name, weight in terms.items():
        component, parameter, coefficient = name.split(".")
        inner = ast.Attribute(value=ast.Name(id=component, ctx=ast.Load()), attr=parameter, ctx=ast.Load())
        outer = ast.Attribute(value=inner, attr=coefficient, ctx=ast.Load())
        term = ast.BinOp(left=ast.Constant(value=weight), op=ast.Mult(), right=outer)
        tree = term if tree is None else ast.BinOp(left=tree, op=ast.Add(), right=term)
    assert tree is not None
    text = " + ".join(f"{weight!r} * {name}" for name, weight in terms.items())
    return Expression(f"= {text}", tuple(terms), tree)


def _check(node: ast.expr, names: dict[str, None], depth: int, plain: bool = False) -> None:
    """Refuse any node that is not on the list, and collect the names: of components' parameters, or `plain` ones."""
    if depth > MAX_DEPTH:
        raise ExpressionInvalid(f"the expression is nested more than {MAX_DEPTH} deep")
    match node:
        case ast.Constant(value=bool()):
            raise ExpressionInvalid("true and false are not numbers")
        case ast.Constant(value=int() | float() as number):
            _check_number(number)
        case _ if not plain and (name := parameter_of(node)) is not None:
            names.setdefault(name)
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _BINARY:
            _check(left, names, depth + 1, plain)
            _check(right, names, depth + 1, plain)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            _check(operand, names, depth + 1, plain)
        case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]) if function in FUNCTIONS:
            _check_count(function, len(arguments))
            for argument in arguments:
                _check(argument, names, depth + 1, plain)
        case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]) if plain and own_function(function):
            for argument in arguments:
                _check(argument, names, depth + 1, plain)
        case ast.Name(id=name) if name in CONSTANTS:
            pass
        case ast.Name(id=name) if plain:
            names.setdefault(name)
        case _:
            raise ExpressionInvalid(_refusal_of(node))


def _check_number(number: float) -> None:
    try:
        finite = math.isfinite(float(number))
    except OverflowError:
        finite = False
    if not finite:
        raise ExpressionInvalid("a number in the expression is too large")


def _check_count(function: str, count: int) -> None:
    if function in _UNARY and count != 1:
        raise ExpressionInvalid(f"{function} takes one argument, not {count}")
    if function in _FOLDED and count < 2:
        raise ExpressionInvalid(f"{function} takes at least two arguments, not {count}")


def _refusal_of(node: ast.expr) -> str:
    text = ast.unparse(node)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return f'"{node.func.id}" is not a function of expressions'
    if isinstance(node, ast.Name):
        return f'"{text}" is not the name of a parameter: names are written component.parameter'
    return f'"{text}" is not allowed in an expression'


def _evaluate(node: ast.expr, lookup: Mapping[str, Dual], arithmetic: Arithmetic) -> Dual:
    match node:
        case ast.Constant(value=int() | float() as number):
            return Dual(float(number))
        case ast.Name(id=name):
            return Dual(CONSTANTS[name]) if name in CONSTANTS else lookup[name]
        case _ if (parameter := parameter_of(node)) is not None:
            return lookup[parameter]
        case ast.BinOp(left=left, op=operator, right=right):
            first, second = _evaluate(left, lookup, arithmetic), _evaluate(right, lookup, arithmetic)
            return _BINARY[type(operator)](arithmetic, first, second)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return arithmetic.negate(_evaluate(operand, lookup, arithmetic))
        case ast.UnaryOp(operand=operand):
            return _evaluate(operand, lookup, arithmetic)
        case ast.Call(func=ast.Name(id=function), args=arguments):
            values = [_evaluate(argument, lookup, arithmetic) for argument in arguments]
            if function in _UNARY:
                return _UNARY[function](arithmetic, values[0])
            if (own := own_function(function)) is not None:
                return own(values)
            return reduce(lambda a, b: _FOLDED[function](arithmetic, a, b), values)
    raise AssertionError(f"unchecked node {node!r}")


_INVERSE_FUNCTIONS = {"exp": "log", "log": "exp"}


def solvable_names(expression: Expression) -> tuple[str, ...]:
    """The parameters for which `solved_for` has an answer, found in one walk."""
    counts = Counter(name for node in ast.walk(expression.tree) if (name := parameter_of(node)) is not None)
    found: dict[str, None] = {}
    pending = [expression.tree]
    while pending:
        node = pending.pop()
        name = parameter_of(node)
        if name is not None:
            found.setdefault(name)
            continue
        match node:
            case ast.UnaryOp(operand=operand):
                pending.append(operand)
            case ast.Call(func=ast.Name(id="exp" | "log" | "sqrt"), args=[argument]):
                pending.append(argument)
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div(), right=right):
                pending += [left, right]
    return tuple(name for name in expression.names if name in found and counts[name] == 1)


def solved_for(expression: Expression, name: str, result: str) -> Expression | None:
    """The parameter as an expression of the others and of the result, which is a name of its own.

    ``a.x - b.x`` solved for ``b.x`` is ``a.x - result``. None where the parameter does not stand in the expression
    exactly once, or inside anything else than ``+ - * /``, ``exp``, ``log`` and ``sqrt``.
    """
    if sum(parameter_of(node) == name for node in ast.walk(expression.tree)) != 1:
        return None
    node, other = expression.tree, ast.Name(id=result)
    inverse: ast.expr = other
    while parameter_of(node) != name:
        step = _peel(node, name, inverse)
        if step is None:
            return None
        node, inverse = step
    names = (*(read for read in expression.names if read != name), result)
    return Expression(f"= {ast.unparse(inverse)}", names, inverse)


def is_sum(expression: Expression) -> bool:
    """Whether it is made of parameters and numbers by + and - alone."""
    parts = [node for node in ast.walk(expression.tree) if isinstance(node, ast.expr)]
    signs = (ast.Add, ast.Sub, ast.USub, ast.UAdd)
    return all(
        isinstance(node.op, signs)
        if isinstance(node, ast.BinOp | ast.UnaryOp)
        else isinstance(node, ast.Attribute | ast.Subscript | ast.Name | ast.Constant)
        for node in parts
    )


def _peel(node: ast.expr, name: str, result: ast.expr) -> tuple[ast.expr, ast.expr] | None:
    """The operand that holds the name, and what it equals where the node equals the result."""
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return operand, ast.UnaryOp(ast.USub(), result)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return operand, result
        case ast.Call(func=ast.Name(id=function), args=[argument]) if function in _INVERSE_FUNCTIONS:
            return argument, ast.Call(ast.Name(id=_INVERSE_FUNCTIONS[function]), [result], [])
        case ast.Call(func=ast.Name(id="sqrt"), args=[argument]):
            return argument, ast.BinOp(result, ast.Mult(), result)
        case ast.BinOp(left=left, op=operator, right=right):
            if any(parameter_of(part) == name for part in ast.walk(left)):
                return _left_operand(left, operator, right, result)
            return _right_operand(left, operator, right, result)
    return None


def _left_operand(
    left: ast.expr, operator: ast.operator, right: ast.expr, result: ast.expr
) -> tuple[ast.expr, ast.expr] | None:
    match operator:
        case ast.Add():
            return left, ast.BinOp(result, ast.Sub(), right)
        case ast.Sub():
            return left, ast.BinOp(result, ast.Add(), right)
        case ast.Mult():
            return left, ast.BinOp(result, ast.Div(), right)
        case ast.Div():
            return left, ast.BinOp(result, ast.Mult(), right)
    return None


def _right_operand(
    left: ast.expr, operator: ast.operator, right: ast.expr, result: ast.expr
) -> tuple[ast.expr, ast.expr] | None:
    match operator:
        case ast.Add():
            return right, ast.BinOp(result, ast.Sub(), left)
        case ast.Sub():
            return right, ast.BinOp(left, ast.Sub(), result)
        case ast.Mult():
            return right, ast.BinOp(result, ast.Div(), left)
        case ast.Div():
            return right, ast.BinOp(left, ast.Div(), result)
    return None
