"""Profiles of one's own, from Python functions: the function is followed with symbols in the place of numbers, and what
it does is the formula.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, overload

from photfit.model.component import Component, Modifiers
from photfit.model.links import Link, operand
from photfit.model.parameter import Value
from photfit.model.profiles import Formula

Symbol: TypeAlias = str | Mapping[str, Any]
"""What is said of a parameter: its unit, ``pixel``, ``1/pixel``, ``data/pixel`` or "" of a pure number, or that with
limits and a first value, ``{"unit": "pixel", "min": 0.5, "default": 3}``.
"""
_CALLED = {
    "absolute": "abs",
    "fabs": "abs",
    "maximum": "max",
    "fmax": "max",
    "minimum": "min",
    "fmin": "min",
    **{name: name for name in ("abs", "exp", "log", "log10", "sqrt", "sin", "cos", "tan")},
}
"""Functions of NumPy and torch, and what formulas call them."""
_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "sub": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "mul": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "true_divide": lambda a, b: a / b,
    "div": lambda a, b: a / b,
    "power": lambda a, b: a**b,
    "float_power": lambda a, b: a**b,
    "pow": lambda a, b: a**b,
}
"""Operators of NumPy and torch that are functions."""
_OTHERWISE: Mapping[str, Callable[[Any], Any]] = {
    "negative": lambda a: -a,
    "neg": lambda a: -a,
    "positive": lambda a: a,
    "square": lambda a: a**2,
    "reciprocal": lambda a: 1 / a,
}
"""Functions of NumPy and torch that formulas have as operators."""


class CannotFollow(TypeError):
    """A function does what a formula does not have; the message says what, and what it has."""


_NO_CHOICE = "a profile cannot compare its radius or parameters: write numpy.maximum(…, 0), or numpy.minimum"


@overload
def profile(function: Callable[..., Any], /, *, bend: str | None = None, **symbols: Symbol) -> type[Formula]: ...
@overload
def profile(
    function: None = None, /, *, bend: str | None = None, **symbols: Symbol
) -> Callable[[Callable[..., Any]], type[Formula]]: ...
def profile(
    function: Callable[..., Any] | None = None, /, *, bend: str | None = None, **symbols: Symbol
) -> type[Formula] | Callable[[Callable[..., Any]], type[Formula]]:
    """A profile from a function of the elliptical radius and of parameters: a class of components.

    >>> @photfit.profile(c={"min": 0.2, "max": 4})
    ... def stretched(r, i0, h, c=1.0):
    ...     return i0 * np.exp(-((r / h) ** c))
    >>> fit = photfit.fit(image, [stretched("g", x=20, y=30), FlatSky("sky")])

    The function is called once, with symbols. Arithmetic and the functions of NumPy and torch that formulas know (exp,
    log, log10, sqrt, sin, cos, tan, abs, maximum, minimum, square) are followed, so that what it gives is a formula:
    differentiated exactly, integrated over pixels as built-in profiles are, and known to a service, too.

    A function that does more (``torch.where``, ``scipy.special.k1``) is taken as it is, where it works with torch's
    tensors or NumPy's arrays element by element: for fits in this process alone, differentiated by torch or by
    differences. Units of its parameters have to be said, and `bend` where it ends or bends.

    Args:
        function: the radius is its first argument, the others are the parameters; defaults are first values.
        bend: the length at which maximum, minimum or abs change over.
        symbols: limits and first value of parameters, and units of those whose units do not follow from the formula.

    Returns:
        The class, which takes the ellipse (``x, y, q, pa``) and the parameters by name; without a function a decorator.

    Raises:
        RequestInvalid: units do not agree, or something else is wrong with the formula; ``faults`` lists all.
        TypeError: the function does what a formula does not have, and is none of arrays, element by element.
    """
    if function is None:
        return lambda written: profile(written, bend=bend, **symbols)
    radius, *names = inspect.signature(function).parameters.values()
    unknown = [name for name in symbols if name not in {each.name for each in names}]
    if unknown:
        raise TypeError(f"{function.__name__} has no parameter {', '.join(unknown)}")
    told = {name: {"unit": each} if isinstance(each, str) else dict(each) for name, each in symbols.items()}
    try:
        brightness = _followed_brightness(function, radius.name, [each.name for each in names])
    except CannotFollow as cannot:
        brightness, told = _called_brightness(function, [each.name for each in names], told, cannot)
    described: dict[str, dict[str, Any]] = {}
    for each in names:
        first = {} if each.default is inspect.Parameter.empty else {"default": float(each.default)}
        described[each.name] = first | told.get(each.name, {})
    return _class_of(function, brightness, described, bend)


def _followed_brightness(function: Callable[..., Any], radius: str, names: Sequence[str]) -> str:
    """What a function does with symbols, as a formula. Raises CannotFollow."""
    try:
        # The first argument may be called anything: the formula's radius is r.
        found = function(_Symbol.named("r"), *map(_Symbol.named, names))
    except CannotFollow:
        raise
    except (TypeError, AttributeError) as error:
        known = ", ".join(sorted({*_CALLED, "square"}))
        why = f"{function.__name__} does what a formula cannot ({str(error).splitlines()[0]})"
        raise CannotFollow(f"{why}: beside arithmetic it has {known}, of numpy or torch") from error
    if not isinstance(found, Link):
        raise TypeError(f"{function.__name__} gives {found!r}, which does not depend on {radius}")
    return found.expression()


def _called_brightness(
    function: Callable[..., Any], names: Sequence[str], said: Mapping[str, dict[str, Any]], cannot: CannotFollow
) -> tuple[str, dict[str, dict[str, Any]]]:
    """A formula that calls a function in this process, and what is said of its parameters, all with units.

    Raises CannotFollow where it is none.
    """
    whole = {name: {"unit": "", **said.get(name, {})} for name in names}
    try:
        from fitting.profiles.own_functions import own_elementwise
    except ImportError:
        raise cannot from None
    from fitting.spec.expressions.own_functions import make_known

    own = own_elementwise(function, [str(whole[name]["unit"]) for name in names])
    if isinstance(own, str):
        raise CannotFollow(f"{cannot}; and taken as it is, {own}") from cannot
    plain = function.__name__ if function.__name__.isidentifier() else "own"
    return f"{make_known(plain, own)}({', '.join(['r', *names])})", whole


def _class_of(
    function: Callable[..., Any], brightness: str, symbols: Mapping[str, Any], bend: str | None
) -> type[Formula]:
    from fitting.spec import RequestInvalid, read_document
    from fitting.spec.profiles.formula import FormulaOptions

    name = (
        "".join(part.capitalize() for part in function.__name__.split("_")) if function.__name__.isidentifier() else ""
    )
    options = {"brightness": brightness, "symbols": dict(symbols)} | ({} if bend is None else {"bend": bend})
    try:
        read_document(FormulaOptions, options)
    except RequestInvalid as invalid:
        raise invalid.within(f"profile {function.__name__}") from None

    class OwnProfile(Formula):
        def __init__(
            self,
            name: str | None = None,
            *,
            geometry: Modifiers = (),
            convolve: bool = True,
            images: Sequence[str] | None = None,
            **parameters: Value,
        ) -> None:
            Component.__init__(self, name, parameters, options, geometry=geometry, convolve=convolve, images=images)

    OwnProfile.__name__ = OwnProfile.__qualname__ = name or "OwnProfile"
    described = inspect.getdoc(function) or "A brightness as a function has it."
    OwnProfile.__doc__ = f"{described}\n\n    I(r) = {brightness}"
    return OwnProfile


class _Symbol(Link):
    """A name in the formula that a function writes while it is followed."""

    @classmethod
    def named(cls, name: str) -> _Symbol:
        return cls(ast.Name(name), {})

    def _made(self, tree: ast.expr, components: Any) -> _Symbol:
        return _Symbol(tree, components)

    def __array_ufunc__(self, ufunc: Any, method: str, *arguments: Any, **options: Any) -> Any:
        return _followed(ufunc.__name__, arguments) if method == "__call__" and not options else NotImplemented

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, arguments: Any = (), options: Any = None) -> Any:
        return NotImplemented if options else _followed(function.__name__, arguments)

    def __bool__(self) -> bool:
        raise CannotFollow(_NO_CHOICE)

    def __lt__(self, _: object) -> bool:
        raise CannotFollow(_NO_CHOICE)

    __le__ = __gt__ = __ge__ = __lt__

    def __float__(self) -> float:
        raise CannotFollow(
            "a profile is followed with symbols, of which math knows nothing: take numpy's or torch's functions"
        )


def _followed(name: str, arguments: Sequence[Any]) -> Any:
    """What a function of NumPy or torch does, as part of a formula; NotImplemented where formulas do not know it."""
    if name in _OPERATORS and len(arguments) == 2:
        first, second = (each if isinstance(each, Link) else _constant(each) for each in arguments)
        return _OPERATORS[name](first, second)
    if name in _OTHERWISE and len(arguments) == 1:
        return _OTHERWISE[name](arguments[0])
    if name not in _CALLED:
        return NotImplemented
    trees = [(each if isinstance(each, Link) else _constant(each)).tree for each in arguments]
    return _Symbol(ast.Call(ast.Name(_CALLED[name]), trees, []), {})


def _constant(value: Any) -> _Symbol:
    """A number in a formula."""
    tree = operand(float(value)).tree
    return _Symbol(tree, {})
