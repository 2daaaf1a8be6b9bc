"""Galaxies and points drawn finely enough that fits of them can be compared by their χ².

Pixel values are means over sub-pixels, the more the nearer to the centre; under a PSF they are good to about a
thousandth of the peak, where those of `fitting.first_values.Stamp` are good to a few per cent.
"""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates, spline_filter

from fitting.faults import OwnFault
from fitting.first_values import Galaxy, Part, blurring, brightness

Array = NDArray[np.float64]

_LEVELS = ((9, 3), (3, 9), (1, 45))
"""Half width of a square about the central pixel, pixels, and sub-pixels of a pixel along an axis there: a cusp of
n = 6 and r_e = 3 is drawn to a thousandth of its central pixel, and to three of n = 8."""
_SOFTENING = 0.3
"""What is added to radii in quadrature, sub-pixels: about the mean distance within one, so that a cusp stays finite."""
_DEGREE = 5
"""Of the spline between samples of the PSF: the engine's, below which stars are drawn to a per cent only."""
_BEYOND = 6
"""Rows of zeros around the PSF for that spline, pixels: as many as it has any memory of."""
_REMEMBERED = 24
"""Drawings that are remembered: those of a gradient's step that does not move the other component."""


class FineStamp:
    """Draws Sérsic galaxies and points on one part of an image, blurred by its PSF.

    Args:
        part: the rows and columns.
        psf: an odd square kernel that sums to 1, or None.
    """

    def __init__(self, part: Part, psf: Array | None) -> None:
        self.part = part
        margin = 0 if psf is None else psf.shape[0] // 2
        self._rows = np.arange(part[0].start - margin, part[0].stop + margin, dtype=np.float64)[:, None]
        self._columns = np.arange(part[1].start - margin, part[1].stop + margin, dtype=np.float64)[None, :]
        self._blur = blurring(psf, (self._rows.size, self._columns.size))
        self._spline = None if psf is None else spline_filter(np.pad(psf, _BEYOND), order=_DEGREE)
        self._drawings: OrderedDict[Galaxy, Array] = OrderedDict()

    def draw(self, galaxy: Galaxy) -> Array:
        """The galaxy's light on the part, data units per pixel."""
        return self._remembered(galaxy, point=False)

    def draw_point(self, x: float, y: float) -> Array:
        """A point of flux 1 on the part."""
        return self._remembered(Galaxy(x, y, 1.0, 0.0, 1.0, 0.0, 1.0), point=True)

    def _remembered(self, galaxy: Galaxy, *, point: bool) -> Array:
        if galaxy not in self._drawings:
            self._drawings[galaxy] = self._point(galaxy) if point else self._blur(self._light(galaxy))
            if len(self._drawings) > _REMEMBERED:
                self._drawings.popitem(last=False)
        self._drawings.move_to_end(galaxy)
        return self._drawings[galaxy]

    def _light(self, galaxy: Galaxy) -> Array:
        light = brightness(galaxy, self._columns, self._rows, _SOFTENING)
        top, left = int(self._rows[0, 0]), int(self._columns[0, 0])
        row, column = round(galaxy.y), round(galaxy.x)
        for reach, fine in _LEVELS:
            rows = range(max(row - reach - top, 0), min(row + reach + 1 - top, light.shape[0]))
            columns = range(max(column - reach - left, 0), min(column + reach + 1 - left, light.shape[1]))
            if not rows or not columns:
                break
            inside = (np.arange(fine) + 0.5) / fine - 0.5
            y = (np.array(rows)[:, None] + top + inside).reshape(-1, 1)
            x = (np.array(columns)[:, None] + left + inside).reshape(1, -1)
            values = brightness(galaxy, x, y, _SOFTENING / fine)
            mean = values.reshape(len(rows), fine, len(columns), fine).mean((1, 3))
            light[rows.start : rows.stop, columns.start : columns.stop] = mean
        return light

    def _point(self, place: Galaxy) -> Array:
        """The PSF between its samples by a spline of degree 5, as the engine has point sources; 0 beyond its stamp."""
        if self._spline is None:
            raise OwnFault("a point is drawn without a PSF")
        half = self._spline.shape[0] // 2 - _BEYOND
        rows = np.arange(self.part[0].start, self.part[0].stop, dtype=np.float64) - place.y + half + _BEYOND
        columns = np.arange(self.part[1].start, self.part[1].stop, dtype=np.float64) - place.x + half + _BEYOND
        light = np.zeros((rows.size, columns.size))
        inside = np.ix_(
            (rows > 0.0) & (rows < 2 * (half + _BEYOND)), (columns > 0.0) & (columns < 2 * (half + _BEYOND))
        )
        down, right = np.meshgrid(rows[inside[0].ravel()], columns[inside[1].ravel()], indexing="ij")
        light[inside] = map_coordinates(self._spline, [down, right], order=_DEGREE, prefilter=False, mode="constant")
        return light
