"""World coordinates of a header, and the projection in which positions about one place are flat."""

import warnings

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS
from numpy.typing import NDArray

Array = NDArray[np.float64]


def celestial_wcs(header: fits.Header | None) -> WCS | None:
    """The celestial part of a header's world coordinates, or None."""
    if header is None:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            wcs = WCS(header, naxis=2)
        except Exception:  # noqa: BLE001 - astropy raises many kinds on headers it cannot read; a fit needs none
            return None
    return wcs if wcs.has_celestial else None


def projected(ra0: float, dec0: float, ra: Array, dec: Array) -> tuple[Array, Array]:
    """Gnomonic projection about (ra0, dec0), degrees: radians towards east and north (Calabretta & Greisen 2002)."""
    turn, tilt, centre = np.radians(ra - ra0), np.radians(dec), np.radians(dec0)
    height = np.sin(centre) * np.sin(tilt) + np.cos(centre) * np.cos(tilt) * np.cos(turn)
    east = np.cos(tilt) * np.sin(turn) / height
    north = (np.cos(centre) * np.sin(tilt) - np.sin(centre) * np.cos(tilt) * np.cos(turn)) / height
    return east, north
