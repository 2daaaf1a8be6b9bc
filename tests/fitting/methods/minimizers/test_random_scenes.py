"""Random scenes from bad starts: no fit that says "converged" ends above SciPy's minimum from the truth."""

import pytest

from benchmarks.random_scenes import SCENES, outcome, simulated_scene

QUICK = (*range(16), 18, 19, 23, 26, 71, 81, 139, 146, 147, 149, 198, 209, 258, 265, 267, 348, 382)
"""Seeds; 4, 10, 18, 149 and 258 have components that must be begun anew, 265 and 267 two that exchanged their roles, 26
a centre that once had no derivatives, 71 a slope that runs to its limit and is tried on its start's other side, 146 a
break that shrinks to nothing, 147 one that runs beyond all light; 81 an ellipse that becomes round between limits of
its angle, 139 and 382 a search that runs out of steps below every minimum, 198 a component that is held, 209 one that
outgrows its limits once its axes have swapped their names, 348 one that ends at limits far from its start."""
NEEDLE = 307
"""Seed of a scene whose reference draws a neighbour beyond the frame, of which nothing is seen, as a needle through it
25 pixels from the truth, and so follows noise by 13: neither the start nor the truth leads `lm` there."""
LONG = (0, 9, 10, 11, 13, 18, 71, 81, 139, 147, 149, 258, 265, 348, 382)
"""Seeds of `QUICK` that take longest, and are left to `make test-all`."""


@pytest.mark.slow
@pytest.mark.parametrize("seed", [pytest.param(seed, marks=[pytest.mark.slow] * (seed in LONG)) for seed in QUICK])
def test_a_random_scene_ends_at_the_minimum_that_the_truth_leads_to(seed: int) -> None:
    found = outcome(simulated_scene(seed))
    assert not found.unconverged, found
    assert not found.wrong, found


@pytest.mark.slow
@pytest.mark.timeout(20000)
def test_of_five_hundred_random_scenes_none_is_wrong_and_less_than_one_percent_unconverged() -> None:
    outcomes = [outcome(simulated_scene(seed)) for seed in range(SCENES)]
    assert [item for item in outcomes if item.wrong and item.seed != NEEDLE] == []
    assert sum(item.unconverged for item in outcomes) < 0.01 * SCENES
