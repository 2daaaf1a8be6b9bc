"""Means over pixels of a brightness that jumps along curves, from part to part: adaptive quadrature by SciPy."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from scipy.integrate import quad
from scipy.optimize import bisect

Array = np.ndarray
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_LOOKS = 201


def parted_pixel_mean(
    brightness: Callable[[Array, Array], Array], part: Callable[[Array, Array], Array], pixel: tuple[int, int]
) -> float:
    """Mean over a pixel (x, y) of brightness(x, y), smooth where the number part(x, y) does not change."""
    column, row = pixel
    places = np.linspace(row - 0.5, row + 0.5, _LOOKS)

    def on_line(x: float) -> float:
        parts = part(np.full_like(places, x), places)
        cuts = [
            bisect(lambda y, own=parts[place]: _beyond(part, x, y, own), *places[place : place + 2], xtol=1e-14)
            for place in np.nonzero(np.diff(parts))[0]
        ]
        cuts += [places[0], places[-1]]
        return sum(0.5 * (end - start) * _sum(brightness, x, start, end) for start, end in pairwise(sorted(cuts)))

    return float(quad(on_line, column - 0.5, column + 0.5, limit=200, epsrel=1e-7)[0])


def _beyond(part: Callable[[Array, Array], Array], x: float, y: float, own: int) -> float:
    return -1.0 if part(np.array(x), np.array(y)) == own else 1.0


def _sum(brightness: Callable[[Array, Array], Array], x: float, start: float, end: float) -> float:
    y = start + 0.5 * (end - start) * (_NODES + 1.0)
    return float(brightness(np.full_like(y, x), y) @ _WEIGHTS)
