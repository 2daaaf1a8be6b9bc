"""Where an image's pixels are on the sky."""

from __future__ import annotations

import warnings

from astropy.io import fits
from astropy.wcs import WCS


def celestial_wcs(header: fits.Header | None) -> WCS | None:
    """The celestial part of a header's world coordinates, or None."""
    if header is None:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            wcs = WCS(header, naxis=2)
        except Exception:  # astropy raises many kinds on headers it cannot read; a fit needs none of them
            return None
    return wcs if wcs.has_celestial else None
