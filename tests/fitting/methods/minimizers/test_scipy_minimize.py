"""SciPy's methods: each of them, limits, cancel."""

import pytest
from pydantic import ValidationError
from scipy.optimize import show_options

from fitting.methods.minimizers import levenberg_marquardt
from fitting.methods.minimizers.scipy_minimize import scipy_minimize
from fitting.methods.progress import Cancelled
from fitting.spec.methods import SCIPY_METHODS, ScipyOptions
from tests.fitting.methods.scenes import (
    GOAL,
    Recorder,
    at_start,
    example,
    galaxy,
    reduced,
    same,
    scene,
    silent,
    sky,
)

WITHOUT_GRADIENT = ("nelder-mead", "powell", "cobyla", "cobyqa")
WITH_GRADIENT = tuple(method for method in SCIPY_METHODS if method not in WITHOUT_GRADIENT)
TRUTH = {"x": 20.2, "y": 19.7, "q": 0.7, "pa": 30.0, "n": 3.0, "r_e": 5.0, "i_e": 20.0}


@pytest.mark.parametrize("solver", WITH_GRADIENT)
def test_methods_with_a_gradient_reach_the_minimum_of_the_three_galaxies(solver: str) -> None:
    problem = example()
    end = scipy_minimize(problem, at_start(problem), ScipyOptions(solver=solver), silent)
    assert reduced(problem, end) <= GOAL


@pytest.mark.parametrize("solver", WITHOUT_GRADIENT)
def test_methods_without_a_gradient_lower_chi_squared(solver: str) -> None:
    problem = example()
    start = at_start(problem)
    end = scipy_minimize(
        problem, start, ScipyOptions(solver=solver, max_iterations=1 if solver == "powell" else 60), silent
    )
    assert float(end.equations.chi2) < float(start.equations.chi2)


def test_every_method_of_scipy_is_offered_and_known_to_it() -> None:
    for solver in SCIPY_METHODS:
        assert show_options("minimize", solver, disp=False)


@pytest.mark.parametrize("scaling", ["covariance", "curvature"])
@pytest.mark.parametrize("solver", ["l-bfgs-b", "slsqp", "bfgs", "nelder-mead"])
def test_limits_are_kept(solver: str, scaling: str) -> None:
    start = [sky(3.0), galaxy("g", **{**TRUTH, "n": {"value": 1.5, "min": 1.0, "max": 2.0}})]
    problem = scene([sky(3.0), galaxy("g", **TRUTH)], 41, start=start)
    options = ScipyOptions(solver=solver, scaling=scaling, max_iterations=40)  # type: ignore[arg-type]
    end = scipy_minimize(problem, at_start(problem), options, silent)
    n = float(problem.parameters.values(end.theta).physical[0, problem.table.index["g.n"]])
    assert 1.0 <= n <= 2.0 + 1e-12


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(ValidationError, match="unknown solver"):
        ScipyOptions(solver="simplex")


def test_never_ends_above_its_start() -> None:
    problem = example()
    best = levenberg_marquardt(problem, problem.start())
    end = scipy_minimize(problem, best, ScipyOptions(max_iterations=3), silent)
    assert float(end.equations.chi2) <= float(best.equations.chi2)


def test_same_numbers_twice() -> None:
    problem = example()
    assert same(*(scipy_minimize(problem, at_start(problem), ScipyOptions(), silent) for _ in range(2)))


@pytest.mark.parametrize("solver", SCIPY_METHODS)
def test_cancel_comes_through_every_method(solver: str) -> None:
    problem, recorder = example(), Recorder(cancel_at=4)
    with pytest.raises(Cancelled):
        scipy_minimize(problem, at_start(problem), ScipyOptions(solver=solver), recorder)
    assert len(recorder.told) == 4
