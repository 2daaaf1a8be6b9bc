"""Integrals of any brightness over rectangles, by brute force: squares are split until splitting changes nothing.

Nothing is known of the integrand, so cusps, bends and ends need no care, only many squares.
"""

from collections.abc import Callable

import numpy as np

from tests.references.radial_formulas import Array

ORDER = 6
_DEEPEST = 60


def integrals(
    brightness: Callable[[Array, Array], Array], x: Array, y: Array, owner: Array, tolerance: float = 1e-9
) -> Array:
    """∬ brightness(x, y) over unit squares around x, y (count,), summed by `owner` (count,): (owners,).

    A square is split in four until the four agree with it to `tolerance` times the best estimate of its owner's sum.
    """
    nodes, weights = np.polynomial.legendre.leggauss(ORDER)
    grid_y, grid_x = (0.5 * part.ravel() for part in np.meshgrid(nodes, nodes, indexing="ij"))
    rule = 0.25 * np.outer(weights, weights).ravel()

    def estimate(cell_x: Array, cell_y: Array, cell_side: Array) -> Array:
        step = cell_side[:, None]
        return np.asarray(
            brightness(cell_x[:, None] + step * grid_x, cell_y[:, None] + step * grid_y) @ rule * cell_side**2
        )

    side = np.ones(x.size)
    total = np.zeros(int(owner.max()) + 1)
    coarse = estimate(x, y, side)
    best = np.bincount(owner, weights=coarse)
    for _ in range(_DEEPEST):
        half = 0.5 * side
        shifts = [(a, b) for a in (-0.5, 0.5) for b in (-0.5, 0.5)]
        parts = np.stack([estimate(x + a * half, y + b * half, half) for a, b in shifts])
        fine = parts.sum(axis=0)
        done = np.abs(fine - coarse) <= tolerance * best[owner]
        total += np.bincount(owner[done], weights=fine[done], minlength=total.size)
        left = ~done
        if not left.any():
            return total
        best = np.maximum(best, total)
        x = np.concatenate([(x + a * half)[left] for a, _ in shifts])
        y = np.concatenate([(y + b * half)[left] for _, b in shifts])
        side, coarse, owner = np.tile(half[left], 4), parts[:, left].ravel(), np.tile(owner[left], 4)
    raise ArithmeticError("the brightness does not integrate")
