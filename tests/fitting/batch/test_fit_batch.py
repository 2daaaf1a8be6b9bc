"""Batches against the same objects one by one, and what is kept apart where one of them fails."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fitting.batch import FailedFit, fit_batch
from fitting.batch import meeting as meetings
from fitting.faults import UserFault
from fitting.inputs import ImageData
from fitting.methods.progress import Cancelled
from fitting.problem import Problem
from fitting.render import compiled
from fitting.results import FitResult
from fitting.run import run
from fitting.spec import FitRequest, ParameterTable, parse_request

SIDE = 33
Object = tuple[FitRequest, list[ImageData]]


def moffat(fwhm: float) -> np.ndarray:
    y, x = np.mgrid[-5:6, -5:6]
    stamp = (1.0 + (x**2 + y**2) / (0.98 * fwhm) ** 2) ** -3.0
    return np.asarray(stamp / stamp.sum())


def request(random: np.random.Generator, off: float = 0.0) -> FitRequest:
    """A bulge at the disc's centre on a sky: with limits, a fixed value that differs by object, a link, and a prior."""

    def about(value: float) -> float:
        return value * float(np.exp(off * random.uniform(-1.0, 1.0)))

    x, y = (SIDE // 2 + float(random.uniform(-1.0, 1.0)) for _ in range(2))
    disc: dict[str, Any] = {
        "x": x,
        "y": y,
        "q": 0.7,
        "pa": float(random.uniform(0.0, 180.0)),
        "n": {"value": 1.0, "fixed": True},
    }
    disc |= {"r_e": {"value": about(float(random.uniform(4.0, 7.0))), "min": 1.0, "max": 9.0}, "i_e": about(20.0)}
    bulge = {"x": "= disc.x", "y": "= disc.y", "q": {"value": float(random.uniform(0.8, 0.95)), "fixed": True}}
    bulge |= {"pa": {"value": 0.0, "fixed": True}, "r_e": {"value": about(1.5), "max": 2.5}, "i_e": about(40.0)}
    bulge |= {"n": {"value": about(2.0), "prior": {"normal": [2.0, 0.3]}}}
    components = [
        {"name": "sky", "profile": "flat_sky", "parameters": {"i": 5.0}},
        {"name": "disc", "profile": "sersic", "parameters": disc},
        {"name": "bulge", "profile": "sersic", "parameters": bulge},
    ]
    images = [{"name": "r", "data": "d.fits", "psf": "p.fits"}]
    return parse_request({"images": images, "components": components, "stages": [{"method": "lm"}]})


def image(number: int) -> ImageData:
    random = np.random.default_rng(number)
    mask = np.zeros((SIDE, SIDE), dtype=bool)
    mask[random.integers(0, SIDE, 12), random.integers(0, SIDE, 12)] = True
    return ImageData(
        "r", np.zeros((SIDE, SIDE)), random.uniform(0.8, 1.2, (SIDE, SIDE)), mask, psf=moffat(2.0 + 0.05 * (number % 9))
    )


def objects(count: int) -> list[Object]:
    """Simulated objects whose masks, noise, PSFs and fixed values all differ, and starts off the truth."""
    made = []
    for number in range(count):
        plane = image(number)
        truth = Problem(request(np.random.default_rng([7, number])), [plane])
        light = truth.model(truth.start())[0][0].numpy()
        noise = np.random.default_rng([8, number]).normal(size=light.shape) * np.sqrt(plane.variance)
        made.append((request(np.random.default_rng([7, number]), off=0.25), [replace(plane, data=light + noise)]))
    return made


def fit_together(made: Sequence[Object]) -> list[FitResult]:
    ends = fit_batch([request for request, _ in made], [images for _, images in made])
    return [end for end in ends if isinstance(end, FitResult)]


def assert_same(together: FitResult, alone: FitResult) -> None:
    """To 1e-6 of uncertainties."""
    assert together.converged == alone.converged
    assert together.message == alone.message
    assert together.stages[0].iterations == alone.stages[0].iterations
    assert together.chi2 == pytest.approx(alone.chi2, rel=1e-10)
    assert together.notices == alone.notices
    for mine, theirs in zip(together.parameters, alone.parameters, strict=True):
        assert (mine.name, mine.at_limit) == (theirs.name, theirs.at_limit)
        if theirs.uncertainty is None:
            assert mine.value == pytest.approx(theirs.value, rel=1e-9)
        else:
            assert abs(mine.value - theirs.value) < 1e-6 * theirs.uncertainty
            assert mine.uncertainty == pytest.approx(theirs.uncertainty, rel=1e-6)
    for derived, expected in zip(together.derived, alone.derived, strict=True):
        assert derived.value == pytest.approx(expected.value, rel=1e-8)
    np.testing.assert_allclose(together.covariance.matrix, alone.covariance.matrix, rtol=1e-5, atol=1e-12)


def test_objects_that_differ_in_all_but_the_model_end_as_they_do_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    made = objects(20)
    sizes: list[int] = []
    answers = meetings._answers

    def counted(questions: Sequence[Any]) -> list[Any]:
        sizes.append(len(questions))
        return answers(questions)

    monkeypatch.setattr(meetings, "_answers", counted)
    together = fit_together(made)
    assert max(sizes) > 4  # they were answered together
    for (request, images), end in zip(made, together, strict=True):
        assert_same(end, run(request, images))


@pytest.fixture(params=["tensors", "compiled"])
def drawn_by(request: pytest.FixtureRequest) -> Iterator[None]:
    """What draws radial profiles: tensors, or compiled loops."""
    if request.param == "compiled":
        pytest.importorskip("numba")
        compiled.compile_loops()
        assert compiled.load()
    yield
    compiled.unload()


@pytest.mark.slow
@pytest.mark.usefixtures("drawn_by")
def test_five_hundred_objects_end_as_they_do_alone() -> None:
    made = objects(500)
    for (request, images), end in zip(made, fit_together(made), strict=True):
        assert_same(end, run(request, images))


def test_windows_of_one_frame_end_as_they_do_alone() -> None:
    made = []
    for number, (request, images) in enumerate(objects(4)):
        left, low = 100 * number, 37 * number
        moved = {"disc.x": left, "disc.y": low}
        values = {row.name: row.value or 0.0 for row in ParameterTable.of(request)}
        rows = {name: values[name] + shift for name, shift in moved.items()}
        made.append((request.with_values(rows), [replace(images[0], origin=(left, low))]))
    for (request, images), end in zip(made, fit_together(made), strict=True):
        assert_same(end, run(request, images))


def test_what_is_left_out_is_found_in_each_objects_own_pixels() -> None:
    document = {
        "images": [{"name": "r", "data": "d.fits"}],
        "components": [{"name": "sky", "profile": "flat_sky"}, {"name": "g", "profile": "exponential"}],
        "stages": [{"method": "lm"}],
    }
    images = [[replace(images[0], psf=None)] for _, images in objects(3)]
    ends = fit_batch([parse_request(document)] * 3, images)
    assert all(isinstance(end, FitResult) and end.converged for end in ends)


def test_an_object_that_fails_costs_the_others_nothing() -> None:
    made = objects(3)
    request, images = made[1]
    made[1] = (request, [replace(images[0], name="unknown")])
    ends = fit_batch([request for request, _ in made], [images for _, images in made])
    assert isinstance(ends[1], FailedFit)
    assert isinstance(ends[1].error, ValueError | UserFault)
    assert isinstance(ends[0], FitResult)
    assert_same(ends[0], run(*made[0]))
    assert isinstance(ends[2], FitResult)


def test_an_evaluation_that_fails_fails_its_own_object(monkeypatch: pytest.MonkeyPatch) -> None:
    made = objects(3)
    poisoned = made[1][1][0].data
    answers = meetings._answers

    def failing(questions: Sequence[Any]) -> list[Any]:
        if any(question.problem.sources[0].data is poisoned for question in questions):
            raise ArithmeticError("poison")
        return answers(questions)

    monkeypatch.setattr(meetings, "_answers", failing)
    ends = fit_batch([request for request, _ in made], [images for _, images in made])
    assert [isinstance(end, FailedFit) for end in ends] == [False, True, False]


def test_a_batch_is_ended_from_outside() -> None:
    def stop(_done: int) -> None:
        raise Cancelled

    made = objects(2)
    with pytest.raises(Cancelled):
        fit_batch([request for request, _ in made], [images for _, images in made], report=stop)


def test_a_batch_of_none_is_empty() -> None:
    assert fit_batch([], []) == []
