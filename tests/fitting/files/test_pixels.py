"""Pixels for looking at."""

from __future__ import annotations

import numpy as np

from fitting.files.plane_display import block_means


def test_blocks_are_averaged_and_the_shape_is_rounded_up() -> None:
    data = np.arange(35.0).reshape(5, 7)
    found = block_means(data, 2)
    assert found.shape == (3, 4)
    assert found[0, 0] == data[:2, :2].mean()
    assert found[2, 3] == data[4, 6]


def test_pixels_without_a_value_are_left_out_of_their_block() -> None:
    data = np.ones((4, 4))
    data[0, 0] = np.nan
    data[:2, 2:] = np.inf
    found = block_means(data, 2)
    assert found[0, 0] == 1.0
    assert np.isnan(found[0, 1])
