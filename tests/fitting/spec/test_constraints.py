"""Constraints: how they are read and written, what is wrong with them, and which parameter keeps them."""

import contextlib
import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from fitting.spec import FitRequest, RequestInvalid, parse_expression, parse_request
from fitting.spec.constraints import solved_parameters
from fitting.spec.expressions.expressions import solved_for
from fitting.spec.parameters.priors import PRIORS

SCHEMA = jsonschema.Draft202012Validator(FitRequest.model_json_schema())
START = {"x": 6.5, "y": 5.5, "q": 0.6, "pa": 40.0, "n": 1.5, "r_e": 25.0, "i_e": 100.0}


def document_with(*constraints: Any, **a: Any) -> dict[str, Any]:
    """A request of two galaxies, with changes to the first."""
    galaxies = [{"name": name, "profile": "sersic", "parameters": dict(START)} for name in "ab"]
    galaxies[0]["parameters"] |= a  # type: ignore[operator]
    return {"images": [{"data": "a.fits"}], "components": galaxies, "constraints": list(constraints)}


@pytest.mark.parametrize(
    ("constraint", "path", "words"),
    [
        (3, "$.constraints[0]", "not a constraint"),
        ({"min": 1}, "$.constraints[0].expression", "missing"),
        ({"expression": "a.x - b.x"}, "$.constraints[0]", "asks nothing"),
        ({"expression": "a.x", "min": 0}, "$.constraints[0].expression", "is one parameter"),
        ({"expression": "1 + 1", "min": 0}, "$.constraints[0].expression", "names no parameter"),
        ({"expression": "a.x -", "min": 0}, "$.constraints[0].expression", "cannot be read"),
        ({"expression": "a.x - z.x", "min": 0}, "$.constraints[0].expression", "no component 'z'"),
        ({"expression": "a.x - b.z", "min": 0}, "$.constraints[0].expression", "does not have"),
        ({"expression": "a.x - b.x", "min": 1, "max": 0}, "$.constraints[0].min", "not below max"),
        ({"expression": "a.x - b.x", "normal": [0]}, "$.constraints[0].normal", "[mean, sigma]"),
        ({"expression": "a.x - b.x", "prior": {"normal": [0, -1]}}, "$.constraints[0].prior.normal[1]", "more than 0"),
        ({"expression": "a.x - b.x", "normal": [0, 1], "uniform": [0, 1]}, "$.constraints[0]", "more than one prior"),
        ({"expression": "a.x - b.x", "mean": 0}, "$.constraints[0].mean", "unknown key"),
        ({"expression": "a.x * a.x", "min": 0}, "$.constraints[0].expression", "no free parameter"),
        ({"expression": "sin(a.pa)", "max": 0.5}, "$.constraints[0].expression", "no free parameter"),
    ],
)
def test_a_fault_is_reported_at_its_place(constraint: Any, path: str, words: str) -> None:
    with pytest.raises(RequestInvalid) as caught:
        parse_request(document_with(constraint))
    (fault,) = caught.value.faults
    assert fault.path == path
    assert words in str(fault)


def test_limits_that_only_held_parameters_could_keep_are_refused() -> None:
    held = {"x": "= b.x + 1"}
    with pytest.raises(RequestInvalid, match="no free parameter"):
        parse_request(document_with({"expression": "a.x - b.x", "max": 3}, **held))
    bounds = [{"expression": "a.x - b.x", "max": 3}, {"expression": "b.x - a.x", "max": 3}]
    parse_request(document_with(bounds[0]))
    with pytest.raises(RequestInvalid, match=r"constraints\[1\].*no free parameter"):
        parse_request(document_with(*bounds))


def test_a_constraint_may_not_be_repeated() -> None:
    with pytest.raises(RequestInvalid, match="constrained twice"):
        parse_request(document_with({"expression": "a.x - b.x", "max": 3}, {"expression": "a.x - b.x", "min": 1}))


def test_a_parameter_without_limits_of_its_own_keeps_the_constraint() -> None:
    request = parse_request(document_with({"expression": "a.x - b.x", "max": 3}, x={"value": 6.0, "min": 0.0}))
    ((number, name, link),) = solved_parameters(request.constraints, request.rows())
    assert (number, name) == (0, "b.x")
    assert link.names == ("a.x", "a.x - b.x")


@pytest.mark.parametrize(
    "text",
    ["a.x - b.x", "b.x - a.x", "a.x + 2 * b.x", "b.x / a.x", "3 * a.x / b.x", "-log(a.x) + b.x", "sqrt(a.x) * b.x"],
)
def test_a_solved_expression_gives_the_parameter_back(text: str) -> None:
    values = {"a.x": 2.3, "b.x": 7.1}
    expression = parse_expression("= " + text)
    for name, value in values.items():
        solved = solved_for(expression, name, text)
        assert solved is not None
        assert solved.value(values | {text: expression.value(values)}) == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize("text", ["a.x * a.x", "a.x - a.x * b.x", "sin(a.x) + b.x", "max(a.x, b.x)", "a.x ** 2"])
def test_what_has_no_single_inverse_is_not_solved(text: str) -> None:
    assert solved_for(parse_expression("= " + text), "a.x", text) is None


NUMBERS = some.floats(-1e6, 1e6, allow_nan=False)
WIDTHS = some.floats(1e-6, 1e6)


@some.composite
def priors(draw: Any) -> dict[str, Any]:
    """Any prior in either of its two forms, with sound numbers."""
    name = draw(some.sampled_from(sorted(PRIORS)))
    low = draw(some.floats(1e-6, 1e3))
    numbers: dict[str, float] = {}
    for key in PRIORS[name].model_fields:
        numbers[key] = draw({"mean": NUMBERS, "sigma": WIDTHS}.get(key, some.just(low)))
    if "max" in numbers:
        numbers["max"] = low + draw(some.floats(1e-3, 1e3))
    return {name: numbers if draw(some.booleans()) else list(numbers.values())}


@settings(max_examples=50, deadline=None)
@given(prior=priors(), inline=some.booleans())
def test_every_constraint_is_written_as_it_was_read(prior: dict[str, Any], inline: bool) -> None:
    constraint = {"expression": "a.r_e / b.r_e", **(prior if inline else {"prior": prior})}
    document = document_with(constraint, r_e={"value": 25.0, "prior": {"normal": [20.0, 3.0]}})
    SCHEMA.validate(document)
    request = parse_request(document)
    written = json.loads(json.dumps(request.document()))
    SCHEMA.validate(written)
    assert parse_request(written) == request


@settings(max_examples=50, deadline=None)
@given(value=some.recursive(some.none() | some.booleans() | NUMBERS | some.text(max_size=5), some.lists, max_leaves=5))
def test_nothing_but_faults_comes_of_nonsense(value: Any) -> None:
    for document in (
        document_with(value),
        document_with({"expression": "a.x - b.x", "normal": value}),
        document_with(x={"value": 6.0, "prior": {"uniform": value}}),
        document_with() | {"noise": value},
    ):
        with contextlib.suppress(RequestInvalid):
            parse_request(document)
