"""Description of the brightness that a request writes as a formula."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    Strict,
    ValidationError,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from fitting.spec.documents import Document, detail, details, excerpt, refusal, refuse
from fitting.spec.expressions.dimensional_analysis import INTENSITY, LENGTH, NUMBER, Powers, inferred_powers, powers_of
from fitting.spec.expressions.duals import Dual
from fitting.spec.expressions.expressions import (
    CONSTANTS,
    FUNCTIONS,
    GRAMMAR,
    Expression,
    ExpressionInvalid,
    parse_formula,
)
from fitting.spec.expressions.own_functions import own_function
from fitting.spec.profiles.formula_shape import FormulaShape
from fitting.spec.profiles.profile_description import ParameterDescription, ProfileDescription, ProfileOptions
from fitting.spec.profiles.shared_parameters import ELLIPSE, intensity, length, positive

RADIUS = "r"
"""What a formula calls the elliptical radius."""
MOST_SYMBOLS = 20
"""Parameters of a formula, at most; chosen by hand."""
POWERS: Mapping[str, Powers] = {
    "": NUMBER,
    "pixel": LENGTH,
    "1/pixel": LENGTH.raised(-LENGTH.length),
    "data/pixel": INTENSITY,
}
"""What the units of a formula's parameters mean."""
_TAKEN = frozenset({RADIUS, "x", "y", "q", "pa", "ra", "dec", "flux", "magnitude", *CONSTANTS, *FUNCTIONS})
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}\Z")
_FAR = 1e6
"""Largest and, inverted, smallest pure number that is varied in its logarithm, where no limits are given; by hand."""
_EXAMPLE = "i_0 * exp(-r / h)"
_EXAMPLE_SYMBOLS = {
    "h": {"unit": "pixel", "description": "Scale length."},
    "i_0": {"unit": "data/pixel", "description": "Central surface brightness."},
}
_BENDS = ("min", "max", "abs")
"""Functions whose slope jumps."""
_TRIES = (0.83, 1.31, 2.17)
"""Values at which it is tried whether a formula bends where it says; any positive ones would do."""
_SAME = 1e-9
"""Relative difference of what should be equal at a bend: rounding alone is a millionth of it."""

Unit = Literal["", "pixel", "1/pixel", "data/pixel"]


class FormulaSymbol(Document):
    """A parameter that stands in a formula.

    Attributes:
        name: as it stands there.
        unit: ``pixel`` of a length, ``1/pixel``, ``data/pixel`` of a surface brightness; empty of a pure number; left
            out where it follows from the formula.
        scale: how it is best varied; left out, lengths and brightnesses are varied in their logarithm.
        min, max: limits; a request may set narrower ones.
        default: where a fit begins if the component gives no value.
        description: one sentence.
    """

    name: str
    unit: Unit | None = None
    scale: Literal["linear", "log"] | None = None
    min: float | None = None
    max: float | None = None
    default: float | None = None
    description: Annotated[str, Field(max_length=200)] = ""

    @field_validator("unit", mode="before")
    @classmethod
    def _known_unit(cls, value: Any) -> Any:
        if value is not None and (not isinstance(value, str) or value not in POWERS):
            raise refusal(
                f"{excerpt(value)} is no unit of a formula", 'pixel, 1/pixel, data/pixel, or "" of a pure number'
            )
        return value

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if not _NAME.match(self.name) or self.name in _TAKEN:
            expected = "a letter, then letters, digits or _, 32 at most; and no name that means something else"
            raise refusal(f"{excerpt(self.name)} cannot name a parameter of a formula", expected)
        return self

    @property
    def limit_fault(self) -> tuple[str, str] | None:
        """What is wrong with its limits, in its unit: the key, and a sentence."""
        own = self.describe(found=True)
        low, high = own.min, own.max
        if low is not None and high is not None and low >= high:
            return "min", f"{low:g} is not below max {high:g}"
        if self.default is not None and not (
            (low is None or self.default >= low) and (high is None or self.default <= high)
        ):
            return "default", f"{self.default:g} is outside its limits"
        return None

    @property
    def logarithmic(self) -> bool:
        """Whether it is varied in its logarithm."""
        return self.scale == "log" if self.scale is not None else bool(self.unit)

    def describe(self, *, found: bool) -> ParameterDescription:
        """The parameter as all of photfit knows it; `found` says whether a first value can be found in the image."""
        text = self.description or f"The formula's {self.name}."
        unit = self.unit or ""
        if not self.logarithmic:
            plain = ParameterDescription(name=self.name, unit=unit, description=text)
        elif self.unit == "pixel":
            plain = length(self.name, text)
        elif self.unit == "data/pixel":
            plain = intensity(self.name, text)
        else:
            plain = positive(self.name, 1.0 / _FAR, _FAR, text).model_copy(update={"unit": unit})
        low = plain.min if self.min is None else max(self.min, plain.lowest or self.min)
        high = plain.max if self.max is None else min(self.max, plain.highest or self.max)
        initialised = found or self.default is not None
        return plain.model_copy(update={"min": low, "max": high, "default": self.default, "initialised": initialised})


def _read_symbols(written: Any) -> Any:
    """A tuple of symbols from an object by name; a bare text is a unit."""
    if not isinstance(written, dict):
        return written
    if len(written) > MOST_SYMBOLS:
        raise refusal(f"has {len(written)} parameters", f"at most {MOST_SYMBOLS}")
    symbols, faults = [], []
    for name, each in written.items():
        given = {"unit": each} if isinstance(each, str) else each
        try:
            symbols.append(FormulaSymbol.model_validate({"name": name, **given} if isinstance(given, dict) else given))
        except ValidationError as error:
            faults += details(error, (str(name),))
    if faults:
        raise refuse("symbols", faults)
    return tuple(symbols)


def _write_symbols(symbols: tuple[FormulaSymbol, ...]) -> dict[str, Any]:
    dumped = ((each.name, each.model_dump(exclude_defaults=True)) for each in symbols)
    return {name: {key: item for key, item in each.items() if key != "name"} for name, each in dumped}


def _symbols_schema() -> dict[str, Any]:
    schema = FormulaSymbol.model_json_schema()
    properties = {key: item for key, item in schema["properties"].items() if key != "name"}
    each = {"type": "object", "properties": properties, "additionalProperties": False}
    unit = {"enum": list(POWERS)}
    return {"type": "object", "additionalProperties": {"anyOf": [unit, each]}, "maxProperties": MOST_SYMBOLS}


Symbols = Annotated[
    tuple[FormulaSymbol, ...],
    Strict(False),
    BeforeValidator(_read_symbols),
    PlainSerializer(_write_symbols),
    WithJsonSchema(_symbols_schema()),
]


class FormulaOptions(ProfileOptions):
    """The surface brightness at elliptical radius `r`, and the unit of each parameter in it.

    Attributes:
        brightness: a formula of `r` and of parameters, such as ``i0 * exp(-(r / h) ** c)``.
        symbols: unit, limits and first value of the parameters, by name, as far as they do not follow or are not usual.
        bend: the length at which min, max or abs change over, so that the profile ends there or bends.
    """

    brightness: Annotated[str, Field(max_length=500)] = _EXAMPLE
    symbols: Symbols = ()
    bend: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _example(cls, value: Any) -> Any:
        """An exponential where no brightness is given."""
        if isinstance(value, dict) and "brightness" not in value and isinstance(value.get("symbols", {}), dict):
            return {**value, "brightness": _EXAMPLE, "symbols": {**_EXAMPLE_SYMBOLS, **value.get("symbols", {})}}
        return value

    @model_validator(mode="after")
    def _sound(self) -> Self:
        _require_sound(self)
        return self

    def require_sound(self) -> None:
        """Raise what is wrong with the formula, its units or its bend."""
        try:
            formula = parse_formula(self.brightness)
        except ExpressionInvalid as error:
            expected = GRAMMAR.removeprefix('"=" and then ').replace("component.parameter", "r, parameters")
            raise refuse("FormulaOptions", [detail(("brightness",), str(error), expected)]) from None
        for name in formula.names:
            if (
                name not in {each.name for each in self.symbols}
                and name != RADIUS
                and (not _NAME.match(name) or name in _TAKEN)
            ):
                raise _refused(f"{excerpt(name)} cannot name a parameter of a formula", "another name")
        if len(formula.names) > MOST_SYMBOLS + 1:
            raise _refused(
                f"has {len(formula.names) - (RADIUS in formula.names)} parameters", f"at most {MOST_SYMBOLS}"
            )
        unused = [each.name for each in self.symbols if each.name not in formula.names]
        if unused:
            fault = detail(
                ("symbols", unused[0]), "does not stand in the brightness", f"some of: {self._listed(formula)}"
            )
            raise refuse("FormulaOptions", [fault])
        self._check_units(formula)
        self._check_bend(formula)

    def _check_units(self, formula: Expression) -> None:
        try:
            faulty = [(each, fault) for each in self.every_symbol if (fault := each.limit_fault) is not None]
        except ExpressionInvalid as error:
            raise _refused(str(error), 'its unit, such as {"symbols": {"h": {"unit": "pixel"}}}') from None
        if faulty:
            each, (key, message) = faulty[0]
            raise refuse(
                "FormulaOptions", [detail(("symbols", each.name, key), message, "min < max, and values between")]
            )
        kinds = {each.name: POWERS[each.unit or ""] for each in self.every_symbol}
        if not any(each.unit == "pixel" and each.logarithmic for each in self.every_symbol):
            raise _refused(
                "has no length in it, to tell how large an object is",
                'a parameter with {"unit": "pixel"}, such as h in exp(-r / h)',
            )
        if not any(each.unit == "data/pixel" for each in self.every_symbol):
            raise _refused(
                "has no surface brightness in it, to tell how bright an object is",
                'a parameter with {"unit": "data/pixel"}, such as i_0 in i_0 * exp(-r / h)',
            )
        try:
            found = powers_of(formula, {RADIUS: LENGTH, **kinds})
        except ExpressionInvalid as error:
            raise _refused(str(error), "units of the parameters with which it agrees; r is in pixel") from None
        if found != INTENSITY:
            raise _refused(f"is {found}", "a surface brightness, data/pixel")

    def _check_bend(self, formula: Expression) -> None:
        lengths = [each.name for each in self.every_symbol if each.unit == "pixel" and each.logarithmic]
        if self.bend is not None and self.bend not in lengths:
            fault = detail(
                ("bend",), f"{excerpt(self.bend)} is no length of the formula", "one of: " + ", ".join(lengths)
            )
            raise refuse("FormulaOptions", [fault])
        nodes = _bending_nodes(formula)
        if self.bend is not None and not nodes:
            expected = "no bend: what is steep does not bend, that takes min, max or abs"
            raise refuse("FormulaOptions", [detail(("bend",), "nothing bends in the brightness", expected)])
        for node in nodes:
            if isinstance(node.func, ast.Name) and own_function(node.func.id):
                continue  # only who wrote it knows
            if self.bend is None:
                reason = f'"{ast.unparse(node)}" bends the profile, and its pixels there need care'
                raise _refused(reason, f'"bend": the length at which, one of {", ".join(lengths)}')
            if not all(self._bends_there(node, number) for number in range(len(_TRIES))):
                raise _refused(f'"{ast.unparse(node)}" does not change over at r = {self.bend}', "a bend where it does")

    def _bends_there(self, node: ast.Call, first: int) -> bool:
        """Whether two arguments are equal, or the one is zero, at the bend, for some values of the parameters."""
        names = [each.name for each in self.every_symbol]
        values = {name: _TRIES[(first + place) % len(_TRIES)] + 0.1 * place for place, name in enumerate(names)}
        assert self.bend is not None
        lookup = {name: Dual(value) for name, value in (values | {RADIUS: values[self.bend]}).items()}
        try:
            found = [Expression("", (), argument).evaluate(lookup).value for argument in node.args]
        except (ArithmeticError, ValueError):
            return False
        found = found if len(found) > 1 else [found[0], 0.0]
        return len(found) == 2 and abs(found[0] - found[1]) <= _SAME * max(1.0, *map(abs, found))

    @staticmethod
    def _listed(formula: Expression) -> str:
        return ", ".join(name for name in formula.names if name != RADIUS) or "none: it has only r"

    @property
    def formula(self) -> Expression:
        """The brightness, read."""
        return parse_formula(self.brightness)

    @property
    def every_symbol(self) -> tuple[FormulaSymbol, ...]:
        """Those that are described, and then the others of the formula; each with its unit."""
        return _with_units(self.formula, self.symbols)

    @property
    def scale(self) -> str:
        """The length in which others are counted: the first."""
        return next(each.name for each in self.every_symbol if each.unit == "pixel" and each.logarithmic)

    @property
    def amplitude(self) -> str:
        """The surface brightness in which others are counted: the first."""
        return next(each.name for each in self.every_symbol if each.unit == "data/pixel")

    @property
    def units(self) -> Mapping[str, str]:
        """Unit of each parameter, in order."""
        return {each.name: each.unit or "" for each in self.every_symbol}

    def parameters(self) -> tuple[ParameterDescription, ...]:
        """The ellipse, and the formula's own; a first value is found for the first length and the first brightness."""
        return _described(self)


@lru_cache(maxsize=1024)
def _require_sound(options: FormulaOptions) -> None:
    """Look at equal options once: the components of many requests have one formula."""
    options.require_sound()


@lru_cache(maxsize=1024)
def _with_units(formula: Expression, symbols: tuple[FormulaSymbol, ...]) -> tuple[FormulaSymbol, ...]:
    """All symbols of a formula, with units that follow where they are not given; raises ExpressionInvalid if not."""
    described = {each.name for each in symbols}
    others = (FormulaSymbol(name=name) for name in formula.names if name not in {RADIUS, *described})
    every = (*symbols, *others)
    known = {each.name: POWERS[each.unit] for each in every if each.unit is not None}
    if len(known) == len(every):
        return every
    found = inferred_powers(formula, {RADIUS: LENGTH, **known}, INTENSITY)
    units = {powers: unit for unit, powers in POWERS.items()}
    strange = next((name for name, powers in found.items() if powers not in units), None)
    if strange is not None:
        raise ExpressionInvalid(f'"{strange}" would be {found[strange]}, which no parameter is')
    return tuple(
        each if each.unit is not None else each.model_copy(update={"unit": units[found[each.name]]}) for each in every
    )


@lru_cache(maxsize=1024)
def _described(options: FormulaOptions) -> tuple[ParameterDescription, ...]:
    found = (options.scale, options.amplitude)
    return (*ELLIPSE, *(each.describe(found=each.name in found) for each in options.every_symbol))


def _bending_nodes(formula: Expression) -> list[ast.Call]:
    """The functions of the radius whose slope jumps."""
    calls = (node for node in ast.walk(formula.tree) if isinstance(node, ast.Call))
    return [
        node
        for node in calls
        if isinstance(node.func, ast.Name)
        and (node.func.id in _BENDS or own_function(node.func.id))
        and any(isinstance(part, ast.Name) and part.id == RADIUS for part in ast.walk(node))
    ]


def _refused(message: str, expected: str) -> ValidationError:
    """The error of a brightness."""
    return refuse("FormulaOptions", [detail(("brightness",), message, expected)])


def read_written_formula(component: Any) -> Any:
    """A component with its formula beside the profile, as people write it, in the form with options.

    ``{"brightness": …, "parameters": {"h": {"unit": "pixel", "value": 3}}}`` is the same as
    ``{"options": {"brightness": …, "symbols": {"h": {"unit": "pixel"}}}, "parameters": {"h": 3}}``.
    """
    if not isinstance(component, dict) or component.get("profile") != "formula" or "options" in component:
        return component
    written = {key: component[key] for key in ("brightness", "bend") if key in component}
    parameters = component.get("parameters")
    if not written or not isinstance(parameters, dict):
        return component
    symbols, values = {}, {}
    for name, given in parameters.items():
        if not isinstance(given, dict):
            values[name] = given
            continue
        symbol = {key: item for key, item in given.items() if key in ("unit", "scale", "default", "description")}
        value = {key: item for key, item in given.items() if key not in symbol}
        if symbol:
            symbols[name] = symbol
        if value:
            values[name] = value
    rest = {key: item for key, item in component.items() if key not in written}
    return rest | {"options": {**written, "symbols": symbols}, "parameters": values}


FORMULA = ProfileDescription(
    name="formula",
    description="Galaxy with elliptical isophotes whose brightness is a formula of the radius r: "
    '"options": {"brightness": "i_0 * exp(-(r / h) ** c)", "symbols": {"c": {"min": 0.2, "max": 4, "default": 1}}}; '
    "units follow from the formula, or are said there.",
    parameters=FormulaOptions().parameters(),
    formula="I(R) = the brightness of the options at r = R",
    source="the request",
    options=FormulaOptions,
    first_shape=FormulaShape(),
    total=True,
)
