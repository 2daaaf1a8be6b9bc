"""Blurring against direct convolution, and its transpose."""

import numpy as np
import pytest
import torch
from scipy.signal import convolve2d

from fitting.render.convolution import Convolver

KERNELS = [(1, 1), (3, 3), (5, 9), (11, 3), (21, 21)]


def kernel_of(shape: tuple[int, int]) -> np.ndarray:
    """A kernel without any symmetry."""
    kernel = np.random.default_rng(5).random(shape)
    return np.asarray(kernel / kernel.sum())


@pytest.mark.parametrize("shape", KERNELS)
def test_blur_is_the_valid_convolution(shape: tuple[int, int]) -> None:
    kernel = kernel_of(shape)
    convolver = Convolver(torch.as_tensor(kernel))
    margin = convolver.widest_margin
    wide = np.random.default_rng(6).normal(size=(2, 17 + 2 * margin, 14 + 2 * margin))
    blurred = convolver.apply(torch.as_tensor(wide)).numpy()
    extra_y, extra_x = margin - shape[0] // 2, margin - shape[1] // 2
    for image, expected in zip(blurred, (convolve2d(plane, kernel, mode="valid") for plane in wide), strict=True):
        assert image.shape == (17, 14)
        inner = expected[extra_y : extra_y + 17, extra_x : extra_x + 14]
        assert np.abs(image - inner).max() < 1e-13


def test_a_point_takes_the_shape_of_the_kernel_and_not_its_mirror_image() -> None:
    kernel = kernel_of((5, 7))
    convolver = Convolver(torch.as_tensor(kernel))
    wide = torch.zeros(15 + 6, 13 + 6, dtype=torch.float64)
    wide[3 + 8, 3 + 6] = 1.0
    stamp = convolver.apply(wide)[8 - 2 : 8 + 3, 6 - 3 : 6 + 4]
    assert np.abs(stamp.numpy() - kernel).max() < 1e-15


def test_light_outside_the_frame_is_blurred_in_and_none_wraps_round() -> None:
    kernel = kernel_of((5, 5))
    convolver = Convolver(torch.as_tensor(kernel))
    wide = torch.zeros(20, 20, dtype=torch.float64)
    wide[0, 0] = 1.0
    image = convolver.apply(wide)
    assert float(image[0, 0]) == pytest.approx(kernel[4, 4], abs=1e-15)
    assert float(image.abs().sum()) == pytest.approx(kernel[4, 4], abs=1e-13)


@pytest.mark.parametrize("shape", KERNELS)
def test_transpose_answers_the_same_products(shape: tuple[int, int]) -> None:
    convolver = Convolver(torch.as_tensor(kernel_of(shape)))
    margin = convolver.widest_margin
    generator = torch.Generator().manual_seed(7)
    wide = torch.randn(3, 16 + 2 * margin, 11 + 2 * margin, dtype=torch.float64, generator=generator)
    image = torch.randn(3, 16, 11, dtype=torch.float64, generator=generator)
    forth = (convolver.apply(wide) * image).sum((-1, -2))
    back = (wide * convolver.transpose(image)).sum((-1, -2))
    assert torch.allclose(forth, back, rtol=1e-12, atol=1e-12)
