"""Quadrature over one pixel, against exact averages and independent integration."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.integrate import dblquad, quad
from scipy.special import erf, gammaincinv

from fitting.profiles import RADIAL_PROFILES
from fitting.render.ellipse import ellipses
from fitting.render.plan import CORNER, core_plan, rounded
from fitting.render.quadrature import SHORT_MARGIN, STENCIL_MARGIN, CornerRule, pixel_rule, stencil_means, stencil_taps
from fitting.render.smoothness import ORDERS

CPU = torch.device("cpu")
SERSIC = RADIAL_PROFILES["sersic"]


@pytest.mark.parametrize("margin", [SHORT_MARGIN, STENCIL_MARGIN])
def test_stencils_average_polynomials_exactly(margin: int) -> None:
    samples = np.arange(-margin, margin + 1.0) + 0.3
    for power in range(2 * margin + 2):
        exact = ((0.8) ** (power + 1) - (-0.2) ** (power + 1)) / (power + 1)
        assert stencil_taps(margin) @ samples**power == pytest.approx(exact, abs=1e-12)


def test_stencil_averages_a_wide_gaussian() -> None:
    sigma, centre = 3.0, 10.37
    grid = np.arange(-STENCIL_MARGIN, 21 + STENCIL_MARGIN)
    samples = torch.as_tensor(np.exp(-0.5 * ((grid - centre) / sigma) ** 2))
    edges = (np.arange(22) - 0.5 - centre) / (sigma * np.sqrt(2.0))
    exact = sigma * np.sqrt(np.pi / 2.0) * np.diff(erf(edges))
    assert stencil_means(samples, 0).numpy() == pytest.approx(exact, abs=6.0e-5 * 105 / sigma**8 * 1.1)


@pytest.mark.parametrize("order", ORDERS)
def test_pixel_rule_integrates_what_its_order_promises(order: int) -> None:
    x, y, weights = pixel_rule(order)
    power = 2 * order - 1
    shifted = (x + 0.5) ** power * (y + 0.5) ** (power - 1)
    assert weights @ shifted == pytest.approx(1.0 / (power + 1) / power, rel=1e-11)
    assert weights.sum() == pytest.approx(1.0, abs=1e-14)
    assert np.abs(np.concatenate((x, y))).max() < 0.5


def pixel_mean(parameters: tuple[float, ...], pixel: tuple[int, int]) -> float:
    """Mean of a unit-amplitude Sérsic profile over a pixel by adaptive quadrature, split at the centre."""
    x0, y0, q, pa, n, r_e = parameters
    b = float(gammaincinv(2.0 * n, 0.5))
    sine, cosine = np.sin(np.radians(pa)), np.cos(np.radians(pa))

    def brightness(y: float, x: float) -> float:
        along, across = -(x - x0) * sine + (y - y0) * cosine, (x - x0) * cosine + (y - y0) * sine
        return float(np.exp(-b * ((np.hypot(along, across / q) / r_e) ** (1.0 / n) - 1.0)))

    def cuts(low: float, centre: float) -> list[float]:
        return [low, *([centre] if low < centre < low + 1.0 else []), low + 1.0]

    xs, ys = cuts(pixel[0] - 0.5, x0), cuts(pixel[1] - 0.5, y0)
    parts = [
        dblquad(brightness, left, right, bottom, top, epsabs=0.0, epsrel=1e-8)[0]
        for left, right in pairwise(xs)
        for bottom, top in pairwise(ys)
    ]
    return sum(parts)


def corner_mean(parameters: tuple[float, ...], pixel: tuple[int, int]) -> float:
    x0, y0, q, pa, _, r_e = (torch.tensor([value], dtype=torch.float64) for value in parameters)
    form = ellipses(x0, y0, q, pa, r_e)
    rule = CornerRule.build([1.0 / parameters[4]], parameters[2], 24 if parameters[4] < 0.99 else 10, CPU)
    x, y, weights = rule.split(*(torch.tensor([[float(place)]], dtype=torch.float64) for place in pixel), form).nodes()
    rho = form.xx * x * x + form.xy2 * x * y + form.yy * y * y
    b = float(gammaincinv(2.0 * parameters[4], 0.5))
    values = torch.exp(-b * (rho ** (0.5 / parameters[4]) - 1.0))
    assert weights.shape[-1] == rule.points
    return float((values * weights).sum())


@pytest.mark.parametrize(
    ("parameters", "pixel"),
    [
        ((0.0, 0.0, 0.7, 30.0, 1.0, 4.0), (0, 0)),
        ((0.5, 0.5, 0.7, 30.0, 1.0, 4.0), (0, 0)),
        ((0.5, 0.5, 0.7, 30.0, 1.0, 4.0), (1, 1)),
        ((0.499, 0.2, 0.7, 30.0, 2.5, 4.0), (0, 0)),
        ((0.499, 0.2, 0.7, 30.0, 2.5, 4.0), (1, 0)),
        ((0.4999, -0.4999, 0.5, 70.0, 2.0, 3.0), (1, -1)),
        ((0.1, 0.3, 0.2, 45.0, 1.5, 3.0), (0, 0)),
        ((0.1, 0.3, 0.3, 45.0, 0.6, 2.0), (0, 0)),
        ((0.5, 0.0, 1.0, 0.0, 0.5, 1.5), (0, 0)),
    ],
)
def test_corner_rule_integrates_pixels_at_the_cusp(parameters: tuple[float, ...], pixel: tuple[int, int]) -> None:
    assert corner_mean(parameters, pixel) == pytest.approx(pixel_mean(parameters, pixel), rel=1e-5)


@pytest.mark.parametrize("n", [4.0, 8.0])
def test_corner_rule_integrates_a_sharp_round_cusp(n: float) -> None:
    """By rings: the pixel centred on the galaxy, whose arcs inside the square are known."""
    b = float(gammaincinv(2.0 * n, 0.5))

    def ring(root: float) -> float:
        radius = root**n
        inside = 2 * np.pi if radius <= 0.5 else 2 * np.pi - 8 * np.arccos(0.5 / radius)
        return float(radius * inside * np.exp(-b * ((radius / 5.0) ** (1 / n) - 1.0)) * n * root ** (n - 1))

    edges = np.array([0.0, 0.5, np.sqrt(0.5)]) ** (1.0 / n)
    exact = sum(quad(ring, low, high, epsrel=1e-11)[0] for low, high in pairwise(edges))
    assert corner_mean((3.0, -2.0, 1.0, 0.0, n, 5.0), (3, -2)) == pytest.approx(exact, rel=1e-5)


def test_corner_weights_add_up_to_the_pixel_wherever_the_centre_is() -> None:
    form = ellipses(*(torch.tensor([value], dtype=torch.float64) for value in (0.3, 2.7, 0.5, 20.0, 3.0)))
    rule = CornerRule.build([0.5], 0.5, 10, CPU)
    for pixel in ((0, 3), (0, 2), (1, 3), (-2, 4)):
        _, _, weights = rule.split(
            *(torch.tensor([[float(place)]], dtype=torch.float64) for place in pixel), form
        ).nodes()
        assert float(weights.sum()) == pytest.approx(1.0, abs=1e-12)


def test_a_plan_puts_each_pixel_in_one_class() -> None:
    plan = core_plan(rounded(SERSIC, 10.2, 8.7, 0.4, 33.0, 3.0, (2.0,)), (0, 60, 0, 60))
    pixels = [tuple(pixel) for group in plan.pixels for pixel in group.tolist()]
    assert len(pixels) == len(set(pixels))
    assert (10, 9) in {tuple(pixel) for pixel in plan.pixels[CORNER].tolist()}


def test_an_edge_takes_few_points_and_what_lies_in_the_dark_none() -> None:
    """A thin galaxy of n far below ½, as blends make them, over a frame of 21,600 pixels."""
    plan = core_plan(rounded(SERSIC, 70.0, 80.0, 0.174, 40.0, 60.3, (0.172,)), (-13, 139, -13, 177))
    points = sum(len(pixels) * order**2 for pixels, order in zip(plan.pixels[1:], ORDERS, strict=False))
    assert points < 150_000


def test_plans_of_neighbouring_parameters_are_the_same() -> None:
    first = rounded(SERSIC, 10.2, 8.7, 0.4, 33.0, 3.0, (2.0,))
    assert rounded(SERSIC, 10.2 + 1e-9, 8.7, 0.4 * (1 + 1e-9), 33.0 + 1e-9, 3.0, (2.0 + 1e-9,)) == first
