"""Constraints in a fit: limits are kept to rounding, priors of expressions pull, and both are reported."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from fitting.problem import Problem
from fitting.results import FitResult
from fitting.run import run
from fitting.spec import FitRequest, parse_request
from tests.fitting.scene import flat_sky, image_of, noisy, rendered, sersic, values_of

TRUTH = [flat_sky(), sersic("a"), sersic("b", x=30.0, y=9.0, r_e=3.0)]


@pytest.fixture(scope="module")
def data() -> np.ndarray:
    return noisy(rendered(TRUTH))


def request_of(*constraints: dict[str, Any], components: list[dict[str, Any]] | None = None) -> FitRequest:
    return parse_request(
        {
            "images": [{"name": "image", "data": "image.fits"}],
            "components": TRUTH if components is None else components,
            "constraints": list(constraints),
            "stages": [{"method": "lm"}],
        }
    )


def fitted(data: np.ndarray, *constraints: dict[str, Any]) -> FitResult:
    return run(request_of(*constraints), [image_of(data)])


def test_limits_that_do_not_bind_change_nothing(data: np.ndarray) -> None:
    free, held = fitted(data), fitted(data, {"expression": "a.x - b.x", "min": -30, "max": 30})
    assert held.converged
    assert held.chi2 == pytest.approx(free.chi2, rel=1e-9)
    values = values_of(held)
    assert values["a.x - b.x"] == pytest.approx(values["a.x"] - values["b.x"], rel=1e-12)
    for one, other in zip(free.parameters, held.parameters, strict=False):
        assert one.value == pytest.approx(other.value, rel=1e-4), one.name
        assert one.uncertainty == pytest.approx(other.uncertainty, rel=1e-3), one.name


@pytest.mark.parametrize(
    ("expression", "limits", "end"),
    [
        ("a.r_e / b.r_e", {"min": 1.0, "max": 1.2}, 1.2),
        ("b.x - a.x", {"max": 9.5}, 9.5),
        ("log(a.n) - log(b.n)", {"min": 0.2}, 0.2),
    ],
)
def test_a_limit_is_kept_to_rounding_and_flagged(
    data: np.ndarray, expression: str, limits: dict[str, float], end: float
) -> None:
    result = fitted(data, {"expression": expression, **limits})
    (row,) = [row for row in result.parameters if row.name == expression]
    assert result.converged
    assert row.value == pytest.approx(end, rel=1e-9)
    assert row.at_limit
    assert any(expression in warning for warning in result.warnings)


def test_a_limit_is_kept_by_fits_of_one_component_after_another(data: np.ndarray) -> None:
    """Though the components that are tied by it are fitted apart from the rest."""
    request = request_of({"expression": "a.r_e / b.r_e", "min": 1.0, "max": 1.2})
    cycles = parse_request(request.document() | {"stages": [{"method": "iterative_components"}]})
    together, apart = run(request, [image_of(data)]), run(cycles, [image_of(data)])
    assert apart.converged
    assert apart.chi2 == pytest.approx(together.chi2, abs=0.05)


def test_a_prior_of_a_difference_pulls(data: np.ndarray) -> None:
    result = fitted(data, {"expression": "b.x - a.x", "normal": [9.0, 1e-4]})
    values = values_of(result)
    assert values["b.x"] - values["a.x"] == pytest.approx(9.0, abs=5e-3)
    assert result.log_prior < 0.0
    assert result.objective > result.chi2


def test_the_difference_of_angles_turns_round(data: np.ndarray) -> None:
    problem = Problem(request_of({"expression": "a.pa - b.pa", "normal": [178.0, 1.0]}), [image_of(data)])
    theta = problem.start()
    theta[0, problem.names.index("a.pa")] -= 4.0
    assert float(problem.priors.value(problem.parameters.values(theta))) == pytest.approx(4.0)


def test_derivatives_through_a_constraint_are_exact(data: np.ndarray) -> None:
    constraints = ({"expression": "a.r_e / b.r_e", "min": 0.5, "max": 3.0, "log_normal": [0.5, 0.1]},)
    problem = Problem(request_of(*constraints), [image_of(data)])
    theta = problem.start() + 0.01
    _, gradient = problem.value_and_gradient(theta)
    steps = 0.1 * problem.normal_equations(theta).matrix[0].diagonal().rsqrt()
    shifts = torch.diag(steps)
    expected = torch.stack([(problem.value(theta + row) - problem.value(theta - row))[0] for row in shifts])
    assert float((gradient[0] * 2.0 * steps - expected).abs().max()) < 1e-3 * float(expected.abs().max())


def test_a_value_that_its_profile_cannot_have_is_no_model(data: np.ndarray) -> None:
    problem = Problem(request_of({"expression": "a.n - b.n", "min": -40, "max": 40}), [image_of(data)])
    theta = problem.start()
    theta[0, problem.names.index("a.n - b.n")] = 30.0
    assert not math.isfinite(float(problem.value(theta)))
