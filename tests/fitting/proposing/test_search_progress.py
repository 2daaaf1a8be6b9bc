"""Progress of a search: its steps come in their order, their counts grow, and a report that raises ends it."""

from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from fitting.proposing import SearchProgress, propose
from fitting.spec import parse_proposal

Search = Callable[[Callable[[SearchProgress], None]], int]


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Search:
    """A search for four sources of Gaussian light; how many it proposed."""
    y, x = np.mgrid[:90, :100].astype(float)
    image = np.random.default_rng(3).normal(size=x.shape) + 20.0
    for at, amplitude in (((20, 25), 60.0), ((70, 20), 50.0), ((30, 70), 40.0), ((75, 65), 90.0)):
        image += amplitude * np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / 18.0)
    path = tmp_path_factory.mktemp("search") / "four.npy"
    np.save(path, image)
    spec = parse_proposal({"variance": {"constant": 1.0}}, str(path), "path")
    return lambda report: len(propose(spec, Path, report=report).sources)


def test_steps_come_in_order_and_are_counted(search: Search) -> None:
    told: list[SearchProgress] = []
    assert search(told.append) == 4
    first = [step for step, _ in groupby(item.step for item in told)]
    assert first[:6] == ["reading", "defects", "detecting", "measuring", "refining", "structure"]
    assert (first[-1], "models" in first) == ("writing", True)
    measured = [(item.done, item.total, item.sources) for item in told if item.step == "measuring" and item.round == 1]
    assert measured == [(0, 4, 0), (1, 4, 1), (2, 4, 2), (3, 4, 3)]
    refined = [(item.done, item.total) for item in told if item.step == "refining" and item.round == 1]
    assert refined[:5] == [(0, 4), (1, 4), (2, 4), (3, 4), (0, 4)]
    assert [item.round for item in told] == sorted(item.round for item in told)
    assert all(0 <= item.done < item.total or item.total == item.done == 0 for item in told)


def test_a_report_that_raises_ends_the_search(search: Search) -> None:
    class Enough(Exception):
        pass

    def stop(progress: SearchProgress) -> None:
        if progress.step == "measuring":
            raise Enough

    with pytest.raises(Enough):
        search(stop)
