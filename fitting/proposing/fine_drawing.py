"""Galaxies and points drawn finely enough that fits of them can be compared by their χ², and their derivatives.

Pixel values are means over cells that get smaller towards the centre; under a PSF they are good to about a thousandth
of the peak, where those of `fitting.first_values.Stamp` are good to a few per cent.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BSpline
from scipy.ndimage import spline_filter

from fitting.faults import OwnFault
from fitting.first_values import Galaxy, Part, b_n, blurring, brightness

Array = NDArray[np.float64]

_CELLS, _PARTS = 9, 3
"""Half width of the square of cells about the centre that is drawn in smaller ones, cells, and how many of those lie
along a cell's side: at its edge a cell is a tenth of its distance, where the midpoint is good to a thousandth."""
_LEVELS = 4
"""Times that cells get smaller, to 1/81 of a pixel: a cusp of n = 6 and r_e = 3 is drawn to a thousandth of its central
pixel, and to three of n = 8."""
_SOFT, _SOFT_LEVELS = 1.5, 3
"""Sérsic index up to which a cusp is so soft that fewer levels do, and how many."""
_SOFTENING = 0.3
"""What is added to radii in quadrature, cells: about the mean distance within one, so that a cusp stays finite."""
_DEGREE = 5
"""Of the spline between samples of the PSF: the engine's, below which stars are drawn to a per cent only."""
_BEYOND = 6
"""Rows of zeros around the PSF for that spline, pixels: as many as it has any memory of."""
_REMEMBERED = 24
"""Drawings that are remembered: those of a step that does not move the other component."""
_STEP = 1e-5
"""Relative step of n by which b_n is differenced."""


class FineStamp:
    """Draws Sérsic galaxies and points on one part of an image, blurred by its PSF, and their derivatives.

    Args:
        part: the rows and columns.
        psf: an odd square kernel that sums to 1, or None.
    """

    def __init__(self, part: Part, psf: Array | None) -> None:
        self.part = part
        margin = 0 if psf is None else psf.shape[0] // 2
        self._rows = np.arange(part[0].start - margin, part[0].stop + margin, dtype=np.float64)
        self._columns = np.arange(part[1].start - margin, part[1].stop + margin, dtype=np.float64)
        self._blur = blurring(psf, (self._rows.size, self._columns.size))
        self._spline = None if psf is None else spline_filter(np.pad(psf, _BEYOND), order=_DEGREE)
        self._drawings: OrderedDict[Galaxy, Array] = OrderedDict()

    def draw(self, galaxy: Galaxy) -> Array:
        """The galaxy's light on the part, data units per pixel."""
        return self._remembered(galaxy, lambda: self._blur(self._light(galaxy, _brightness)[0]))

    def draw_point(self, x: float, y: float) -> Array:
        """A point of flux 1 on the part."""
        return self._remembered(Galaxy(x, y, 1.0, 0.0, 1.0, 0.0, 1.0), lambda: self._point(x, y)[0])

    def derivatives(self, galaxy: Galaxy) -> Array:
        """Of the light by x, y, ln r_e, ln n, and −ln q times the cosine and sine of 2 pa; (6, height, width)."""
        return self._blur(self._light(galaxy, _derivatives))

    def point_derivatives(self, x: float, y: float) -> Array:
        """Of a point of flux 1 by x and y; (2, height, width)."""
        return np.array(self._point(x, y)[1:])

    def _remembered(self, key: Galaxy, make: Callable[[], Array]) -> Array:
        if key not in self._drawings:
            self._drawings[key] = make()
            if len(self._drawings) > _REMEMBERED:
                self._drawings.popitem(last=False)
        self._drawings.move_to_end(key)
        return self._drawings[key]

    def _light(self, galaxy: Galaxy, values: Callable[[Galaxy, Array, Array, float], Array]) -> Array:
        """Planes of values at the pixels, means over smaller cells near the centre."""
        levels = _SOFT_LEVELS if galaxy.n <= _SOFT else _LEVELS

        def means(rows: Array, columns: Array, size: float, left: int) -> Array:
            planes = values(galaxy, columns[None, :], rows[:, None], _SOFTENING * size)
            down, right = _cells_around(galaxy.y, rows, size), _cells_around(galaxy.x, columns, size)
            if left and down.start < down.stop and right.start < right.stop:
                within = ((np.arange(_PARTS) + 0.5) / _PARTS - 0.5) * size
                fine_rows, fine_columns = ((side[:, None] + within).ravel() for side in (rows[down], columns[right]))
                finer = means(fine_rows, fine_columns, size / _PARTS, left - 1)
                shape = (finer.shape[0], finer.shape[1] // _PARTS, _PARTS, finer.shape[2] // _PARTS, _PARTS)
                planes[:, down, right] = finer.reshape(shape).mean((2, 4))
            return planes

        return means(self._rows, self._columns, 1.0, levels)

    def _point(self, x: float, y: float) -> tuple[Array, Array, Array]:
        """The PSF between its samples by a spline of degree 5, as the engine has point sources, and its derivatives.

        All pixels lie equally far from samples, so that the spline is a sum over a few shifted copies.
        """
        if self._spline is None:
            raise OwnFault("a point is drawn without a PSF")
        side = self._spline.shape[0]
        down, weights_y = _spline_weights(y)
        right, weights_x = _spline_weights(x)
        planes = []
        for by_y, by_x in ((0, 0), (0, 1), (1, 0)):
            rows = _convolved(self._spline, weights_y[by_y])
            whole = _convolved(rows.T, weights_x[by_x]).T
            plane = np.zeros((self.part[0].stop - self.part[0].start, self.part[1].stop - self.part[1].start))
            top = down - side // 2 - self.part[0].start
            left = right - side // 2 - self.part[1].start
            (to_y, from_y), (to_x, from_x) = (
                _overlap(first, whole.shape[axis], plane.shape[axis]) for axis, first in enumerate((top, left))
            )
            plane[to_y, to_x] = whole[from_y, from_x]
            planes.append(plane)
        return planes[0], planes[1], planes[2]


def _brightness(galaxy: Galaxy, x: Array, y: Array, softening: float) -> Array:
    return brightness(galaxy, x, y, softening)[None]


def _derivatives(galaxy: Galaxy, x: Array, y: Array, softening: float) -> Array:
    """Of the brightness at points, by what `FineStamp.derivatives` says; (6, rows, columns)."""
    angle, stretch = math.radians(galaxy.pa), -math.log(galaxy.q)
    sine, cosine, sharp = math.sin(angle), math.cos(angle), galaxy.q**-2
    along = (y - galaxy.y) * cosine - (x - galaxy.x) * sine
    across = (x - galaxy.x) * cosine + (y - galaxy.y) * sine
    # Steps of a search need no more than single precision, which takes half the time.
    along, across = along.astype(np.float32), across.astype(np.float32)
    square = np.asarray(along**2 + across**2 * sharp + softening**2)
    log = np.log(square / galaxy.r_e**2)
    b, slope = b_n(galaxy.n), (b_n(galaxy.n * (1.0 + _STEP)) - b_n(galaxy.n)) / _STEP
    power = np.exp(log * (0.5 / galaxy.n))
    light = galaxy.i_e * np.exp(-b * (power - 1.0))
    by_size = light * power * (b / galaxy.n)
    by_square = -0.5 * by_size / square
    turn = math.expm1(2.0 * stretch) / stretch if stretch > 1e-6 else 2.0
    by_stretch, by_turn = across**2 * (2.0 * sharp), along * across * turn
    double_cosine, double_sine = math.cos(2.0 * angle), math.sin(2.0 * angle)
    return np.array(
        [
            by_square * (2.0 * (along * sine - across * (cosine * sharp))),
            by_square * (-2.0 * (along * cosine + across * (sine * sharp))),
            by_size,
            0.5 * by_size * log - light * (power - 1.0) * slope,
            by_square * (by_stretch * double_cosine - by_turn * double_sine),
            by_square * (by_stretch * double_sine + by_turn * double_cosine),
        ]
    )


def _cells_around(centre: float, cells: Array, size: float) -> slice:
    """Places of the cells near a centre, along one axis."""
    place = round((centre - float(cells[0])) / size)
    return slice(min(max(place - _CELLS, 0), cells.size), min(max(place + _CELLS + 1, 0), cells.size))


def _spline_weights(centre: float) -> tuple[int, Array]:
    """The pixel nearest to a centre, and weights of shifted copies of B-spline coefficients, and their derivatives.

    Shape of the weights: (value or derivative by the centre, shift).
    """
    nearest = round(centre)
    half = _DEGREE // 2 + 1
    spline = BSpline.basis_element(np.arange(_DEGREE + 2) - (_DEGREE + 1) / 2.0, extrapolate=False)
    # Pixel k sees coefficient j at the distance k − (centre − nearest) − j.
    at = np.arange(-half, half + 1) - (centre - nearest)
    return nearest, np.nan_to_num(np.array([spline(at), -spline.derivative()(at)]))


def _convolved(rows: Array, weights: Array) -> Array:
    """Rows of an array as weighted sums of the rows around them."""
    half = len(weights) // 2
    out = np.zeros_like(rows)
    count = rows.shape[0]
    for shift, weight in zip(range(-half, half + 1), weights, strict=True):
        # Row k takes coefficient k − shift.
        out[max(shift, 0) : count + min(shift, 0)] += weight * rows[max(-shift, 0) : count - max(shift, 0)]
    return out


def _overlap(first: int, length: int, room: int) -> tuple[slice, slice]:
    """Where something of a length that begins at `first` lies in a room, and which part of it that is."""
    start, stop = min(max(first, 0), room), max(min(first + length, room), 0)
    stop = max(start, stop)
    return slice(start, stop), slice(start - first, stop - first)
