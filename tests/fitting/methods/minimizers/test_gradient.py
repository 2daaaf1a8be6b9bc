"""Gradient descent: the tutorial's run, schedules, every optimizer and its options, limits, cancel."""

import inspect
from typing import Any

import pytest
import torch
from pydantic import ValidationError

from fitting.methods.minimizers import levenberg_marquardt
from fitting.methods.minimizers.gradient import build_optimizer, build_schedule, gradient
from fitting.methods.progress import Cancelled
from fitting.problem import Problem
from fitting.spec.methods import OPTIMIZERS, SCHEDULES, GradientOptions
from tests.fitting.methods.scenes import (
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

_NOT_OFFERED = {"Optimizer", "Muon", "SparseAdam"}
_HOW_NOT_WHAT = {"params", "lr", "foreach", "fused", "maximize", "capturable", "differentiable"}
_EPSILON_PAIR = {("Adafactor", "eps")}


def small_problem() -> Problem:
    """One galaxy on a sky, a little off at the start."""
    galaxy_at = {"x": 20.2, "y": 19.7, "q": 0.7, "pa": 30.0, "n": 1.5, "r_e": 5.0, "i_e": 20.0}
    near = {**galaxy_at, "x": 20.6, "r_e": 5.5, "i_e": 17.0, "pa": 38.0}
    return scene([sky(3.0), galaxy("g", **galaxy_at)], 41, start=[sky(2.0), galaxy("g", **near)])


@pytest.mark.slow  # with a constant rate it is in `test_table`
def test_the_tutorials_adam_with_a_schedule_ends_no_higher_than_the_tutorial() -> None:
    problem = example()
    options = GradientOptions(optimizer="adam", learning_rate=5e-3, steps=1000, schedule="cosine")
    assert reduced(problem, gradient(problem, at_start(problem), options, silent)) <= 1.63


@pytest.mark.slow
def test_diagonal_scaling_ends_no_higher_than_the_tutorial_at_a_constant_rate() -> None:
    problem = example()
    options = GradientOptions(learning_rate=5e-3, scaling="curvature", schedule="constant")
    assert reduced(problem, gradient(problem, at_start(problem), options, silent)) <= 1.63


@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_every_optimizer_lowers_chi_squared(optimizer: str) -> None:
    problem = small_problem()
    start = at_start(problem)
    end = gradient(problem, start, GradientOptions(optimizer=optimizer, steps=60), silent)
    assert float(end.equations.chi2) < 0.9 * float(start.equations.chi2)


@pytest.mark.parametrize("schedule", list(SCHEDULES))
def test_every_schedule_lowers_chi_squared(schedule: str) -> None:
    problem = small_problem()
    start = at_start(problem)
    end = gradient(problem, start, GradientOptions(schedule=schedule, steps=60), silent)
    assert float(end.equations.chi2) < 0.9 * float(start.equations.chi2)


def test_lbfgs_reaches_the_minimum_in_few_steps() -> None:
    problem = small_problem()
    end = gradient(problem, at_start(problem), GradientOptions(optimizer="lbfgs", steps=40), silent)
    lm = levenberg_marquardt(problem, problem.start())
    assert float(end.equations.chi2) == pytest.approx(float(lm.equations.chi2), abs=0.02)


def test_the_table_names_every_optimizer_of_torch() -> None:
    known = {
        name
        for name, kind in vars(torch.optim).items()
        if isinstance(kind, type) and issubclass(kind, torch.optim.Optimizer)
    }
    assert {row.torch_name for row in OPTIMIZERS.values()} == known - _NOT_OFFERED


@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_the_table_has_each_optimizers_own_options(optimizer: str) -> None:
    row = OPTIMIZERS[optimizer]
    signature = inspect.signature(getattr(torch.optim, row.torch_name)).parameters
    own = {name for name in signature if (row.torch_name, name) not in _EPSILON_PAIR} - _HOW_NOT_WHAT
    assert set(row.settings) == own


_VALUES: dict[str, Any] = {"number": 0.5, "integer": 3, "boolean": True, "pair": [0.5, 0.9], "word": None}


@pytest.mark.parametrize("schedule", list(SCHEDULES))
def test_torch_takes_each_schedules_options(schedule: str) -> None:
    given = {
        name: setting.words[0] if setting.kind == "word" else max(setting.low, _VALUES[setting.kind])
        for name, setting in SCHEDULES[schedule].items()
    }
    options = GradientOptions(schedule=schedule, schedule_options=given)
    optimizer = build_optimizer([torch.zeros(2, requires_grad=True)], options)
    assert (build_schedule(optimizer, options) is None) == (schedule == "constant")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"optimizer": "adamant"}, "unknown optimizer"),
        ({"schedule": "sometimes"}, "unknown schedule"),
        ({"optimizer_options": {"momentum": 0.9}}, "is an unknown option"),
        ({"optimizer_options": {"betas": [0.9, 1.0]}}, "will not do"),
        ({"optimizer_options": {"betas": 0.9}}, "will not do"),
        ({"optimizer_options": {"amsgrad": 1}}, "will not do"),
        ({"optimizer_options": {"eps": float("nan")}}, "will not do"),
        ({"optimizer": "sgd", "optimizer_options": {"nesterov": True}}, "nesterov needs momentum"),
        ({"schedule": "cosine_restarts", "schedule_options": {"T_0": 0}}, "will not do"),
        ({"schedule": "constant", "schedule_options": {"gamma": 0.5}}, "is an unknown option"),
    ],
)
def test_options_that_torch_would_refuse_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        GradientOptions(**options)


def test_a_learning_rate_far_too_high_ends_at_the_start_or_below() -> None:
    problem = small_problem()
    start = at_start(problem)
    options = GradientOptions(optimizer="sgd", learning_rate=1000.0, schedule="constant", steps=20)
    end = gradient(problem, start, options, silent)
    assert float(end.equations.chi2) <= float(start.equations.chi2)


def test_patience_ends_a_run_that_no_longer_falls() -> None:
    problem = small_problem()
    options = GradientOptions(optimizer="sgd", schedule="constant", patience=5, tolerance=0.1)
    end = gradient(problem, at_start(problem), options, silent)
    assert end.iterations < 1000


def test_a_run_that_has_reached_the_minimum_ends_early() -> None:
    problem = small_problem()
    end = gradient(problem, at_start(problem), GradientOptions(), silent)
    lm = levenberg_marquardt(problem, problem.start())
    assert end.iterations < 1000
    assert float(end.equations.chi2) == pytest.approx(float(lm.equations.chi2), abs=2e-3)


def test_limits_are_kept() -> None:
    at = {"x": 20.2, "y": 19.7, "q": 0.7, "pa": 30.0, "n": 3.0, "r_e": 5.0, "i_e": 20.0}
    start = [sky(3.0), galaxy("g", **{**at, "n": {"value": 1.5, "min": 1.0, "max": 2.0}})]
    problem = scene([sky(3.0), galaxy("g", **at)], 41, start=start)
    end = gradient(problem, at_start(problem), GradientOptions(steps=200), silent)
    n = problem.parameters.values(end.theta).physical[0, problem.table.index["g.n"]]
    assert float(n) == pytest.approx(2.0, rel=1e-9)


def test_an_end_far_from_the_minimum_says_so() -> None:
    problem = example()
    end = gradient(problem, at_start(problem), GradientOptions(steps=5), silent)
    assert not end.converged
    assert "add a stage of lm" in end.message


def test_same_numbers_twice() -> None:
    problem = small_problem()
    assert same(*(gradient(problem, at_start(problem), GradientOptions(steps=30), silent) for _ in range(2)))


def test_cancel_comes_through_at_once() -> None:
    problem, recorder = small_problem(), Recorder(cancel_at=7)
    with pytest.raises(Cancelled):
        gradient(problem, at_start(problem), GradientOptions(), recorder)
    assert len(recorder.told) == 7
