"""Pixel means from one sample a pixel, against exact averages."""

import numpy as np
import pytest
import torch
from scipy.special import erf

from fitting.render.pixels import SHORT_MARGIN, STENCIL_MARGIN, pixel_means, spread_means, stencil_taps


@pytest.mark.parametrize("margin", [SHORT_MARGIN, STENCIL_MARGIN])
def test_stencils_average_polynomials_exactly(margin: int) -> None:
    samples = np.arange(-margin, margin + 1.0) + 0.3
    for power in range(2 * margin + 2):
        exact = ((0.8) ** (power + 1) - (-0.2) ** (power + 1)) / (power + 1)
        assert stencil_taps(margin) @ samples**power == pytest.approx(exact, abs=1e-12)


def test_stencil_averages_a_wide_gaussian() -> None:
    sigma, centre = 3.0, 10.37
    grid = np.arange(-STENCIL_MARGIN, 21 + STENCIL_MARGIN)
    along = torch.as_tensor(np.exp(-0.5 * ((grid - centre) / sigma) ** 2))
    edges = (np.arange(22) - 0.5 - centre) / (sigma * np.sqrt(2.0))
    exact = sigma * np.sqrt(np.pi / 2.0) * np.diff(erf(edges))
    samples = along[:, None].expand(-1, 1 + 2 * STENCIL_MARGIN)
    for means in (pixel_means(samples)[:, 0], pixel_means(samples.T)[0]):
        assert means.numpy() == pytest.approx(exact, abs=6.0e-5 * 105 / sigma**8 * 1.1)


@pytest.mark.parametrize("margin", [SHORT_MARGIN, STENCIL_MARGIN])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 5), (41, 33), (99, 150)])
def test_spreading_is_the_transpose_of_averaging(height: int, width: int, margin: int) -> None:
    random = np.random.default_rng(3)
    samples = torch.as_tensor(random.normal(size=(2, height + 2 * margin, width + 2 * margin)))
    weights = torch.as_tensor(random.normal(size=(2, height, width)))
    forth = (pixel_means(samples, margin) * weights).sum((-1, -2))
    back = (samples * spread_means(weights, margin)).sum((-1, -2))
    assert back.numpy() == pytest.approx(forth.numpy(), rel=1e-12)


def test_means_of_many_images_are_those_of_each() -> None:
    samples = torch.as_tensor(np.random.default_rng(4).normal(size=(5, 300, 306)))
    expected = [pixel_means(image).numpy() for image in samples]
    assert pixel_means(samples).numpy() == pytest.approx(np.stack(expected), abs=1e-15)
