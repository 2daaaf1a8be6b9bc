"""Quadrature over one pixel, and which pixels take which."""

import numpy as np
import pytest

from fitting.profiles import RADIAL_PROFILES
from fitting.render.pixels.quadrature import pixel_rule
from fitting.render.radial.radial_plan import CENTRAL, quadrature_plan, round_shape
from fitting.render.radial.smoothness import ORDERS

SERSIC = RADIAL_PROFILES["sersic"]


@pytest.mark.parametrize("order", ORDERS)
def test_pixel_rule_integrates_what_its_order_promises(order: int) -> None:
    x, y, weights = pixel_rule(order)
    power = 2 * order - 1
    shifted = (x + 0.5) ** power * (y + 0.5) ** (power - 1)
    assert weights @ shifted == pytest.approx(1.0 / (power + 1) / power, rel=1e-11)
    assert weights.sum() == pytest.approx(1.0, abs=1e-14)
    assert np.abs(np.concatenate((x, y))).max() < 0.5


def test_a_plan_puts_each_pixel_in_one_class() -> None:
    plan = quadrature_plan(round_shape(SERSIC, 10.2, 8.7, 0.4, 33.0, 3.0, (2.0,)), (0, 60, 0, 60))
    pixels = [tuple(pixel) for group in plan.pixels for pixel in group.tolist()]
    assert len(pixels) == len(set(pixels))
    assert (10, 9) in {tuple(pixel) for pixel in plan.pixels[CENTRAL].tolist()}


def test_an_edge_takes_few_points_and_what_lies_in_the_dark_none() -> None:
    """A thin galaxy of n far below ½, as blends make them, over a frame of 21,600 pixels."""
    plan = quadrature_plan(round_shape(SERSIC, 70.0, 80.0, 0.174, 40.0, 60.3, (0.172,)), (-13, 139, -13, 177))
    points = sum(len(pixels) * order**2 for pixels, order in zip(plan.pixels[1:], ORDERS, strict=False))
    assert points < 150_000


def test_plans_of_neighbouring_parameters_are_the_same() -> None:
    first = round_shape(SERSIC, 10.2, 8.7, 0.4, 33.0, 3.0, (2.0,))
    assert round_shape(SERSIC, 10.2 + 1e-9, 8.7, 0.4 * (1 + 1e-9), 33.0 + 1e-9, 3.0, (2.0 + 1e-9,)) == first
