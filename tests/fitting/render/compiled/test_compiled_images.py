"""Compiled loops against the tensors that tests/fitting/render/radial and tests/promises hold against quadrature."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip("numba")

from fitting.inputs import ImageData
from fitting.problem import Problem
from fitting.profiles import radial_profile
from fitting.profiles.dimensions import PureNumbers
from fitting.render import compiled
from fitting.render.compiled import loading
from fitting.render.compiled.kinds import KINDS
from fitting.render.pixels import Frame
from fitting.render.radial import (
    CENTRAL,
    ORDERS,
    Axes,
    CompiledLinearization,
    CompiledPixels,
    Ellipses,
    QuadraturePixels,
    RadialInstances,
    compiled_columns,
    compiled_images,
    quadrature_plan,
    radial_images,
    radial_plan,
    round_shape,
)
from fitting.render.radial.smoothness import measure_smoothness
from fitting.spec import parse_request

EXACT = 1e-11
"""Largest difference that rounding makes, of a pixel's value or of its column's largest."""
CPU = torch.device("cpu")
SHAPES = {
    "sersic": ([0.5], [1.0], [4.0], [8.0], [0.2]),
    "moffat": ([1.5], [4.7]),
    "gaussian_ring": ([0.2], [0.6]),
    "einasto": ([0.3], [2.0]),
}
"""Shape parameters, in units of the scale, that are tried."""


@pytest.fixture(scope="module", autouse=True)
def loops() -> Iterator[None]:
    """The loops, compiled where they are not yet, for the tests of this file alone."""
    compiled.compile_loops()
    assert compiled.load()
    yield
    compiled.unload()


def stack(name: str, rows: list[list[float]], frame: Frame) -> tuple[RadialInstances, list[Any]]:
    """Instances (x, y, q, pa, scale, *shape), and their plans."""
    profile = radial_profile(name)
    assert profile is not None
    values = torch.tensor(rows, dtype=torch.float64)
    x, y, q, pa, scale = values.T[:5]
    pure = PureNumbers.of(values.T[5:].unbind(), profile.dimensions, torch.ones_like(q), torch.ones_like(q))
    form = Ellipses(torch.stack((x, y)), Axes.of(q, pa, scale).quadratic)
    shapes = [round_shape(profile, *row[:5], tuple(row[5:])) for row in rows]
    plans = [quadrature_plan(shape, frame.window) for shape in shapes]
    return RadialInstances(profile, form, profile.constants(pure.shape)), plans


def compare(name: str, rows: list[list[float]], frame: Frame, together: int) -> list[Any]:
    """Images and columns by loops and by tensors, held against each other; the plans."""
    instances, plans = stack(name, rows, frame)
    tensors = QuadraturePixels.build(plans, frame, CPU, together)
    pixels = CompiledPixels.of(plans, together)
    with torch.inference_mode():
        images = radial_images.integrate(instances, frame, tensors)
        columns = radial_images.integrate_columns(instances, frame, tensors)
        found = compiled_columns(instances, frame, pixels)
        for made in (compiled_images(instances, frame, pixels), found[:, -1]):
            np.testing.assert_allclose(made, images, rtol=1e-9, atol=1e-14 * float(images.max()))
        largest = columns.abs().amax((-1, -2), keepdim=True)
        np.testing.assert_allclose((found - columns) / largest, torch.zeros_like(columns), atol=EXACT)
        weight = torch.rand((len(rows), frame.height, frame.width), dtype=torch.float64)
        gradient = radial_images.linearize(instances, frame, tensors).backproject(weight.clone())
        light = CompiledLinearization.of(instances, frame, pixels)
        scale = (columns.abs() * weight[:, None]).sum((-1, -2))
        np.testing.assert_allclose((light.backproject(weight) - gradient) / scale, 0.0 * scale, atol=EXACT)
        assert torch.equal(light.image(), found[:, -1])
    return plans


@pytest.mark.parametrize("name", KINDS)
def test_images_columns_and_gradients_are_those_of_tensors(name: str) -> None:
    for shape in SHAPES.get(name, ([],)):
        rows = [[20.3, 17.6, 0.3, 33.0, 4.0, *shape], [20.3, 17.6, 0.95, 120.0, 2.5, *shape]]
        rows += [[-0.4, 38.9, 0.6, 75.0, 9.0, *shape], [24.0, 12.5, 1.4, 0.0, 0.7, *shape]]
        plans = compare(name, rows, Frame(0, 0, 41, 38), together=2)
        assert any(len(plan.pixels[CENTRAL]) for plan in plans) or np.isinf(plans[0].cusp_power)


def test_every_rule_is_among_what_is_compared() -> None:
    random = np.random.default_rng(3)
    rows = [
        [*random.uniform(5.0, 28.0, 2), q, random.uniform(0.0, 180.0), scale, n]
        for q in (0.06, 0.25, 0.8)
        for scale in (0.3, 1.0, 6.0)
        for n in (0.3, 2.5, 7.0)
    ]
    plans = compare("sersic", rows, Frame(0, 0, 33, 33), together=1)
    assert all(any(len(plan.pixels[index]) for plan in plans) for index in range(len(ORDERS) + 1))


def test_frames_far_from_every_centre_have_the_short_stencil() -> None:
    plans = compare(
        "sersic", [[900.0, 20.0, 0.5, 10.0, 5.0, 2.0], [20.0, 20.0, 0.5, 10.0, 5.0, 2.0]], Frame(0, 0, 50, 30), 1
    )
    assert [plan.short for plan in plans] == [True, False]


def test_images_of_many_rows_are_drawn_in_blocks() -> None:
    compare("exponential", [[200.0, 150.0, 0.5, 10.0, 40.0]], Frame(-7, 3, 400, 230), together=1)


@pytest.mark.parametrize("name", KINDS)
def test_plans_are_those_without_loops(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(5)
    shapes = SHAPES.get(name, ([],))
    profile = radial_profile(name)
    assert profile is not None
    for number in range(12):
        x, y, q = random.uniform(0.0, 40.0), random.uniform(0.0, 40.0), random.uniform(0.1, 1.3)
        own = tuple(shapes[number % len(shapes)])
        shape = round_shape(profile, x, y, q, random.uniform(0.0, 180.0), random.uniform(0.5, 8.0), own)
        with monkeypatch.context() as without:
            without.setattr(loading, "_loops", None)
            size, _ = radial_plan._smoothness_of.__wrapped__(shape)
            table = measure_smoothness(profile, shape.shape, shape.scale, None, size)
            by_arrays = radial_plan._pixels_by_class(shape, slice(0, 41), slice(0, 38))
        by_loops = radial_plan._pixels_by_class(shape, slice(0, 41), slice(0, 38))
        assert all(np.array_equal(*pair) for pair in zip(by_loops, by_arrays, strict=True))
        assert sum(map(len, by_loops)) > 0
        found = measure_smoothness(profile, shape.shape, shape.scale, None, size)
        matters = table.log_errors > np.log(1e-8)
        np.testing.assert_allclose(found.log_errors[matters], table.log_errors[matters], atol=1e-5)
        assert found.ray_order == table.ray_order


def test_a_problem_has_the_same_answers_with_loops_and_without(monkeypatch: pytest.MonkeyPatch) -> None:
    galaxy = {"x": 15.2, "y": 14.9, "q": 0.6, "pa": 40.0, "n": 2.5, "r_e": 4.0, "i_e": 3.0}
    star = {"x": 22.0, "y": 9.0, "q": 0.9, "pa": 5.0, "beta": 3.0, "fwhm": 3.0, "i_0": 5.0}
    components = [
        {"name": "sky", "profile": "flat_sky", "parameters": {"i": 1.0}},
        {"name": "g", "profile": "sersic", "parameters": galaxy},
        {"name": "g2", "profile": "sersic", "parameters": galaxy | {"x": 9.0, "n": 1.0}},
        {"name": "s", "profile": "moffat", "parameters": star},
    ]
    request = parse_request({"images": [{"name": "r", "data": "d.fits", "psf": "p.fits"}], "components": components})
    random = np.random.default_rng(4)
    psf = np.outer(np.hanning(11), np.hanning(11))
    planes = np.ones((32, 31)), np.zeros((32, 31), dtype=bool)
    image = ImageData("r", 1.0 + random.normal(size=(32, 31)), *planes, psf=psf / psf.sum())
    problem = Problem(request, [image])
    theta = problem.start()
    by_loops = problem.value(theta), problem.value_and_gradient(theta)[1], problem.normal_equations(theta).matrix
    monkeypatch.setattr(loading, "_loops", None)
    by_tensors = problem.value(theta), problem.value_and_gradient(theta)[1], problem.normal_equations(theta).matrix
    for found, known in zip(by_loops, by_tensors, strict=True):
        np.testing.assert_allclose(found, known, rtol=1e-9, atol=1e-12 * float(known.abs().max()))
    assert not torch.equal(by_loops[-1], by_tensors[-1])


def test_what_is_not_compiled_is_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "_loops", None)
    monkeypatch.setattr(loading, "_marker", lambda _module: tmp_path / "missing.compiled")
    assert not compiled.load()
    monkeypatch.setattr(loading, "find_spec", lambda _name: None)
    assert not compiled.load()
    compiled.compile_beside()
