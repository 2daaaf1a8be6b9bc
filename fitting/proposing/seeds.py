"""Sources that somebody knows: from positions, a catalogue, or a segmentation map, in pixels of the window."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from astropy.wcs import WCS
from numpy.typing import NDArray

from fitting.files.wcs import celestial_wcs
from fitting.first_values.quick_galaxies import Galaxy, unit_flux
from fitting.inputs.image_data import ImageData
from fitting.proposing.sources import Seed
from fitting.spec import CatalogueRow, Fault, RequestInvalid

_N, _Q = 2.0, 0.8
Labels = NDArray[np.int32]


def from_positions(image: ImageData, positions: Iterable[tuple[float, float]]) -> list[Seed]:
    """A seed at each position of the full frame that lies in the window."""
    x, y = image.origin
    return _inside(image, [Seed(at[0] - x, at[1] - y) for at in positions])


def from_catalogue(image: ImageData, rows: Sequence[CatalogueRow]) -> list[Seed]:
    """A seed for each row that lies in the window; one with a size and a brightness is taken as it stands.

    Raises:
        RequestInvalid: rows give sky positions or magnitudes, and the image has no WCS or zero point.
    """
    faults = _faults(image, rows)
    if faults:
        raise RequestInvalid(faults)
    wcs = celestial_wcs(image.header) if any(row.x is None or row.y is None for row in rows) else None
    return _inside(image, [_seed(image, row, wcs) for row in rows])


def from_segmentation(image: ImageData, labels: Labels) -> list[Seed]:
    """A seed at the light's centre in each footprint."""
    used = ~image.mask & (labels > 0)
    numbers, place = np.unique(labels[used], return_inverse=True)
    rows, columns = np.nonzero(used)
    light = image.data[used]
    floor = np.full(len(numbers), np.inf)
    np.minimum.at(floor, place, light)
    weight = light - floor[place] + 1e-12
    total = np.bincount(place, weight)
    x, y = np.bincount(place, weight * columns) / total, np.bincount(place, weight * rows) / total
    area = np.bincount(place)
    return [Seed(float(x[item]), float(y[item]), int(area[item]), int(number)) for item, number in enumerate(numbers)]


def _faults(image: ImageData, rows: Sequence[CatalogueRow]) -> list[Fault]:
    faults: list[Fault] = []
    for number, row in enumerate(rows):
        if (row.x is None or row.y is None) and celestial_wcs(image.header) is None:
            message = "gives ra and dec, and the image has no celestial WCS"
            return [Fault(f"$.catalogue[{number}]", message, "x and y, or an image with a WCS")]
        if row.magnitude is not None and image.zero_point is None:
            message = "gives a magnitude, and no zero point is known"
            return [Fault(f"$.catalogue[{number}].magnitude", message, "zero_point, or a flux")]
    return faults


def _seed(image: ImageData, row: CatalogueRow, wcs: WCS | None) -> Seed:
    if row.x is not None and row.y is not None:
        x, y = row.x, row.y
    else:
        assert wcs is not None
        x, y = (float(value) for value in wcs.all_world2pix(row.ra, row.dec, 0, quiet=True))
    x, y = x - image.origin[0], y - image.origin[1]
    flux = row.flux
    if row.magnitude is not None and image.zero_point is not None:
        flux = 10.0 ** (-0.4 * (row.magnitude - image.zero_point))
    if row.r_e is None or flux is None:
        return Seed(x, y, 0 if row.r_e is None else math.ceil(math.pi * row.r_e**2))
    q, n = row.q or _Q, row.n or _N
    return Seed(x, y, galaxy=Galaxy(x, y, q, (row.pa or 0.0) % 180.0, n, row.r_e, flux / unit_flux(q, n, row.r_e)))


def _inside(image: ImageData, seeds: Iterable[Seed]) -> list[Seed]:
    height, width = image.data.shape
    return [seed for seed in seeds if -0.5 <= seed.x < width - 0.5 and -0.5 <= seed.y < height - 0.5]
