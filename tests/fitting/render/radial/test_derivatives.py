"""Derivative images against finite differences of the rendered image, pixel by pixel."""

import numpy as np
import pytest
import torch

from fitting.problem.components.radial_group import RadialGroup, RadialStack
from fitting.profiles import RADIAL_PROFILES
from fitting.render.pixels import Frame
from tests.fitting.scene import sersic

FRAME = Frame(0, 0, 41, 41)
NAMES = ("x", "y", "q", "pa", "n", "r_e", "i_e")
STEPS = {"x": 2e-4, "y": 2e-4, "q": 1e-4, "pa": 2e-2, "n": 2e-4, "r_e": 2e-4, "i_e": 1e-2}
SHAPES = [
    {"n": 0.5, "q": 0.8, "pa": 10.0},
    {"n": 1.0, "q": 0.3, "pa": 120.0},
    {"n": 2.2, "q": 0.97, "pa": 75.0, "r_e": 2.0},
    {"n": 4.0, "q": 0.6, "pa": -40.0, "r_e": 8.0},
    {"n": 7.0, "q": 0.15, "pa": 35.0},
]


def stack_of(values: torch.Tensor, integrated: bool) -> RadialStack:
    index = torch.arange(len(NAMES))[None]
    return RadialStack(
        RadialGroup(RADIAL_PROFILES["sersic"], ("g",), index, convolved=False, integrated=integrated), values, (0,)
    )


def columns_of(stack: RadialStack) -> torch.Tensor:
    """Derivative columns (batch, columns, height, width)."""
    columns = torch.empty((stack.batch, stack.columns, FRAME.height, FRAME.width), dtype=torch.float64)
    stack.write_columns(columns, FRAME)
    return columns


def frozen_plan(values: torch.Tensor, integrated: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold the choice of quadrature while parameters are moved by a little: the promise is about a fixed rule."""
    if integrated:
        quadrature_pixels = stack_of(values, True)._quadrature_pixels(FRAME)
        monkeypatch.setattr(RadialStack, "_quadrature_pixels", lambda *_: quadrature_pixels)


@pytest.mark.parametrize("integrated", [True, False], ids=["integrated", "sampled"])
@pytest.mark.parametrize("changes", SHAPES, ids=lambda changes: f"n={changes['n']} q={changes['q']}")
def test_derivatives_match_finite_differences(
    changes: dict[str, float], integrated: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To 1e-6 of the largest derivative, and to 1e-5, the cusp rule's own promise, where a pixel holds the cusp."""
    parameters = sersic(**changes)["parameters"]
    values = torch.tensor([[[parameters[name] for name in NAMES]]], dtype=torch.float64)
    frozen_plan(values, integrated, monkeypatch)
    stack = stack_of(values, integrated)
    exact = torch.einsum("cyx,cp->pyx", columns_of(stack)[0], stack.transfer[0, 0])

    def image(place: int, shift: float) -> torch.Tensor:
        moved = values.clone()
        moved[0, 0, place] += shift
        return stack_of(moved, integrated).image(FRAME)[0]

    promised = torch.full((41, 41), 1e-6, dtype=torch.float64)
    if integrated:
        quadrature_pixels = stack._quadrature_pixels(FRAME)
        (central,) = quadrature_pixels.central
        x, y = central.pixels.places.long()
        promised[y, x] = 1e-5
    for place, name in enumerate(NAMES):
        step = STEPS[name]
        near = image(place, step) - image(place, -step)
        far = image(place, 2 * step) - image(place, -2 * step)
        expected = (8.0 * near - far) / (12.0 * step)
        error = (exact[place] - expected).abs() / expected.abs().max()
        worst = float(error.max())
        assert bool((error <= promised).all()), f"d image / d {name} is off by {worst:.1e} of its largest value"


@pytest.mark.parametrize("integrated", [True, False], ids=["integrated", "sampled"])
def test_gradient_sums_are_the_transpose_of_the_derivative_images(integrated: bool) -> None:
    parameters = [sersic(**changes)["parameters"] for changes in SHAPES[:4]]
    values = torch.tensor([[[item[name] for name in NAMES]] for item in parameters], dtype=torch.float64)
    stack = stack_of(values, integrated)
    weight = torch.as_tensor(np.random.default_rng(2).normal(size=(4, 41, 41)))
    expected = torch.einsum("bcyx,bkcp,byx->bp", columns_of(stack), stack.transfer, weight)
    got = stack.linearize(FRAME).gradient(weight)
    size = torch.einsum("bcyx,bkcp,byx->bp", columns_of(stack).abs(), stack.transfer.abs(), weight.abs())
    assert float(((got - expected).abs() / size).max()) < 1e-12


def test_linearized_image_is_the_image() -> None:
    parameters = sersic()["parameters"]
    stack = stack_of(torch.tensor([[[parameters[name] for name in NAMES]]], dtype=torch.float64), True)
    assert torch.allclose(stack.linearize(FRAME).image(), stack.image(FRAME), rtol=1e-13)
