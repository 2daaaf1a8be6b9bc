"""A fit whose time is up keeps what it has found so far, whatever the method."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fitting.progress_reporter
from fitting.methods.progress import Progress, TimeIsUp
from fitting.results import FitResult
from fitting.spec import METHODS
from tests.fitting.scene import fitted, flat_sky, image_of, noisy, rendered, sersic, values_of

MODEL = [flat_sky(2.0), sersic(n=2.5, r_e=7.0)]
IMAGE = image_of(noisy(rendered([flat_sky(), sersic()])))
WARMUP = 20
# Importance draws have no order: what some of them are worth is known once all are drawn.
SAMPLERS = [name for name, method in METHODS.items() if method.samples and name not in ("importance", "svi")]
MINIMIZERS = [name for name in METHODS if name not in (*SAMPLERS, "bootstrap", "importance", "svi")]


def time_is_up(stage: int, iteration: int) -> Callable[[Progress], None]:
    """A callback that raises at each report from an iteration of a stage on."""

    def report(progress: Progress) -> None:
        if (progress.stage, progress.iteration) >= (stage, iteration):
            raise TimeIsUp

    return report


def stopped(stages: list[dict[str, Any]], stage: int, iteration: int) -> FitResult:
    result = fitted(MODEL, IMAGE, stages=stages, report=time_is_up(stage, iteration))
    method = stages[stage]["method"]
    assert result.stopped == f"stage {stage + 1}, {method}, was stopped before its end"
    assert result.stopped in result.warnings
    assert not result.converged
    return result


def chi2_of(result: FitResult) -> float:
    """χ² of the parameters that a result tells, rendered anew."""
    told = values_of(result)
    model = rendered([flat_sky(told["sky.i"]), sersic(**{name[2:]: told[name] for name in told if name[:2] == "g."})])
    return float(((IMAGE.data - model) ** 2).sum())


@pytest.mark.parametrize("method", MINIMIZERS)
def test_a_minimizer_keeps_its_best_so_far(method: str) -> None:
    start = fitted(MODEL, IMAGE, stages=[]).chi2
    result = stopped([{"method": method}], stage=0, iteration=2)
    (record,) = result.stages
    assert (record.converged, record.iterations) == (False, 2)
    assert record.message == result.message == "not converged: out of time after 2 iterations"
    assert record.evaluations >= 2
    assert result.chi2 == pytest.approx(chi2_of(result), rel=1e-9)
    assert result.chi2 < start
    assert record.history.chi2[0] == pytest.approx(start, rel=1e-9)
    assert record.history.chi2[-1] <= record.history.chi2[0]


def test_what_lm_keeps_is_what_as_many_iterations_give() -> None:
    result = stopped([{"method": "lm"}], stage=0, iteration=3)
    allowed = fitted(MODEL, IMAGE, stages=[{"method": "lm", "max_iterations": 3}])
    assert values_of(result) == values_of(allowed)


@pytest.mark.parametrize("method", SAMPLERS)
def test_a_sampler_keeps_its_draws_so_far(method: str) -> None:
    stages = [{"method": "lm"}, {"method": method, "warmup": WARMUP, "samples": 20_000}]
    result = stopped(stages, stage=1, iteration=WARMUP + 5)
    assert result.sampled is not None
    draws = result.sampled.chains.draws
    assert draws.shape[1] >= 4
    message = f"not converged: out of time after {draws.shape[1]} of 20000 draws"
    assert result.stages[1].message.startswith(message)
    stages[1]["samples"] = draws.shape[1]
    whole = fitted(MODEL, IMAGE, stages=stages).sampled
    assert whole is not None
    np.testing.assert_array_equal(draws, whole.chains.draws)
    np.testing.assert_array_equal(result.sampled.chains.log_posterior, whole.chains.log_posterior)


def test_a_sampler_that_is_stopped_in_warm_up_keeps_its_best_point() -> None:
    result = stopped([{"method": "metropolis", "warmup": 100_000}], stage=0, iteration=50)
    assert result.sampled is None
    assert result.stages[0].message == "not converged: out of time before the first draw"
    assert result.chi2 == pytest.approx(chi2_of(result), rel=1e-9)
    assert result.chi2 < fitted(MODEL, IMAGE, stages=[]).chi2


def test_a_stage_that_has_hardly_begun_leaves_what_those_before_it_found() -> None:
    result = stopped([{"method": "lm"}, {"method": "lm"}, {"method": "gradient"}], stage=1, iteration=0)
    assert [record.converged for record in result.stages] == [True, False]
    assert result.chi2 == pytest.approx(fitted(MODEL, IMAGE).chi2, rel=1e-9)


def test_a_bootstrap_keeps_the_optimum() -> None:
    result = stopped([{"method": "lm"}, {"method": "bootstrap", "samples": 300}], stage=1, iteration=1)
    assert result.chi2 == pytest.approx(fitted(MODEL, IMAGE).chi2, rel=1e-9)
    assert all(parameter.uncertainty_bootstrap is None for parameter in result.parameters)


def test_before_the_first_evaluation_is_done_there_is_nothing_to_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting.progress_reporter, "_REPEAT_SECONDS", 0.0)
    large = image_of(np.zeros((300, 300)))
    with pytest.raises(TimeIsUp):
        fitted(MODEL, large, report=time_is_up(0, 0))


LARGE = [flat_sky(), sersic(x=150.0, y=140.0, r_e=30.0)]
"""Nine tiles."""


def test_what_is_kept_of_a_large_image_is_worked_out_although_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting.progress_reporter, "_REPEAT_SECONDS", 0.0)
    large = image_of(noisy(rendered(LARGE, (300, 300))))
    start = [flat_sky(2.5), sersic(x=150.0, y=140.0, r_e=33.0)]
    result = fitted(start, large, report=time_is_up(0, 2))
    assert result.stages[0].iterations == 2
    assert result.chi2 < fitted(start, large, stages=[]).chi2


def test_time_that_is_up_while_the_callback_looks_at_the_model_stops_the_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting.progress_reporter, "_REPEAT_SECONDS", 0.0)
    large = image_of(noisy(rendered(LARGE, (300, 300))))
    looked = False

    def report(progress: Progress) -> None:
        nonlocal looked
        if looked:
            raise TimeIsUp
        if progress.iteration == 1:
            assert progress.iterate is not None
            looked = True
            progress.iterate.normalized_residuals()

    result = fitted([flat_sky(2.5), *LARGE[1:]], large, stages=[{"method": "lm"}] * 2, report=report)
    assert result.stopped == "stage 1, lm, was stopped before its end"


@pytest.mark.slow
def test_time_may_be_up_at_any_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting.progress_reporter, "_REPEAT_SECONDS", 0.0)
    large = image_of(noisy(rendered([flat_sky(), sersic(x=150.0, y=140.0, r_e=30.0, q=0.95)], (300, 300))))
    start = [flat_sky(), sersic(x=150.0, y=140.0, r_e=30.0, q=0.95, pa=125.0)]
    stages = [{"method": "lm", "max_iterations": 3}] * 2
    moments = []
    fitted(start, large, stages=stages, report=moments.append)
    kept = False
    for last in range(1, len(moments), 5):
        result = _stopped_after(last, start, large, stages)
        assert result is not None or not kept, f"nothing is kept after {last} reports"
        kept = result is not None
    assert kept


def _stopped_after(last: int, start: Any, image: Any, stages: list[dict[str, Any]]) -> FitResult | None:
    """What is kept where each report from one on says that time is up; None for nothing."""
    count = 0

    def report(_: Progress) -> None:
        nonlocal count
        count += 1
        if count >= last:
            raise TimeIsUp

    try:
        result = fitted(start, image, stages=stages, report=report)
    except TimeIsUp:
        return None
    assert result.stopped is not None
    return result
