"""Levenberg–Marquardt: where it ends, how it keeps limits, and what it does when there is no end."""

import itertools
import math

import numpy as np
import pytest

from fitting.methods.minimizers import levenberg_marquardt
from fitting.methods.results import MinimizerResult
from fitting.problem import Problem
from tests.fitting.scene import (
    GALAXY,
    fitted,
    flat_sky,
    image_of,
    noisy,
    problem_of,
    rendered,
    sersic,
    uncertainties_of,
    values_of,
)
from tests.fitting.ulps import assert_few_ulps

MODEL = [flat_sky(), sersic()]


@pytest.fixture(scope="module")
def data() -> np.ndarray:
    return noisy(rendered(MODEL))


def minimized(problem: Problem, **options: float) -> MinimizerResult:
    return levenberg_marquardt(problem, problem.start(), **options)  # type: ignore[arg-type]


def test_it_finds_the_truth_of_an_image_without_noise() -> None:
    start = [flat_sky(1.0), sersic(x=22.0, y=18.5, q=0.8, pa=60.0, n=3.0, r_e=3.0, i_e=20.0)]
    result = fitted(start, image_of(rendered(MODEL), 1e-6))
    expected = {"sky.i": 3.0} | {f"g.{name}": value for name, value in GALAXY.items()}
    assert result.converged
    assert values_of(result) == pytest.approx(expected, rel=1e-5)


def test_the_gradient_vanishes_where_it_converged(data: np.ndarray) -> None:
    problem = problem_of(MODEL, data=data)
    end = minimized(problem)
    _, gradient = problem.value_and_gradient(end.theta)
    sigma = end.equations.matrix[0].inverse().diagonal().sqrt()
    assert end.converged
    assert float((0.5 * gradient[0] * sigma).abs().max()) < 0.01


def test_chi_squared_never_rises(data: np.ndarray) -> None:
    history = minimized(problem_of([flat_sky(0.0), sersic(n=4.0, r_e=12.0, pa=100.0)], data=data)).chi2_history
    assert len(history) > 3
    assert all(after < before for before, after in itertools.pairwise(history))


def test_equations_are_those_of_the_theta_that_is_returned(data: np.ndarray) -> None:
    problem = problem_of(MODEL, data=data)
    end = minimized(problem)
    assert_few_ulps(problem.normal_equations(end.theta).matrix, end.equations.matrix)


def test_too_few_iterations_end_unconverged_with_a_message(data: np.ndarray) -> None:
    end = minimized(problem_of([flat_sky(0.0), sersic(n=4.0)], data=data), max_iterations=2)
    assert not end.converged
    assert end.iterations == 2
    assert "max_iterations" in end.message


def test_a_tighter_tolerance_moves_less_than_the_looser_one_promises(data: np.ndarray) -> None:
    problem = problem_of([flat_sky(0.0), sersic(n=4.0)], data=data)
    loose, tight = minimized(problem), minimized(problem, tolerance=1e-14)
    sigma = tight.equations.matrix[0].inverse().diagonal().sqrt()
    assert float(((loose.theta - tight.theta)[0] / sigma).abs().max()) < 0.005


def test_free_parameters_move_and_fixed_ones_do_not(data: np.ndarray) -> None:
    result = fitted([flat_sky(), sersic(n={"value": 1.9, "fixed": True})], image_of(data))
    assert values_of(result)["g.n"] == 1.9
    assert uncertainties_of(result)["g.n"] is None
    assert result.converged
    assert values_of(result)["g.r_e"] != 5.0


def test_a_limit_holds_and_is_flagged(data: np.ndarray) -> None:
    result = fitted([flat_sky(), sersic(n={"value": 1.2, "max": 1.5})], image_of(data))
    (n,) = [parameter for parameter in result.parameters if parameter.name == "g.n"]
    assert n.value == pytest.approx(1.5, rel=1e-12)
    assert n.at_limit
    assert n.uncertainty is None
    assert result.converged
    assert "g.n" in result.message
    assert "g.n" not in result.covariance.names
    assert result.covariance.at_limit == ("g.n",)
    assert any("g.n" in warning for warning in result.warnings)


def test_a_start_at_a_limit_leaves_it_when_the_data_say_so(data: np.ndarray) -> None:
    result = fitted([flat_sky(), sersic(n={"value": 1.0, "min": 1.0, "max": 6.0})], image_of(data))
    assert values_of(result)["g.n"] == pytest.approx(1.7, abs=0.05)


@pytest.mark.parametrize("limits", [{"value": 4.0, "max": 4.5}, {"value": 8.0, "min": 7.0}])
@pytest.mark.parametrize("pa", [35.0, 125.0])
def test_no_value_leaves_its_limits(data: np.ndarray, limits: dict[str, float], pa: float) -> None:
    """Also where the axes changed their names on the way."""
    result = fitted([flat_sky(), sersic(pa=pa, q=0.95, r_e=limits)], image_of(data))
    value = values_of(result)["g.r_e"]
    assert limits.get("min", 0.0) * (1 - 1e-9) <= value <= limits.get("max", math.inf) * (1 + 1e-9)


@pytest.mark.parametrize("q", [0.9, 1.0])
def test_a_start_with_its_axes_swapped_ends_right(data: np.ndarray, q: float) -> None:
    result = fitted([flat_sky(), sersic(pa=GALAXY["pa"] + 90.0, q=q)], image_of(data))
    straight = fitted(MODEL, image_of(data))
    assert result.converged
    assert result.chi2 == pytest.approx(straight.chi2, rel=1e-8)
    assert values_of(result) == pytest.approx(values_of(straight), rel=2e-4)
    assert uncertainties_of(result) == pytest.approx(uncertainties_of(straight), rel=1e-3)


def test_a_round_start_knows_no_angle_and_ends_right(data: np.ndarray) -> None:
    problem = problem_of([flat_sky(2.5), sersic(q=1.0, pa=0.0, x=21.0, y=19.0, n=2.5, r_e=6.0)], data=data)
    angle = problem.names.index("g.pa")
    assert float(problem.normal_equations(problem.start()).matrix[0, angle, angle]) == 0.0
    end, from_truth = minimized(problem), minimized(problem_of(MODEL, data=data))
    assert end.converged
    assert float(end.equations.chi2) == pytest.approx(float(from_truth.equations.chi2), rel=1e-8)


def test_a_round_galaxy_ends_with_q_near_one() -> None:
    result = fitted([flat_sky(), sersic(q=0.7)], image_of(noisy(rendered([flat_sky(), sersic(q=1.0)]))))
    assert result.converged
    assert 0.98 < values_of(result)["g.q"] <= 1.0


def test_linked_components_are_fitted_together() -> None:
    truth = [sersic("a", i_e=40.0), sersic("b", r_e=1.5, pa=125.0, i_e=300.0)]
    model = [sersic("a"), sersic("b", x="= a.x", y="= a.y", pa="= a.pa + 90", r_e=1.0, i_e=100.0)]
    result = fitted(model, image_of(noisy(rendered(truth), 0.5), 0.25))
    values = values_of(result)
    assert result.converged
    assert values["b.x"] == values["a.x"]
    assert values["b.pa"] == pytest.approx((values["a.pa"] + 90.0) % 180.0, abs=1e-9)
    assert values["a.pa"] == pytest.approx(35.0, abs=2.0)


def test_a_fit_in_a_window_gives_positions_in_the_full_frame(data: np.ndarray) -> None:
    part = image_of(data[5:38, 7:40], origin=(7, 5))
    values = values_of(fitted(MODEL, part))
    assert values["g.x"] == pytest.approx(20.3, abs=0.02)
    assert values["g.y"] == pytest.approx(19.6, abs=0.02)


def test_an_intensity_that_may_be_negative_fits_a_hole() -> None:
    hole = [flat_sky(60.0), sersic(i_e={"value": -20.0, "min": -1e3})]
    result = fitted([flat_sky(50.0), sersic(i_e={"value": -1.0, "min": -1e3})], image_of(noisy(rendered(hole))))
    assert result.converged
    assert values_of(result)["g.i_e"] == pytest.approx(-20.0, rel=0.05)
