"""Links between parameters: expressions of other components' parameters, written as arithmetic on them.

>>> from photfit import Sersic
>>> bulge = Sersic("bulge", pa=40)
>>> str(bulge.pa + 90), str(2 * bulge.r_e)
('= bulge.pa + 90', '= 2 * bulge.r_e')

NumPy's functions work on them too: ``np.sqrt(bulge.r_e * disc.r_e)``.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from numbers import Real
from typing import Protocol

_WHOLE = 1e15
"""Below this whole numbers are written as such: all of them are exact as float64."""
Names = Mapping[int, str]
"""What components are called in a request, by their `id`; one that is not there is called as it calls itself."""


class Linked(Protocol):
    """What parameters belong to: a component, as far as links know it."""

    @property
    def name(self) -> str | None:
        """What it calls itself."""
        ...

    @property
    def profile(self) -> str:
        """Its profile's name in a request."""
        ...


class Link:
    """An expression of parameters, from which another parameter follows, or which a constraint bounds.

    Made by arithmetic on components' parameters (``+ - * / **`` with each other and with numbers) and by the methods
    below, which NumPy's functions of the same names call.

    Attributes:
        tree: of Python's grammar, with placeholders for components.
    """

    def __init__(self, tree: ast.expr, components: Mapping[str, Linked]) -> None:
        self.tree = tree
        self._components = components

    def document(self, names: Names | None = None) -> str:
        """The link as a request has it, ``"= bulge.pa + 90"``."""
        return f"= {self.expression(names)}"

    def expression(self, names: Names | None = None) -> str:
        """The same without the equals sign, as a constraint has it."""
        known = {
            placeholder: (names or {}).get(id(component), component.name or component.profile)
            for placeholder, component in self._components.items()
        }
        return ast.unparse(_Named(known).visit(ast.parse(ast.unparse(self.tree), mode="eval")))

    def __str__(self) -> str:
        return self.document()

    def __repr__(self) -> str:
        return f"<link {self.document()}>"

    def __add__(self, other: Link | float) -> Link:
        return self._with(ast.Add(), other)

    def __radd__(self, other: float) -> Link:
        return self._after(ast.Add(), other)

    def __sub__(self, other: Link | float) -> Link:
        return self._with(ast.Sub(), other)

    def __rsub__(self, other: float) -> Link:
        return self._after(ast.Sub(), other)

    def __mul__(self, other: Link | float) -> Link:
        return self._with(ast.Mult(), other)

    def __rmul__(self, other: float) -> Link:
        return self._after(ast.Mult(), other)

    def __truediv__(self, other: Link | float) -> Link:
        return self._with(ast.Div(), other)

    def __rtruediv__(self, other: float) -> Link:
        return self._after(ast.Div(), other)

    def __pow__(self, other: Link | float) -> Link:
        return self._with(ast.Pow(), other)

    def __rpow__(self, other: float) -> Link:
        return self._after(ast.Pow(), other)

    def __neg__(self) -> Link:
        return self._made(ast.UnaryOp(ast.USub(), self.tree), self._components)

    def __pos__(self) -> Link:
        return self

    def __abs__(self) -> Link:
        return self._called("abs")

    def sqrt(self) -> Link:
        """Square root."""
        return self._called("sqrt")

    def exp(self) -> Link:
        """e to this power."""
        return self._called("exp")

    def log(self) -> Link:
        """Natural logarithm."""
        return self._called("log")

    def log10(self) -> Link:
        """Logarithm to base 10."""
        return self._called("log10")

    def sin(self) -> Link:
        """Sine of an angle in radians."""
        return self._called("sin")

    def cos(self) -> Link:
        """Cosine of an angle in radians."""
        return self._called("cos")

    def tan(self) -> Link:
        """Tangent of an angle in radians."""
        return self._called("tan")

    def sind(self) -> Link:
        """Sine of an angle in degrees."""
        return self._called("sind")

    def cosd(self) -> Link:
        """Cosine of an angle in degrees."""
        return self._called("cosd")

    def tand(self) -> Link:
        """Tangent of an angle in degrees."""
        return self._called("tand")

    def _made(self, tree: ast.expr, components: Mapping[str, Linked]) -> Link:
        return Link(tree, components)

    def _called(self, function: str) -> Link:
        return self._made(ast.Call(ast.Name(function), [self.tree], []), self._components)

    def _with(self, operator: ast.operator, other: Link | float) -> Link:
        second = operand(other)
        return self._made(ast.BinOp(self.tree, operator, second.tree), {**self._components, **second._components})

    def _after(self, operator: ast.operator, other: Link | float) -> Link:
        first = operand(other)
        return self._made(ast.BinOp(first.tree, operator, self.tree), {**first._components, **self._components})


class ParameterReference(Link):
    """One parameter of a component, to link others to.

    Attributes:
        component: whose.
        parameter: its name, ``r_e``.
    """

    def __init__(self, component: Linked, parameter: str) -> None:
        placeholder = f"component_{id(component)}"
        super().__init__(ast.Attribute(ast.Name(placeholder), parameter), {placeholder: component})
        self.component = component
        self.parameter = parameter

    def __getitem__(self, image: str) -> Link:
        """Its value in one image, where each image has one of its own."""
        return Link(ast.Subscript(self.tree, ast.Constant(image)), self._components)


class _Named(ast.NodeTransformer):
    """Puts names in the place of placeholders."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self._known = known

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self._known.get(node.id, node.id))


def operand(value: object) -> Link:
    """A link, or a number as one. Raises TypeError for all else."""
    if isinstance(value, Link):
        return value
    if isinstance(value, Real):
        number = float(value)
        constant = ast.Constant(int(abs(number)) if number.is_integer() and abs(number) < _WHOLE else abs(number))
        return Link(ast.UnaryOp(ast.USub(), constant) if number < 0 else constant, {})
    raise TypeError(f"a link is made of parameters and numbers, not of {value!r}")
