"""What a fit tells its caller on the way, how it is stopped, and that it repeats itself exactly."""

import itertools

import pytest

from fitting.methods.progress import Cancelled, Progress
from fitting.results import parameters_document
from fitting.run import run
from tests.fitting.scene import fit_request, fitted, flat_sky, image_of, noisy, rendered, sersic
from tests.fitting.ulps import assert_few_ulps

MODEL = [flat_sky(0.0), sersic(n=3.5, r_e=8.0)]
DATA = noisy(rendered([flat_sky(), sersic()]))


def reports(stages: int) -> list[Progress]:
    heard: list[Progress] = []
    fitted(MODEL, image_of(DATA), stages=[{"method": "lm"}] * stages, report=heard.append)
    return heard


def test_the_fraction_rises_within_zero_and_one() -> None:
    fractions = [progress.fraction for progress in reports(stages=3)]
    assert all(0.0 <= fraction <= 1.0 for fraction in fractions)
    assert all(before <= after for before, after in itertools.pairwise(fractions))


def test_every_stage_is_reported_with_its_place_and_method() -> None:
    heard = reports(stages=2)
    assert {(progress.stage, progress.stages, progress.method) for progress in heard} == {(0, 2, "lm"), (1, 2, "lm")}
    assert [progress.iteration for progress in heard if progress.stage == 0] == list(
        range(len([progress for progress in heard if progress.stage == 0]))
    )


def test_chi_squared_in_reports_falls_to_that_of_the_result() -> None:
    heard = reports(stages=1)
    assert heard[0].chi2_reduced > heard[-1].chi2_reduced
    assert heard[-1].chi2_reduced == pytest.approx(fitted(MODEL, image_of(DATA)).chi2_reduced, rel=1e-9)
    assert all(f"{progress.chi2_reduced:.6g}" in progress.message for progress in heard)


@pytest.mark.parametrize("last", [1, 3])
def test_a_report_that_raises_cancelled_stops_the_fit(last: int) -> None:
    heard: list[Progress] = []

    def report(progress: Progress) -> None:
        heard.append(progress)
        if len(heard) == last:
            raise Cancelled

    with pytest.raises(Cancelled):
        fitted(MODEL, image_of(DATA), report=report)
    assert len(heard) == last


def test_a_report_that_fails_is_not_taken_for_a_cancel() -> None:
    def report(progress: Progress) -> None:
        raise ConnectionError("the broker is gone")

    with pytest.raises(ConnectionError):
        fitted(MODEL, image_of(DATA), report=report)


def test_a_stage_starts_where_the_last_ended() -> None:
    once = fitted(MODEL, image_of(DATA))
    twice = fitted(MODEL, image_of(DATA), stages=[{"method": "lm", "max_iterations": 3}, {"method": "lm"}])
    assert [stage.converged for stage in twice.stages] == [False, True]
    assert_few_ulps(twice.stages[1].chi2_reduced[0], twice.stages[0].chi2_reduced[1])
    assert twice.chi2 == pytest.approx(once.chi2, rel=1e-7)


def test_the_same_request_gives_the_same_numbers() -> None:
    request, image = fit_request(MODEL), image_of(DATA)
    first, second = (parameters_document(run(request, [image])) for _ in range(2))
    for document in (first, second):
        for stage in document["stages"]:
            del stage["seconds"]
    assert first == second


def test_without_stages_the_model_is_rendered_at_the_given_values() -> None:
    result = fitted(MODEL, image_of(DATA), stages=[])
    assert result.stages == ()
    assert result.converged
    assert [parameter.value for parameter in result.parameters if parameter.name == "g.n"] == [pytest.approx(3.5)]
    assert_few_ulps(result.images[0].model, rendered(MODEL))
    assert result.chi2 == pytest.approx(float(((DATA - rendered(MODEL)) ** 2).sum()), rel=1e-12)
