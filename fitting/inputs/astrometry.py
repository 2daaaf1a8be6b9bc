"""Astrometry: where an image's pixels are on the sky, as polynomials on a tangent plane.

For fits, an image's world coordinates are put into one form that is fast, smooth and easy to differentiate: a gnomonic
projection about the middle of the image, and polynomials from the tangent plane to pixels. Any projection and any
distortion that astropy reads is met to a millionth of a pixel or as near as the degree allows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fitting.files import gnomonic_projection, sky_coordinates
from fitting.inputs.image_data import ImageData

Array = NDArray[np.float64]
ARCSEC = np.pi / 180.0 / 3600.0
_DEGREES = (1, 2, 3, 5, 7)
"""Of the polynomials, tried in turn; above 7 they would follow rounding rather than distortion, chosen by hand."""
_EXACT = 1e-6
"""Pixels: the lowest degree that meets the image's own coordinates so well is taken. Far below any position's error."""
_BEYOND = 0.25
"""Share of the image's size by which the fitted patch goes beyond it on each side; chosen by hand, for sources at its
edge."""
_SAMPLES = 24
"""Points along each axis to which they are fitted: three for each power of the highest degree, chosen by hand."""


@dataclass(frozen=True)
class TangentPlane:
    """From the sky to the pixels of one image.

    Attributes:
        ra, dec: the tangent point, ICRS, degrees.
        scale: radians of the tangent plane that count as 1 in the polynomials.
        x, y: coefficients [i, j] of u^i v^j, u towards east and v towards north: pixels of the full frame.
        error: largest difference from the image's own coordinates over the image, pixels.
    """

    ra: float
    dec: float
    scale: float
    x: Array
    y: Array
    error: float

    @property
    def local(self) -> Array:
        """Derivatives of x, y (rows) at the tangent point by arcsec towards west and north (columns): (2, 2)."""
        per_arcsec = ARCSEC / self.scale
        return np.array([[-self.x[1, 0], self.x[0, 1]], [-self.y[1, 0], self.y[0, 1]]]) * per_arcsec

    def pixel(self, ra: Array, dec: Array) -> tuple[Array, Array]:
        """Pixel coordinates of positions in degrees."""
        u, v = gnomonic_projection(self.ra, self.dec, ra, dec)
        powers_u, powers_v = _powers(u / self.scale, len(self.x)), _powers(v / self.scale, len(self.x))
        x, y = (np.einsum("...i,ij,...j->...", powers_u, of, powers_v) for of in (self.x, self.y))
        return x, y


def sky_of(image: ImageData) -> TangentPlane | None:
    """The tangent plane of an image, or None where it has no celestial coordinates."""
    wcs = sky_coordinates(image.header)
    if wcs is None:
        return None
    (height, width), (left, bottom) = image.data.shape, image.origin
    middle = np.array([[left + 0.5 * (width - 1), bottom + 0.5 * (height - 1)]])
    ra0, dec0 = (float(value) for value in np.array(wcs.sky(middle))[0])
    grids = [
        np.linspace(first - _BEYOND * size, first + (1.0 + _BEYOND) * size, _SAMPLES)
        for first, size in ((left, width), (bottom, height))
    ]
    x, y = (grid.ravel() for grid in np.meshgrid(*grids))
    ra, dec = np.array(wcs.sky(np.stack((x, y), axis=-1))).T
    u, v = gnomonic_projection(ra0, dec0, ra, dec)
    if not np.isfinite([*u, *v]).all():
        return None
    scale = float(max(np.abs(u).max(), np.abs(v).max()))
    if not scale > 0.0:
        return None  # all pixels at one place
    for degree in _DEGREES:
        terms = [(i, j) for i in range(degree + 1) for j in range(degree + 1 - i)]
        powers_u, powers_v = _powers(u / scale, degree + 1), _powers(v / scale, degree + 1)
        design = np.stack([powers_u[:, i] * powers_v[:, j] for i, j in terms], axis=-1)
        found, *_ = np.linalg.lstsq(design, np.stack((x, y), axis=-1), rcond=None)
        error = float(np.abs(design @ found - np.stack((x, y), axis=-1)).max())
        if error <= _EXACT:
            break
    coefficients = np.zeros((2, degree + 1, degree + 1))
    for (i, j), pair in zip(terms, found, strict=True):
        coefficients[:, i, j] = pair
    return TangentPlane(ra0, dec0, scale, coefficients[0], coefficients[1], error)


def local_map(image: ImageData, plane: TangentPlane | None) -> Array | None:
    """Pixels (x, y: rows) per arcsec (towards west and north: columns) in the middle of an image: (2, 2).

    By its pixel scale with north up and east to the left where it has no celestial coordinates; None without either.
    """
    if plane is not None:
        return plane.local
    return None if image.pixel_scale is None else np.eye(2) / image.pixel_scale


def _powers(values: Array, count: int) -> Array:
    return np.asarray(values[..., None] ** np.arange(count))
