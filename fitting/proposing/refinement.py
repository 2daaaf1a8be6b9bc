"""A galaxy's first values, made better by a quick least-squares fit of its own stamp."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from fitting.first_values.quick_galaxies import Galaxy, Part, Stamp
from fitting.first_values.quick_kernel import binned

Array = NDArray[np.float64]

_LOW = (-2.0, -2.0, math.log(0.2), math.log(0.3), -2.5, -2.5)
_HIGH = (2.0, 2.0, math.log(500.0), math.log(8.0), 2.5, 2.5)
_EVALUATIONS = 15


def refined(start: Galaxy, light: Array, weight: Array, stamp: Stamp) -> Galaxy:
    """The galaxy that fits the light best, near `start`.

    Its total light follows from its shape by linear least squares, so that six values are searched: x, y, ln r_e, ln n,
    and −ln q times the cosine and sine of 2 pa, which are smooth through the circle.

    Args:
        light: sky-subtracted data with all else taken off, on the stamp's part.
        weight: inverse standard deviation there, 0 where a pixel is not used.
    """
    target = light * weight

    def scaled(values: Array) -> tuple[Galaxy, Array]:
        shape = _galaxy(start, values)
        model = stamp.draw(shape) * weight
        power = float((model * model).sum())
        return shape, model * (float((model * target).sum()) / power if power > 0.0 else 0.0)

    def residual(values: Array) -> Array:
        return np.asarray((target - scaled(values)[1]).ravel())

    first = np.clip(_values(start), np.array(_LOW) + 1e-3, np.array(_HIGH) - 1e-3)
    found = least_squares(
        residual, first, bounds=(_LOW, _HIGH), x_scale=(1.0, 1.0, 0.5, 0.5, 0.3, 0.3), max_nfev=_EVALUATIONS, ftol=1e-3
    )
    shape = _galaxy(start, found.x)
    model = stamp.draw(shape) * weight
    power = float((model * model).sum())
    amount = float((model * target).sum()) / power if power > 0.0 else 0.0
    return Galaxy(shape.x, shape.y, shape.q, shape.pa, shape.n, shape.r_e, amount)


def refined_coarsely(start: Galaxy, light: Array, weight: Array, part: Part, psf: Array | None, factor: int) -> Galaxy:
    """`refined` on sums over factor × factor pixels: what is large does not need every pixel."""
    height, width = (length // factor for length in light.shape)
    kept = np.s_[: height * factor, : width * factor]
    blocks = (height, factor, width, factor)
    variance = np.divide(
        1.0, weight[kept] ** 2, out=np.zeros((blocks[0] * factor, blocks[2] * factor)), where=weight[kept] > 0.0
    )
    whole = (weight[kept] > 0.0).reshape(blocks).mean((1, 3)) == 1.0
    total = variance.reshape(blocks).sum((1, 3))
    coarse_weight = np.where(whole, np.divide(1.0, np.sqrt(total), out=np.zeros_like(total), where=total > 0.0), 0.0)
    coarse_light = light[kept].reshape(blocks).sum((1, 3))
    left, top = part[1].start - 0.5, part[0].start - 0.5
    shrunk = Galaxy(
        (start.x - left) / factor - 0.5,
        (start.y - top) / factor - 0.5,
        start.q,
        start.pa,
        start.n,
        start.r_e / factor,
        start.i_e * factor**2,
    )
    stamp = Stamp((slice(0, height), slice(0, width)), None if psf is None else binned(psf, factor))
    found = refined(shrunk, coarse_light, coarse_weight, stamp)
    return Galaxy(
        (found.x + 0.5) * factor + left,
        (found.y + 0.5) * factor + top,
        found.q,
        found.pa,
        found.n,
        found.r_e * factor,
        found.i_e / factor**2,
    )


def _values(galaxy: Galaxy) -> Array:
    stretch, angle = -math.log(galaxy.q), math.radians(2.0 * galaxy.pa)
    return np.array(
        [0.0, 0.0, math.log(galaxy.r_e), math.log(galaxy.n), stretch * math.cos(angle), stretch * math.sin(angle)]
    )


def _galaxy(start: Galaxy, values: Array) -> Galaxy:
    x, y, size, index, cosine, sine = map(float, values)
    return Galaxy(
        start.x + x,
        start.y + y,
        math.exp(-math.hypot(cosine, sine)),
        math.degrees(math.atan2(sine, cosine)) / 2.0 % 180.0,
        math.exp(index),
        math.exp(size),
        1.0,
    )
