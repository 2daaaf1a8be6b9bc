"""Means of any brightness over pixels: Gauss–Legendre on squares that shrink towards the centre, in plain numpy."""

from collections.abc import Callable

import numpy as np

Array = np.ndarray
_ORDER = 12
_LARGEST = 0.3


def pixel_mean(
    brightness: Callable[[Array, Array], Array], pixel: tuple[int, int], centre: tuple[float, float], depth: int = 11
) -> float:
    """Mean over a pixel (x, y) of brightness(x, y), smooth but for a cusp at the centre."""
    cells = [(pixel[0] - 0.5, pixel[1] - 0.5, 1.0)]
    done = []
    for _ in range(depth):
        split = []
        for left, bottom, side in cells:
            away = max(abs(left + side / 2 - centre[0]), abs(bottom + side / 2 - centre[1]))
            if away < 1.6 * side or side > _LARGEST:
                half = side / 2
                split += [(left + half * i, bottom + half * j, half) for i in (0, 1) for j in (0, 1)]
            else:
                done.append((left, bottom, side))
        cells = split
    left, bottom, side = (column[:, None, None] for column in np.array(done + cells).T)
    nodes, weights = np.polynomial.legendre.leggauss(_ORDER)
    x = left + side * (nodes[:, None] + 1.0) / 2.0 + 0.0 * nodes
    y = bottom + side * (nodes + 1.0) / 2.0 + 0.0 * nodes[:, None]
    return float((brightness(x, y) * side**2 * np.outer(weights, weights) / 4.0).sum())
