"""Means from samples at the centres and corners of pixels, and the ripples that they are for."""

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
import torch

from fitting.profiles import SURFACES
from fitting.render.pixels import Frame, corner_frame, quincunx_means
from fitting.render.surfaces.surface_frames import Evaluate
from fitting.render.surfaces.surface_images import integrate, integrate_derivatives, surface_quadrature
from fitting.render.surfaces.surface_plan import surface_quadrature_key
from tests.fitting.ulps import assert_few_ulps

PIXEL = Frame(2, 5, 1, 1)
AIRY = SURFACES["airy_psf"]
VALUES = torch.tensor(
    [[70.3, 64.6, 0.6, 35.0, 4.0, 900.0], [71.3, 65.6, 0.9, 10.0, 12.0, 800.0], [64.1, 60.2, 0.8, 140.0, 3.1, 700.0]],
    dtype=torch.float64,
)
WIDE = Frame(0, 0, 128, 128)


def mean_from_samples(light: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> complex:
    """Of light(x, y) over `PIXEL`."""
    means = []
    for frame, shift in ((PIXEL.widen(3), 0.0), (corner_frame(PIXEL), 0.5)):
        x = frame.x0 + shift + np.arange(frame.width)
        y = frame.y0 + shift + np.arange(frame.height)
        means.append(torch.as_tensor(light(x[None, :], y[:, None])))
    return complex(quincunx_means(*means))


@pytest.mark.parametrize(("along", "across"), [pair for pair in product(range(8), repeat=2) if sum(pair) <= 7])
def test_polynomials_are_averaged_exactly(along: int, across: int) -> None:
    got = mean_from_samples(lambda x, y: (x - 2.0) ** along * (y - 5.0) ** across)
    exact = np.prod([0.0 if power % 2 else 0.5**power / (power + 1) for power in (along, across)])
    assert got == pytest.approx(exact, abs=1e-12)


@pytest.mark.parametrize(("wave_number", "error"), [(0.5, 2e-8), (1.0, 2e-6), (2.0, 2.5e-5), (2.7, 8e-4)])
def test_short_waves_are_averaged_well_in_every_direction(wave_number: float, error: float) -> None:
    for angle in np.radians(np.arange(0.0, 91.0, 7.5)):
        a, b = wave_number * np.cos(angle), wave_number * np.sin(angle)
        got = mean_from_samples(lambda x, y, a=a, b=b: np.exp(1j * (a * (x - 2.0) + b * (y - 5.0))))
        assert abs(got - np.sinc(a / (2.0 * np.pi)) * np.sinc(b / (2.0 * np.pi))) < error


def exact_means(evaluate: Evaluate, values: torch.Tensor) -> torch.Tensor:
    """Over the pixels of `WIDE`, by order 10: (instances, …, height, width)."""
    nodes, weights = np.polynomial.legendre.leggauss(10)
    x, y = WIDE.offsets(values[:, 0], values[:, 1])
    total = torch.zeros(())
    for (across, of_x), (along, of_y) in product(zip(nodes, weights, strict=True), repeat=2):
        grid_x = (x[:, None, :] + 0.5 * across).expand(-1, WIDE.height, -1).flatten(1)
        grid_y = (y[:, :, None] + 0.5 * along).expand(-1, -1, WIDE.width).flatten(1)
        total = total + 0.25 * of_x * of_y * evaluate(grid_x, grid_y, values)
    return total.unflatten(-1, (WIDE.height, WIDE.width))


def test_the_rings_of_an_airy_disc_keep_the_promise() -> None:
    got, exact = integrate(AIRY, VALUES, WIDE), exact_means(AIRY.brightness, VALUES)
    half_peak = exact.amax((1, 2), keepdim=True) / 2.0
    assert float(((got - exact).abs() / torch.maximum(exact, 0.005 * half_peak)).max()) < 2e-5


def test_derivatives_of_rings_are_as_exact() -> None:
    got, exact = integrate_derivatives(AIRY, VALUES, WIDE), exact_means(AIRY.derivatives, VALUES)
    assert float(((got - exact).abs() / exact.abs().amax((2, 3), keepdim=True)).max()) < 1e-5


def test_corners_are_sampled_where_rings_are_short_alone() -> None:
    quadrature_pixels = surface_quadrature(surface_quadrature_key(AIRY, VALUES), WIDE, VALUES.device).pixels
    assert quadrature_pixels.quincunx == (0, 2)
    alone = [integrate(AIRY, own[None], WIDE) for own in VALUES]
    assert_few_ulps(integrate(AIRY, VALUES, WIDE), torch.cat(alone))
