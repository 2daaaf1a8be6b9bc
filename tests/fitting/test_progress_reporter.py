"""A cancel is felt inside one evaluation of a large image, whatever the method."""

from typing import Any

import numpy as np
import pytest

import fitting.progress_reporter
from fitting.inputs import ImageData
from fitting.methods.progress import Cancelled, Progress
from fitting.run import run
from fitting.spec import METHODS
from tests.fitting.scene import fit_request, flat_sky, sersic

SIDE = 300
"""Nine tiles."""
MODEL = [flat_sky(), sersic(x=150.0, y=140.0, r_e=30.0)]


def image() -> ImageData:
    data = np.random.default_rng(1).normal(3.0, 1.0, (SIDE, SIDE))
    return ImageData("image", data, np.ones_like(data), np.zeros(data.shape, dtype=bool))


def told(stages: list[dict[str, Any]], cancel_at: int) -> list[Progress]:
    """What a fit says until its callback raises."""
    heard: list[Progress] = []

    def report(progress: Progress) -> None:
        heard.append(progress)
        if len(heard) == cancel_at:
            raise Cancelled

    with pytest.raises(Cancelled):
        run(fit_request(MODEL, stages=stages), [image()], report=report)
    return heard


@pytest.fixture
def always_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting.progress_reporter, "_REPEAT_SECONDS", 0.0)


@pytest.mark.usefixtures("always_again")
def test_the_first_evaluation_can_be_stopped_between_two_tiles() -> None:
    heard = told([{"method": "lm"}], cancel_at=4)
    assert len(heard) == 4
    assert all(progress.iteration == 0 and progress.fraction == 0.0 for progress in heard)


@pytest.mark.usefixtures("always_again")
@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_felt_between_the_tiles_of_an_evaluation(method: str) -> None:
    # Nine tiles of the start's evaluation, and one of the stage's own.
    assert len(told([{"method": method}], cancel_at=11)) == 11


def test_small_images_are_reported_once_an_iteration() -> None:
    heard: list[Progress] = []
    small = ImageData("image", image().data[:40, :40], np.ones((40, 40)), np.zeros((40, 40), dtype=bool))
    model = [flat_sky(), sersic(x=20.0, y=19.0)]
    run(fit_request(model, stages=[{"method": "lm", "max_iterations": 3}]), [small], report=heard.append)
    assert [progress.iteration for progress in heard] == list(range(len(heard)))
