"""Priors: their densities against SciPy's, their derivatives, and what they do to a fit."""

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from fitting.problem import Problem
from fitting.results import parameters_document
from fitting.spec import parse_request
from tests.fitting.scene import fitted, flat_sky, image_of, noisy, problem_of, rendered, sersic, values_of

CASES: list[tuple[str, list[float], Any]] = [
    ("normal", [2.0, 0.5], stats.norm(2.0, 0.5)),
    ("log_normal", [0.6, 0.3], stats.lognorm(0.3, scale=math.exp(0.6))),
    ("uniform", [0.5, 4.0], stats.uniform(0.5, 3.5)),
    ("log_uniform", [0.5, 4.0], stats.loguniform(0.5, 4.0)),
    ("truncated_normal", [2.0, 0.5, 1.0, 2.2], stats.truncnorm(-2.0, 0.4, 2.0, 0.5)),
    ("truncated_normal", [2.0, 0.1, 1.0, 1.6], stats.truncnorm(-10.0, -4.0, 2.0, 0.1)),
]
each = pytest.mark.parametrize(("kind", "numbers", "scipys"), CASES, ids=[f"{case[0]} {case[1]}" for case in CASES])


def with_prior(kind: str, numbers: list[float], **changes: Any) -> Problem:
    """The problem of a galaxy whose n, at 1.4, has a prior."""
    galaxy = sersic(n={"value": 1.4, "prior": {kind: numbers}}, **changes)
    return problem_of([flat_sky(), galaxy], data=noisy(rendered([flat_sky(), sersic()])))


@each
def test_the_density_is_scipys_and_the_objective_follows_it(kind: str, numbers: list[float], scipys: Any) -> None:
    problem, flat = with_prior(kind, numbers), with_prior("uniform", [0.2, 11.0])
    theta = problem.start()
    moved = theta.clone()
    moved[0, problem.names.index("g.n")] = math.log(1.2)
    values = [problem.parameters.values(place) for place in (theta, moved)]
    for value, n in zip(values, (1.4, 1.2), strict=True):
        assert float(problem.priors.log_density(value)) == pytest.approx(scipys.logpdf(n), rel=1e-9)
    added = [float(problem.value(place) - flat.value(place)) for place in (theta, moved)]
    expected = -2.0 * (scipys.logpdf(1.2) - scipys.logpdf(1.4))
    assert added[1] - added[0] == pytest.approx(expected, rel=1e-8, abs=1e-7)


@each
def test_the_three_questions_agree_on_it(kind: str, numbers: list[float], scipys: Any) -> None:
    problem, flat = with_prior(kind, numbers), with_prior("uniform", [0.2, 11.0])
    theta, place = problem.start(), problem.names.index("g.n")
    equations, level = problem.normal_equations(theta), flat.normal_equations(theta)
    value, gradient = problem.value_and_gradient(theta)
    assert float(equations.chi2) == pytest.approx(float(value), rel=1e-10)
    added = equations.gradient - level.gradient
    # The gradient of ln p by ln n, at 1.4.
    slope = (scipys.logpdf(1.4 * math.exp(1e-5)) - scipys.logpdf(1.4 * math.exp(-1e-5))) / 2e-5
    assert float(added[0, place]) == pytest.approx(slope, rel=1e-6, abs=1e-6)
    assert float((added.abs() > 1e-9).sum()) == float(abs(slope) > 1e-9)
    by_gradient = -0.5 * (gradient - flat.value_and_gradient(theta)[1])
    assert float(by_gradient[0, place]) == pytest.approx(slope, rel=1e-6, abs=1e-5)
    curvature = (equations.matrix - level.matrix)[0, place, place]
    expected = {"normal": 1.4**2 / 0.25, "log_normal": 1.0 / 0.09}.get(kind)
    if expected is not None:
        assert float(curvature) == pytest.approx(expected, rel=1e-5)
    assert float(curvature) >= -1e-9


@pytest.mark.parametrize(("kind", "numbers"), [("uniform", [1.1, 2.5]), ("log_uniform", [1.1, 2.5])])
def test_its_bounds_are_limits(kind: str, numbers: list[float]) -> None:
    problem = with_prior(kind, numbers)
    place = problem.names.index("g.n")
    assert float(problem.lower[place]) == pytest.approx(math.log(1.1))
    assert float(problem.upper[place]) == pytest.approx(math.log(2.5))


def test_a_prior_far_tighter_than_the_data_decides() -> None:
    data = noisy(rendered([flat_sky(), sersic()]))
    tight = fitted([flat_sky(), sersic(n={"value": 1.5, "prior": {"normal": [2.2, 1e-4]}})], image_of(data))
    (n,) = [row for row in tight.parameters if row.name == "g.n"]
    assert tight.converged
    assert n.value == pytest.approx(2.2, abs=3e-4)
    assert n.uncertainty == pytest.approx(1e-4, rel=0.01)


def test_a_prior_and_the_data_meet_where_their_precisions_say() -> None:
    """A level of the sky is linear, so the posterior is normal: the closed form of the precision-weighted mean."""
    data = np.random.default_rng(9).normal(10.0, 3.0, (20, 20))
    prior = {"value": 8.0, "prior": {"normal": [9.0, 0.2]}}
    result = fitted([flat_sky(prior)], image_of(data, 9.0))
    (sky,) = result.parameters
    precision = 400.0 / 9.0 + 1.0 / 0.04
    assert sky.value == pytest.approx((400.0 / 9.0 * data.mean() + 9.0 / 0.04) / precision, rel=1e-5)
    assert sky.uncertainty == pytest.approx(precision**-0.5, rel=1e-9)
    assert result.chi2 == pytest.approx(((data - sky.value) ** 2 / 9.0).sum(), rel=1e-9)
    assert result.objective == pytest.approx(result.chi2 + ((sky.value - 9.0) / 0.2) ** 2, rel=1e-9)
    assert result.log_prior == pytest.approx(stats.norm(9.0, 0.2).logpdf(sky.value))
    assert parameters_document(result)["bic"] == pytest.approx(result.chi2 + math.log(400.0))


def test_a_prior_on_a_link_is_on_its_value() -> None:
    """Twice the first level plus itself is what the data measure; the prior is on twice the first level."""
    data = np.random.default_rng(9).normal(12.0, 3.0, (20, 20))
    linked = flat_sky({"value": "= a.i * 2", "prior": {"normal": [7.0, 0.1]}}, "b")
    level = values_of(fitted([flat_sky(3.0, "a"), linked], image_of(data, 9.0)))["a.i"]
    measured, wanted = 9.0 * 400.0 / 9.0, 4.0 / 0.01
    assert level == pytest.approx((measured * data.mean() / 3.0 + wanted * 3.5) / (measured + wanted), rel=1e-5)


def test_an_angle_is_drawn_the_shorter_way_round() -> None:
    problem = problem_of([flat_sky(), sersic(pa={"value": 178.0, "prior": {"normal": [2.0, 1.0]}})])
    assert float(problem.priors.value(problem.parameters.values(problem.start()))) == pytest.approx(16.0)


def test_an_ellipse_with_a_prior_keeps_its_axes() -> None:
    free, held = problem_of([sersic()]), problem_of([sersic(q={"value": 0.6, "prior": {"normal": [0.7, 0.1]}})])
    assert float(free.upper[2]) > 0.0
    assert float(held.upper[2]) == 0.0


def test_a_prior_of_a_fixed_parameter_says_nothing() -> None:
    problem = problem_of([flat_sky(), sersic(n={"value": 1.7, "fixed": True, "prior": {"normal": [2.0, 0.1]}})])
    assert float(problem.priors.value(problem.parameters.values(problem.start()))) == 0.0


def test_a_prior_is_written_as_it_was_read() -> None:
    galaxy = sersic(n={"value": 1.4, "prior": {"normal": {"sigma": 1, "mean": 2}}})
    document = {"images": [{"data": "a"}], "components": [galaxy]}
    request = parse_request(document)
    written = request.document()
    assert written["components"][0]["parameters"]["n"] == {"value": 1.4, "prior": {"normal": [2.0, 1.0]}}
    assert parse_request(written) == request
