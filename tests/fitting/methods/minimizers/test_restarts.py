"""Levenberg–Marquardt from several starts: the best end, the others in the message, seeds, cancel."""

import pytest
import torch

from fitting.methods.minimizers import levenberg_marquardt
from fitting.methods.minimizers.restarts import drawn_starts, lm_with_restarts
from fitting.methods.progress import Cancelled
from fitting.problem import Problem
from fitting.spec.methods import LmOptions
from tests.fitting.methods.scenes import GOAL, Recorder, at_start, example, galaxy, reduced, same, scene, silent, sky

RIGHT = {"x": 40.0, "y": 41.0, "q": 0.7, "pa": 30.0, "n": 1.5, "r_e": 4.0, "i_e": 40.0}
BRIGHT = {**RIGHT, "x": 20.0, "y": 21.0, "i_e": 200.0}


def trapped_problem() -> Problem:
    """Two galaxies, and a start with both components at the fainter one: lm alone ends in a wrong minimum."""
    held = {
        "q": {"value": 0.7, "fixed": True},
        "pa": {"value": 30.0, "fixed": True},
        "n": {"value": 1.5, "fixed": True},
    }
    start = [
        sky(2.0),
        galaxy("one", x=46.0, y=47.0, r_e=1.5, i_e=20.0, **held),
        galaxy("two", x=38.0, y=39.0, r_e=1.5, i_e=20.0, **held),
    ]
    return scene([sky(2.0), galaxy("one", **RIGHT), galaxy("two", **BRIGHT)], 64, start=start)


def test_without_restarts_it_is_lm() -> None:
    problem = example()
    end = lm_with_restarts(problem, at_start(problem), LmOptions(), silent)
    assert same(end, levenberg_marquardt(problem, problem.start()))


def test_keeps_the_minimum_of_the_three_galaxies_and_counts_who_found_it() -> None:
    problem = example()
    end = lm_with_restarts(problem, at_start(problem), LmOptions(restarts=2), silent)
    assert reduced(problem, end) <= GOAL
    assert "of 3 starts" in end.message


def test_finds_the_truth_where_one_start_ends_in_a_wrong_minimum_and_tells_of_it() -> None:
    problem = trapped_problem()
    start = at_start(problem)
    alone = levenberg_marquardt(problem, start.theta)
    end = lm_with_restarts(problem, start, LmOptions(restarts=6, spread=8.0), silent)
    assert reduced(problem, alone) > 1000.0
    assert reduced(problem, end) < 1.1
    found = dict(zip(problem.table.names, problem.parameters.values(end.theta).physical[0].tolist(), strict=True))
    bright, faint = sorted(("one", "two"), key=lambda name: -found[f"{name}.i_e"])
    for name, truth in ((bright, BRIGHT), (faint, RIGHT)):
        for parameter in ("x", "y", "r_e"):
            assert found[f"{name}.{parameter}"] == pytest.approx(truth[parameter], abs=0.1)
    assert "by reduced chi-squared" in end.message


def test_starts_lie_inside_the_limits_and_move_nothing_that_is_linear() -> None:
    problem = example()
    starts = torch.cat(drawn_starts(problem, problem.start(), LmOptions(restarts=50, spread=20.0)))
    assert bool(((starts >= problem.lower) & (starts <= problem.upper)).all())
    assert starts[:, problem.names.index("sky.i")].unique().numel() == 1


def test_the_seed_decides_the_starts() -> None:
    options = LmOptions(restarts=2)
    drawn = []
    for seed in (1, 1, 2):
        problem = example(edit=lambda document, seed=seed: document.update(seed=seed))
        drawn.append(torch.cat(drawn_starts(problem, problem.start(), options)))
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_tells_a_rising_count_and_never_a_rising_chi_squared_across_starts() -> None:
    problem, recorder = example(), Recorder()
    lm_with_restarts(problem, at_start(problem), LmOptions(restarts=1), recorder)
    assert [step for step, _, _ in recorder.told] == sorted(step for step, _, _ in recorder.told)
    assert [chi2 for _, _, chi2 in recorder.told] == sorted((chi2 for _, _, chi2 in recorder.told), reverse=True)


def test_cancel_comes_through() -> None:
    problem = example()
    with pytest.raises(Cancelled):
        lm_with_restarts(problem, at_start(problem), LmOptions(restarts=3), Recorder(cancel_at=3))
