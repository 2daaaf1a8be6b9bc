"""Which pixels of a radial profile take which rule."""

from fitting.profiles import RADIAL_PROFILES
from fitting.render.radial import CENTRAL, ORDERS, quadrature_plan, round_shape

SERSIC = RADIAL_PROFILES["sersic"]


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
