"""Expressions: what parses, what is refused, and that gradients are exact."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fitting.spec import Dual, ExpressionInvalid, parse_expression
from fitting.spec.expressions.expressions import FUNCTIONS

VALUES = {"a.x": 1.7, "a.y": 0.6, "b.x": 2.3}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("= a.x", 1.7),
        ("= a.x + 2 * b.x", 6.3),
        ("=-a.x ** 2", -(1.7**2)),
        ("= 2 ** -a.y", 2**-0.6),
        ("= (a.x - b.x) ** 2", 0.6**2),
        ("= sqrt(a.x) / log10(b.x)", math.sqrt(1.7) / math.log10(2.3)),
        ("= sind(30) + cosd(60) + tand(45)", 2.0),
        ("= min(a.x, b.x, a.y) + max(a.x, b.x)", 2.9),
        ("= abs(a.x - b.x) * pi / e", 0.6 * math.pi / math.e),
    ],
)
def test_an_expression_has_the_value_of_its_formula(text: str, value: float) -> None:
    assert parse_expression(text).value(VALUES) == pytest.approx(value, rel=1e-14)


def test_names_are_listed_once_in_order() -> None:
    assert parse_expression("= b.x + a.y * b.x").names == ("b.x", "a.y")


@pytest.mark.parametrize(
    "text",
    [
        "a.x",
        "=",
        "= a.x +",
        "= x",
        "= a.b.c",
        "= 'a'",
        "= True",
        "= 1j",
        "= a.x if 1 else 2",
        "= [1]",
        "= lambda: 1",
        "= a.x @ b.x",
        "= a.x // 2",
        "= a.x < 2",
        "= open(1)",
        "= __import__('os')",
        "= a.x.__class__",
        "= sqrt()",
        "= sqrt(1, 2)",
        "= sqrt(x=1)",
        "= min(1)",
        "= max(*a.x)",
        "= 1e999",
        "= " + "9" * 400,
        "= " + "abs(" * 50 + "1" + ")" * 50,
        "= " + "-" * 100 + "1",
        "= " + "1+" * 400 + "1",
        "= a.x\n+ 1",
        "= a.x; b.x",
        "= (a := 1)",
        "= ａ.x",
        "= 1if 1else 2",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ExpressionInvalid):
        parse_expression(text)


@pytest.mark.parametrize(
    "text", ["= 1 / (a.x - 1.7)", "= log(-a.x)", "= (-a.x) ** 0.5", "= 9 ** 9 ** 9", "= exp(1e6 * a.x)"]
)
def test_a_value_that_is_not_finite_is_refused(text: str) -> None:
    with pytest.raises(ExpressionInvalid):
        parse_expression(text).value(VALUES)


def test_a_square_of_a_negative_number_has_a_gradient() -> None:
    assert parse_expression("= (a.y - a.x) ** 2").partials(VALUES)["a.x"] == pytest.approx(2.2)


leaves = st.sampled_from(["a.x", "a.y", "b.x", "2", "0.5", "pi"])
formulas = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/", "**"]), inner),
        st.builds("{}({})".format, st.sampled_from([name for name in FUNCTIONS if name not in ("min", "max")]), inner),
        st.builds("{}({}, {})".format, st.sampled_from(["min", "max"]), inner, inner),
        st.builds("(-{})".format, inner),
    ),
    max_leaves=6,
)
values = st.floats(0.3, 2.0)
STEP = 1e-5


@settings(max_examples=400, deadline=None, derandomize=True)
@given(formulas, values, values, values)
def test_gradients_agree_with_finite_differences(formula: str, x: float, y: float, z: float) -> None:
    expression = parse_expression(f"= {formula}")
    at = {"a.x": x, "a.y": y, "b.x": z}
    for name in expression.names:
        try:
            near, left, right = (expression.value({**at, name: at[name] + step}) for step in (0.0, -STEP, STEP))
            exact = expression.partials(at)[name]
        except ExpressionInvalid:
            return
        scale = max(abs(near), 1.0)
        # Where the slopes of both sides differ there is a corner, or the function is too steep for this step.
        assume(scale < 1e6 and abs(right - 2.0 * near + left) < 1e-4 * STEP * max(abs(exact), scale))
        assert exact == pytest.approx((right - left) / (2.0 * STEP), rel=1e-3, abs=1e-3 * scale)


class ArrayFunctions:
    """Functions of numpy arrays."""

    sqrt, exp, log, sin, cos, sign = np.sqrt, np.exp, np.log, np.sin, np.cos, np.sign
    where, power = staticmethod(np.where), staticmethod(np.power)


def test_an_expression_is_evaluated_over_arrays_with_all_gradients_at_once() -> None:
    expression = parse_expression("= max(a.x, 1) ** 2 * cosd(45 + a.y) + sqrt(4)")
    x, y = np.array([[0.5], [2.0]]), np.array([[15.0], [30.0]])
    lookup = {
        "a.x": Dual(x, np.array([[1.0, 0.0], [1.0, 0.0]])),
        "a.y": Dual(y, np.array([[0.0, 1.0], [0.0, 1.0]])),
    }
    functions: Any = ArrayFunctions()
    result = expression.evaluate(lookup, functions)
    for row in range(2):
        at = {"a.x": float(x[row, 0]), "a.y": float(y[row, 0])}
        assert result.value[row, 0] == pytest.approx(expression.value(at))
        assert result.gradient is not None
        assert list(result.gradient[row]) == pytest.approx(list(expression.partials(at).values()))
