"""Cycles over components: the minimum, windows, links, groups, progress, cancel."""

from weakref import ref

import numpy as np
import pytest
import torch

from fitting.methods.minimizers import levenberg_marquardt
from fitting.methods.minimizers.iterative_components import iterative_components, joined_groups
from fitting.methods.progress import Cancelled
from fitting.problem.part import Part, tied_components
from fitting.spec.methods import IterativeComponentsOptions
from tests.fitting.methods.scenes import (
    GOAL,
    Recorder,
    at_start,
    example,
    galaxy,
    reduced,
    reference,
    same,
    scene,
    silent,
    sky,
    tied_scene,
)


def test_ends_within_a_tenth_of_a_standard_deviation_of_the_reference() -> None:
    problem, known = example(), reference()
    end = iterative_components(problem, at_start(problem), IterativeComponentsOptions(), silent)
    assert reduced(problem, end) <= GOAL
    assert end.converged
    values = problem.parameters.values(problem.canonical(end.theta)).physical[0].tolist()
    for name, value in zip(problem.table.names, values, strict=True):
        assert abs(value - known["values"][name]) <= 0.15 * known["uncertainties"][name], name


def test_reaches_the_minimum_through_a_point_spread_function() -> None:
    problem = example("three_galaxies_psf")
    end = iterative_components(problem, at_start(problem), IterativeComponentsOptions(), silent)
    assert reduced(problem, end) <= reference("three_galaxies_psf")["chi2_reduced"] + 1e-5


def test_components_tied_by_links_are_fitted_as_one() -> None:
    problem = tied_scene()
    assert tied_components(problem) == (("sky",), ("disc", "bulge"), ("lone",))


def test_a_scene_with_links_ends_where_lm_ends() -> None:
    problem = tied_scene()
    start = at_start(problem)
    end = iterative_components(problem, start, IterativeComponentsOptions(), silent)
    lm = levenberg_marquardt(problem, start.theta)
    assert float(end.equations.chi2) == pytest.approx(float(lm.equations.chi2), abs=0.02)


def test_groups_join_what_they_name_and_what_links_tie_to_it() -> None:
    problem = tied_scene()
    assert joined_groups(problem, (("lone", "bulge"),)) == (("sky",), ("disc", "bulge", "lone"))


def test_named_groups_reach_the_minimum() -> None:
    problem = example()
    options = IterativeComponentsOptions(groups=(("sky", "a"), ("b", "c")))
    assert reduced(problem, iterative_components(problem, at_start(problem), options, silent)) <= GOAL


def test_a_compact_component_is_fitted_inside_a_small_window() -> None:
    small = {"x": 250.0, "y": 60.0, "q": 0.8, "pa": 20.0, "n": 1.0, "r_e": 3.0, "i_e": 20.0}
    components = [sky(1.0), galaxy("small", **small)]
    problem = scene(components, 400, start=components)
    visit = Part(problem, ("small",)).visit(problem.start(), problem.model(problem.start()))
    (window,) = visit.windows
    assert (window[1].stop - window[1].start) * (window[2].stop - window[2].start) < 0.1 * 400 * 400


def test_what_a_window_leaves_out_costs_less_than_a_tenth_of_chi_squared() -> None:
    first = {"x": 60.0, "y": 60.0, "q": 0.8, "pa": 20.0, "n": 2.0, "r_e": 5.0, "i_e": 30.0}
    second = {**first, "x": 75.0, "y": 70.0, "pa": 100.0}
    far = {**first, "x": 200.0, "y": 190.0}
    problem = scene(
        [sky(1.0), galaxy("first", **first), galaxy("second", **second), galaxy("far", **far)],
        256,
        start=[
            sky(0.8),
            galaxy("first", **{**first, "r_e": 7.0}),
            galaxy("second", **{**second, "n": 1.5}),
            galaxy("far", **{**far, "i_e": 20.0}),
        ],
    )
    start = at_start(problem)
    end = iterative_components(problem, start, IterativeComponentsOptions(), silent)
    lm = levenberg_marquardt(problem, start.theta)
    assert float(end.equations.chi2) - float(lm.equations.chi2) < 0.1


def test_a_visit_leaves_the_scene_as_its_model_is() -> None:
    problem = example()
    theta = problem.start()
    models = [model.clone() for model in problem.model(theta)]
    part = Part(problem, ("b",))
    visit = part.visit(theta, models)
    moved = visit.theta + 0.01
    visit.update(models, moved)
    theta[:, part.places] = moved
    np.testing.assert_allclose(models[0].numpy(), problem.model(theta)[0].numpy(), rtol=1e-6)


def test_a_part_holds_no_pixels_between_visits() -> None:
    """The windows of hundreds of parts are together far larger than their image."""
    problem = example()
    part = Part(problem, ("b",))
    visit = part.visit(problem.start(), problem.model(problem.start()))
    pixels = ref(visit.problem.images[0])
    assert pixels() is not None
    del visit
    assert pixels() is None
    assert part.whole is problem


def test_fixed_components_are_left_alone() -> None:
    def fix(document: dict) -> None:
        b = document["components"][2]["parameters"]
        document["components"][2]["parameters"] = {key: {"value": value, "fixed": True} for key, value in b.items()}

    problem = example(edit=fix)
    end = iterative_components(problem, at_start(problem), IterativeComponentsOptions(max_cycles=3), silent)
    assert float(end.equations.chi2) < float(at_start(problem).equations.chi2)


def test_never_ends_above_its_start() -> None:
    problem = example()
    start = at_start(problem)
    best = levenberg_marquardt(problem, start.theta)
    end = iterative_components(problem, best, IterativeComponentsOptions(max_cycles=2), silent)
    assert float(end.equations.chi2) <= float(best.equations.chi2)


def test_too_few_cycles_are_said_to_be_too_few() -> None:
    problem = example()
    end = iterative_components(problem, at_start(problem), IterativeComponentsOptions(max_cycles=1), silent)
    assert not end.converged
    assert "max_cycles" in end.message


def test_tells_its_cycles_and_a_falling_chi_squared() -> None:
    problem, recorder = example(), Recorder()
    iterative_components(problem, at_start(problem), IterativeComponentsOptions(max_cycles=4), recorder)
    cycles = [cycle for cycle, _, _ in recorder.told]
    assert cycles == sorted(cycles)
    assert recorder.told[-1][2] < 1e-2 * recorder.told[0][2]


def test_cancel_comes_through() -> None:
    problem = example()
    with pytest.raises(Cancelled):
        iterative_components(problem, at_start(problem), IterativeComponentsOptions(), Recorder(cancel_at=5))


def test_same_numbers_twice() -> None:
    problem = example()
    options = IterativeComponentsOptions(max_cycles=3)
    ends = [iterative_components(problem, at_start(problem), options, silent) for _ in range(2)]
    assert same(*ends)
    assert torch.isfinite(ends[0].theta).all()
