"""What is kept of a fit whose later stage fails, or that its owner ends: all that was found, and what is missing."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fitting.stages
from fitting.faults import OutOfMemory, PassingFault, UserFault
from fitting.methods.minimizers import TRY
from fitting.methods.progress import Cancelled, Interrupted, Progress
from fitting.results import FitResult
from fitting.spec import METHODS
from tests.fitting.scene import fitted, flat_sky, image_of, noisy, rendered, sersic, uncertainties_of, values_of

MODEL = [flat_sky(2.0), sersic(n=2.5, r_e=7.0)]
IMAGE = image_of(noisy(rendered([flat_sky(), sersic()])))
SAMPLERS = [name for name, method in METHODS.items() if method.samples and name not in ("importance", "svi")]
MINIMIZERS = [name for name in METHODS if name not in (*SAMPLERS, "bootstrap", "importance", "svi")]


def raising(error: Exception, stage: int, iteration: int = 0) -> Callable[[Progress], None]:
    """A callback that raises at each report from an iteration of a stage on."""

    def report(progress: Progress) -> None:
        if (progress.stage, progress.iteration) >= (stage, iteration):
            raise error

    return report


def codes(result: FitResult) -> list[str]:
    return [notice.code for notice in result.notices]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RuntimeError("a matrix is singular"), "failed by a fault of photfit (RuntimeError)"),
        (UserFault("needs an odd number"), "could not be carried out: needs an odd number"),
        (MemoryError(), "failed: the memory did not suffice"),
    ],
    ids=["own", "user", "memory"],
)
def test_a_stage_that_fails_leaves_the_optimum_and_its_covariance(
    error: Exception, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(fitting.stages, "METHOD_RUNNERS", {**fitting.stages.METHOD_RUNNERS, "nuts": fail})
    result = fitted(MODEL, IMAGE, stages=[{"method": "lm"}, {"method": "nuts"}, {"method": "bootstrap"}])
    alone = fitted(MODEL, IMAGE)
    assert values_of(result) == values_of(alone)
    assert uncertainties_of(result) == uncertainties_of(alone)
    assert result.failure is error or isinstance(result.failure, OutOfMemory)
    assert result.stopped == f"stage 2, nuts, {words}"
    assert result.stopped in result.message
    assert codes(result)[-2:] == ["stage-failed", "stages-not-run"] or {"stage-failed", "stages-not-run"} <= set(
        codes(result)
    )
    assert "not run: stage 3, bootstrap" in result.warnings


@pytest.mark.parametrize("method", SAMPLERS)
def test_a_sampler_that_fails_keeps_its_draws(method: str) -> None:
    stages = [{"method": "lm"}, {"method": method, "warmup": 10, "samples": 20_000}]
    result = fitted(MODEL, IMAGE, stages=stages, report=raising(RuntimeError("no"), 1, 16))
    assert isinstance(result.failure, RuntimeError)
    assert result.sampled is not None
    draws = result.sampled.chains.draws
    assert draws.shape[1] >= 4
    assert np.isfinite(draws).all()
    assert result.stages[1].message.startswith(f"not converged: failed after {draws.shape[1]} of 20000 draws")


@pytest.mark.parametrize("method", MINIMIZERS)
def test_a_minimizer_that_fails_first_keeps_its_best_so_far(method: str) -> None:
    start = fitted(MODEL, IMAGE, stages=[]).chi2
    result = fitted(MODEL, IMAGE, stages=[{"method": method}], report=raising(RuntimeError("no"), 0, 2))
    assert isinstance(result.failure, RuntimeError)
    assert result.chi2 < start
    assert not result.converged


def test_a_fit_that_its_owner_ends_keeps_what_it_had() -> None:
    stages = [{"method": "lm"}, {"method": "metropolis", "warmup": 10, "samples": 100_000}, {"method": "lm"}]
    result = fitted(MODEL, IMAGE, stages=stages, report=raising(Interrupted(), 1, 20))
    assert result.sampled is not None
    assert result.failure is None
    assert result.stages[1].message.startswith("not converged: cancelled after ")
    assert {"stopped-early", "stages-not-run"} <= set(codes(result))


@pytest.mark.parametrize("error", [PassingFault("the database is away"), Cancelled()], ids=["passing", "released"])
def test_what_is_tried_again_keeps_nothing(error: Exception) -> None:
    for stages in ([{"method": "lm"}, {"method": "lm"}], [{"method": "lm"}, {"method": "mala", "warmup": 5}]):
        with pytest.raises(type(error)):
            fitted(MODEL, IMAGE, stages=stages, report=raising(error, 1))


def test_a_first_stage_without_anything_to_keep_fails_with_its_own_error() -> None:
    with pytest.raises(UserFault, match="at once"):
        fitted(MODEL, IMAGE, report=raising(UserFault("at once"), 0))


LEAST = {"lm": {"max_iterations": 1}, "gradient": {"steps": 2}, "scipy": {"max_iterations": 1}}


@pytest.mark.parametrize("method", MINIMIZERS)
def test_a_minimizer_that_has_not_converged_says_what_to_try(method: str) -> None:
    options = LEAST.get(method, {"max_cycles": 1})
    result = fitted(MODEL, IMAGE, stages=[{"method": method, **options}])
    assert not result.converged
    assert TRY in result.message
