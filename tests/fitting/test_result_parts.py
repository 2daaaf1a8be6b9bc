"""What the stages found is kept where something after them fails, or is stopped."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fitting import run as run_module
from fitting.faults import PassingFault
from fitting.methods.progress import Cancelled, Interrupted, Progress, TimeIsUp
from fitting.results import FitResult, parameters_document
from tests.fitting.scene import fitted, flat_sky, image_of, noisy, rendered, sersic, uncertainties_of, values_of

MODEL = [flat_sky(), sersic()]
IMAGE = image_of(noisy(rendered(MODEL)))


@pytest.fixture(scope="module")
def whole() -> FitResult:
    return fitted(MODEL, IMAGE)


def broken(error: Exception) -> Any:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


def told(result: FitResult) -> list[str]:
    return [notice.sentence for notice in result.notices if notice.code == "result-incomplete"]


def test_a_covariance_that_fails_costs_the_uncertainties_alone(
    whole: FitResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "covariance_at", broken(np.linalg.LinAlgError("no convergence")))
    result = fitted(MODEL, IMAGE)
    assert values_of(result) == values_of(whole)
    assert result.chi2 == whole.chi2
    assert not any(uncertainties_of(result).values())
    assert isinstance(result.failure, np.linalg.LinAlgError)
    assert result.stopped == "the covariance failed by a fault of photfit (LinAlgError)"
    assert told(result)[0].startswith("the covariance failed")
    assert parameters_document(result)["parameters"]


@pytest.mark.parametrize("part", ["derived_values", "size_limits", "total_notices"])
def test_other_parts_that_fail_leave_values_and_uncertainties(
    whole: FitResult, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    monkeypatch.setattr(run_module, part, broken(MemoryError()))
    result = fitted(MODEL, IMAGE)
    assert values_of(result) == values_of(whole)
    assert uncertainties_of(result) == uncertainties_of(whole)
    assert len(told(result)) == 1
    assert "memory" in told(result)[0]


def test_trouble_that_may_pass_comes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "derived_values", broken(PassingFault("try again")))
    with pytest.raises(PassingFault):
        fitted(MODEL, IMAGE)


def stopping(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> Any:
    """A report that raises once the stages are done."""
    monkeypatch.setattr("fitting.result_parts._REPEAT_SECONDS", 0.0)

    def report(progress: Progress) -> None:
        if progress.message.startswith("stages are done"):
            raise error

    return report


def test_a_cancel_is_felt_while_uncertainties_are_worked_out(whole: FitResult, monkeypatch: pytest.MonkeyPatch) -> None:
    result = fitted(MODEL, IMAGE, report=stopping(Interrupted, monkeypatch))
    assert result.stopped == "the covariance was stopped before its end"
    assert result.failure is None
    assert values_of(result) == values_of(whole)
    with pytest.raises(Cancelled):
        fitted(MODEL, IMAGE, report=stopping(Cancelled, monkeypatch))


def test_time_that_is_up_after_the_stages_takes_nothing_away(whole: FitResult, monkeypatch: pytest.MonkeyPatch) -> None:
    result = fitted(MODEL, IMAGE, report=stopping(TimeIsUp, monkeypatch))
    assert result.stopped is None
    assert uncertainties_of(result) == uncertainties_of(whole)


def test_a_cancel_is_felt_between_the_tiles_of_a_large_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fitting.result_parts._REPEAT_SECONDS", 0.0)
    real, said = run_module.size_limits, []

    def evaluating(problem: Any, end: Any, unsure: set[str]) -> Any:
        said.append("begun")
        problem.normal_equations(end.theta)
        said.append("ended")
        return real(problem, end, unsure)

    monkeypatch.setattr(run_module, "size_limits", evaluating)

    def report(progress: Progress) -> None:
        if said:
            raise Interrupted

    shape = (300, 300)
    data = noisy(rendered(MODEL, shape))
    result = fitted(MODEL, image_of(data), stages=[{"method": "lm", "max_iterations": 3}], report=report)
    assert said == ["begun"]
    assert result.stopped is not None
