"""Planes made smaller, without the pixels that are no numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def binned(pixels: Array, side: int) -> tuple[Array, NDArray[np.int64]]:
    """Sums of the finite pixels of squares of side × side, and how many each has: (⌈height/side⌉, ⌈width/side⌉) both.

    The last squares of a row or column may be narrower.
    """
    finite = np.isfinite(pixels)
    return _summed(np.where(finite, pixels, 0.0), side), _summed(finite.astype(np.int64), side)


def _summed(pixels: NDArray[Any], side: int) -> NDArray[Any]:
    rows, columns = (np.arange(0, length, side) for length in pixels.shape)
    return np.add.reduceat(np.add.reduceat(pixels, rows, axis=0), columns, axis=1)
