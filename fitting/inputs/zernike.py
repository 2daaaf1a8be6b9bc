"""Zernike polynomials over a stamp of pixels."""

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def zernike(term: int, radius: Array, angle: Array) -> Array:
    """Z_j of Noll's index j = 1, 2, …, of mean square 1 over the unit disc; 0 outside it.

    √(n+1) R_n^m(r) times √2 cos mθ (even j) or √2 sin mθ (odd j), or 1 where m = 0 (Noll 1976, JOSA 66, 207, equation
    2).

    Args:
        radius, angle: polar coordinates, the radius in units of the disc's, the angle in radians; of one shape.
    """
    order, azimuthal = noll_orders(term)
    radial = sum(
        (-1) ** k
        * math.comb(order - k, k)
        * math.comb(order - 2 * k, (order - azimuthal) // 2 - k)
        * radius ** (order - 2 * k)
        for k in range((order - azimuthal) // 2 + 1)
    )
    wave = np.cos(azimuthal * angle) if term % 2 == 0 else np.sin(azimuthal * angle)
    factor = math.sqrt(2.0) * wave if azimuthal else 1.0
    return np.where(radius <= 1.0, math.sqrt(order + 1.0) * radial * factor, 0.0)


def noll_orders(term: int) -> tuple[int, int]:
    """Radial order n and azimuthal frequency m of Noll's index."""
    order = (math.isqrt(8 * term - 7) - 1) // 2
    place = term - order * (order + 1) // 2
    return order, 2 * ((place + order % 2) // 2) - order % 2


def stamp_polar(height: int, width: int) -> tuple[Array, Array]:
    """Distances (pixels) and angles (radians, from +x counter-clockwise) of a stamp's pixels from its middle one."""
    y, x = np.mgrid[:height, :width].astype(np.float64)
    y -= height // 2
    x -= width // 2
    return np.hypot(x, y), np.arctan2(y, x)
