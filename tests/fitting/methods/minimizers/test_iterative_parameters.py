"""Cycles over chunks of parameters: the minimum, chunks, links, seeds, cancel."""

import pytest
from pydantic import ValidationError

from fitting.methods.minimizers import levenberg_marquardt
from fitting.methods.minimizers.iterative_parameters import chunk_size, iterative_parameters
from fitting.methods.progress import Cancelled
from fitting.spec.methods import IterativeParametersOptions
from tests.fitting.methods.scenes import GOAL, Recorder, at_start, example, reduced, same, silent, tied_scene


@pytest.mark.parametrize("order", [pytest.param("random", marks=pytest.mark.slow), "sequential"])
def test_two_chunks_reach_the_minimum_of_the_three_galaxies(order: str) -> None:
    problem = example()
    options = IterativeParametersOptions(chunks=2, order=order)  # type: ignore[arg-type]
    end = iterative_parameters(problem, at_start(problem), options, silent)
    assert reduced(problem, end) <= GOAL
    assert end.converged


def test_a_scene_with_links_ends_where_lm_ends() -> None:
    problem = tied_scene()
    start = at_start(problem)
    end = iterative_parameters(problem, start, IterativeParametersOptions(), silent)
    lm = levenberg_marquardt(problem, start.theta)
    assert float(end.equations.chi2) == pytest.approx(float(lm.equations.chi2), abs=0.02)


@pytest.mark.parametrize(
    ("options", "size"),
    [({}, 11), ({"chunks": 3}, 8), ({"chunk_size": 5}, 5), ({"chunk_size": 100}, 22), ({"chunks": 100}, 1)],
)
def test_chunks_are_as_large_as_asked(options: dict[str, int], size: int) -> None:
    assert chunk_size(22, IterativeParametersOptions(**options)) == size  # type: ignore[arg-type]


def test_both_size_and_number_of_chunks_are_refused() -> None:
    with pytest.raises(ValidationError, match="both given"):
        IterativeParametersOptions(chunk_size=3, chunks=2)


def test_one_parameter_at_a_time_lowers_chi_squared() -> None:
    problem = example()
    start = at_start(problem)
    end = iterative_parameters(problem, start, IterativeParametersOptions(chunk_size=1, max_cycles=1), silent)
    assert float(end.equations.chi2) < 0.2 * float(start.equations.chi2)


def test_the_seed_decides_the_chunks() -> None:
    ends = []
    for seed in (1, 1, 2):
        problem = example(edit=lambda document, seed=seed: document.update(seed=seed))
        options = IterativeParametersOptions(max_cycles=2)
        ends.append(iterative_parameters(problem, at_start(problem), options, silent))
    assert same(ends[0], ends[1])
    assert not same(ends[0], ends[2])


def test_never_ends_above_its_start() -> None:
    problem = example()
    best = levenberg_marquardt(problem, problem.start())
    end = iterative_parameters(problem, best, IterativeParametersOptions(max_cycles=2), silent)
    assert float(end.equations.chi2) <= float(best.equations.chi2)


def test_cancel_comes_through() -> None:
    problem = example()
    with pytest.raises(Cancelled):
        iterative_parameters(problem, at_start(problem), IterativeParametersOptions(), Recorder(cancel_at=5))
