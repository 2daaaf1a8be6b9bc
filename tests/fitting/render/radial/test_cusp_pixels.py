"""The graded rule for pixels near a cusp, against independent integration."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.integrate import dblquad, quad
from scipy.special import gammaincinv

from fitting.profiles import RADIAL_PROFILES
from fitting.render.pixels import InstanceIndex, PixelList
from fitting.render.radial import CentralPixels, RadialInstances, ellipses
from fitting.render.radial.cusp_pixels import CuspRule, central_values, edge_order
from tests.fitting.scene import problem_of
from tests.references.pixel_means import pixel_mean as means_reference

SERSIC = RADIAL_PROFILES["sersic"]


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


def central_mean(parameters: tuple[float, ...], pixel: tuple[int, int]) -> float:
    x0, y0, q, pa, n, r_e = (torch.tensor([value], dtype=torch.float64) for value in parameters)
    form = ellipses(torch.stack((x0, y0)), q, pa, r_e)
    central = one_pixel([1.0 / parameters[4]], parameters[2], 24 if parameters[4] < 0.99 else 10, pixel)
    return float(central_values(RadialInstances(SERSIC, form, SERSIC.constants((n,))), central))


def one_pixel(cusp_powers: list[float], narrowest: float, order: int, pixel: tuple[int, int]) -> CentralPixels:
    rule = CuspRule.build(cusp_powers, edge_order(cusp_powers, narrowest, order), order, torch.device("cpu"))
    first = torch.zeros(1, dtype=torch.long)
    place = torch.tensor(pixel, dtype=torch.float64)[:, None]
    return CentralPixels.of(PixelList(InstanceIndex.of_items(1, first), place, first, first), rule)


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
def test_the_cusp_rule_integrates_pixels_at_the_cusp(parameters: tuple[float, ...], pixel: tuple[int, int]) -> None:
    assert central_mean(parameters, pixel) == pytest.approx(pixel_mean(parameters, pixel), rel=1e-5)


@pytest.mark.parametrize("n", [4.0, 8.0])
def test_the_cusp_rule_integrates_a_sharp_round_cusp(n: float) -> None:
    """By rings: the pixel centred on the galaxy, whose arcs inside the square are known."""
    b = float(gammaincinv(2.0 * n, 0.5))

    def ring(root: float) -> float:
        radius = root**n
        inside = 2 * np.pi if radius <= 0.5 else 2 * np.pi - 8 * np.arccos(0.5 / radius)
        return float(radius * inside * np.exp(-b * ((radius / 5.0) ** (1 / n) - 1.0)) * n * root ** (n - 1))

    edges = np.array([0.0, 0.5, np.sqrt(0.5)]) ** (1.0 / n)
    exact = sum(quad(ring, low, high, epsrel=1e-11)[0] for low, high in pairwise(edges))
    assert central_mean((3.0, -2.0, 1.0, 0.0, n, 5.0), (3, -2)) == pytest.approx(exact, rel=1e-5)


def test_weights_add_up_to_the_pixel_wherever_the_centre_is() -> None:
    x, y, q, pa, scale = (torch.tensor([value], dtype=torch.float64) for value in (0.3, 2.7, 0.5, 20.0, 3.0))
    form = ellipses(torch.stack((x, y)), q, pa, scale)
    for pixel in ((0, 3), (0, 2), (1, 3), (-2, 4)):
        central = one_pixel([0.5], 0.5, 10, pixel)
        places, weights = central.nodes(form)
        assert weights.shape == places.shape[1:] == (1, 4 * 20 * 10)
        assert float(weights.sum()) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("gamma", [-0.2, -0.049, -0.03, -0.006, -1e-4])
def test_a_centre_that_hardly_rises_is_drawn_with_finite_derivatives(gamma: float) -> None:
    """A nuker profile that falls to nothing in its centre as R^-gamma, on all pixels around it."""
    own = {
        "x": 10.3,
        "y": 9.8,
        "q": 0.6,
        "pa": 30.0,
        "alpha": 2.0,
        "beta": 2.0,
        "gamma": gamma,
        "r_b": 4.0,
        "i_b": 10.0,
    }
    problem = problem_of([{"name": "g", "profile": "nuker", "parameters": own}], (21, 21))
    model = problem.model(problem.start())[0][0].numpy()
    sine, cosine = np.sin(np.radians(30.0)), np.cos(np.radians(30.0))

    def brightness(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        along, across = -(x - 10.3) * sine + (y - 9.8) * cosine, (x - 10.3) * cosine + (y - 9.8) * sine
        radius = np.hypot(along, across / 0.6) / 4.0
        return 10.0 * 2.0 ** ((2.0 - gamma) / 2.0) * radius**-gamma * (1.0 + radius**2) ** ((gamma - 2.0) / 2.0)

    for pixel in ((10, 10), (11, 10), (10, 9)):
        assert model[pixel[1], pixel[0]] == pytest.approx(means_reference(brightness, pixel, (10.3, 9.8), 40), rel=1e-5)
    assert bool(torch.isfinite(problem.normal_equations(problem.start()).matrix).all())
