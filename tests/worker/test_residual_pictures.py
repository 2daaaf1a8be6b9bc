"""Pictures of a running fit, whatever the store that they go to does."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fitting.methods.progress import Cancelled
from fitting.problem import Problem
from fitting.problem.iterate import Iterate
from jobs.lifecycle.transitions import Claim
from jobs.storage.blobs import FolderBlobs
from tests.fitting.scene import flat_sky, noisy, problem_of, rendered, sersic
from worker import residual_pictures
from worker.residual_pictures import ResidualPictures

CLAIM = Claim("fit_1", 2, "local", {}, "cpu", 0)
FOLDER = "fits/fit_1/2/live"


class Store(FolderBlobs):
    """A folder whose `put_file` does something else first."""

    def __init__(self, folder: Path, first: Callable[[], object] = lambda: None) -> None:
        super().__init__(folder)
        self.first = first
        self.puts = 0
        self.cleared = False

    def put_file(self, key: str, path: Path) -> None:
        self.puts += 1
        self.first()
        super().put_file(key, path)

    def delete(self, key: str) -> None:
        super().delete(key)
        self.cleared = True


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first picture is made without delay."""
    monkeypatch.setattr(residual_pictures, "_FIRST_SECONDS", 0.0)


@pytest.fixture(scope="module")
def problem() -> Problem:
    return problem_of([flat_sky(), sersic()], data=noisy(rendered([flat_sky(), sersic()])))


@pytest.fixture(scope="module")
def iterate(problem: Problem) -> Iterate:
    return Iterate(problem, problem.start())


def until(condition: Callable[[], object], what: str, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.005)


def test_a_picture_is_there_while_the_attempt_lasts_and_then_gone(tmp_path: Path, iterate: Iterate) -> None:
    store = Store(tmp_path)
    with ResidualPictures(store, CLAIM) as pictures:
        assert pictures.latest is None
        pictures.see(iterate)
        until(lambda: pictures.latest, "a picture")
        assert pictures.latest is not None
        assert pictures.latest["sequence"] == 1
        assert store.read(f"{FOLDER}/residual-0.png").startswith(b"\x89PNG")
    assert store.keys("fits") == []
    assert pictures.latest is None


def test_pictures_take_a_tenth_of_the_time_at_most(tmp_path: Path, iterate: Iterate) -> None:
    cost = 0.2
    store = Store(tmp_path, lambda: threading.Event().wait(cost))
    began = time.monotonic()
    with ResidualPictures(store, CLAIM) as pictures:
        while store.puts < 2:
            pictures.see(iterate)
            assert time.monotonic() - began < 30.0
    assert time.monotonic() - began > 10.0 * cost


def test_a_fit_of_seconds_has_one_every_two(tmp_path: Path, iterate: Iterate) -> None:
    store = Store(tmp_path)
    began = time.monotonic()
    with ResidualPictures(store, CLAIM) as pictures:
        while store.puts < 2:
            pictures.see(iterate)
            assert time.monotonic() - began < 30.0
    assert time.monotonic() - began > 2.0


def test_a_store_that_hangs_holds_nothing_up_and_is_cleared_when_it_answers(tmp_path: Path, iterate: Iterate) -> None:
    answers = threading.Event()
    store = Store(tmp_path, answers.wait)
    began = time.monotonic()
    with ResidualPictures(store, CLAIM) as pictures:
        for _ in range(100):
            pictures.see(iterate)
        until(lambda: store.puts, "the attempt to store")
        assert time.monotonic() - began < 2.0
    assert store.puts == 1
    assert time.monotonic() - began < 6.0
    answers.set()
    until(lambda: store.cleared, "the pictures' removal")
    assert store.keys("fits") == []


def test_a_store_that_is_away_leaves_a_fit_without_pictures(tmp_path: Path, iterate: Iterate) -> None:
    def fail() -> None:
        raise OSError("the store does not answer")

    store = Store(tmp_path, fail)
    with ResidualPictures(store, CLAIM) as pictures:
        pictures.see(iterate)
        until(lambda: store.puts, "the attempt to store")
    assert pictures.latest is None
    assert store.keys("fits") == []


@pytest.mark.parametrize(("error", "comes"), [(RuntimeError("out of memory"), False), (Cancelled(), True)])
def test_only_a_cancel_comes_through_from_the_model(
    tmp_path: Path, iterate: Iterate, monkeypatch: pytest.MonkeyPatch, error: Exception, comes: bool
) -> None:
    def fail(_: Iterate) -> None:
        raise error

    monkeypatch.setattr(Iterate, "normalized_residuals", fail)
    with ResidualPictures(Store(tmp_path), CLAIM) as pictures:
        if comes:
            with pytest.raises(Cancelled):
                pictures.see(iterate)
        else:
            pictures.see(iterate)
