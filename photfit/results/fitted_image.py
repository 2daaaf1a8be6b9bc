"""Image of a fit: data, model and residual with their coordinates, and the light of each component."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

from photfit.results.libraries import library

if TYPE_CHECKING:
    from astropy.nddata import CCDData

    from photfit.results.fit_source import FitSource


class FittedImage:
    """One image of a fit; each plane is fetched when it is asked for, and kept.

    The planes are astropy's `CCDData`, (height, width) of the image's window, with the image's header, its world
    coordinates where it has any, and its unit where ``BUNIT`` says one that astropy knows (else none). All raise
    LibraryMissing without astropy.

    Attributes:
        name: of the image in the request.
    """

    def __init__(self, source: FitSource, name: str) -> None:
        self.name = name
        self._source = source
        self._planes: dict[str, CCDData] = {}

    @property
    def data(self) -> CCDData:
        """The data as they were fitted, data units."""
        return self._plane("data")

    @property
    def model(self) -> CCDData:
        """The model at the best fit, blurred by the point-spread function, data units."""
        return self._plane("model")

    @property
    def residual(self) -> CCDData:
        """Data minus model, data units."""
        return self._plane("residual")

    @property
    def normalized_residual(self) -> CCDData:
        """Residual in standard deviations of the noise, NaN and masked where pixels were left out."""
        return self._plane("normalized_residual")

    def component(self, name: str) -> CCDData:
        """The light of one component alone, blurred, data units.

        Raises:
            FileNotFoundError: the image does not show it, or the fit was too large to keep components by themselves.
        """
        return self._plane(f"component/{name}")

    def __repr__(self) -> str:
        return f"<image {self.name} of a fit>"

    def _plane(self, plane: str) -> CCDData:
        if plane not in self._planes:
            self._planes[plane] = _as_ccd_data(self._source.content(f"images/{self.name}/{plane}.fits"))
        return self._planes[plane]


def _as_ccd_data(content: bytes) -> CCDData:
    """A FITS file's first plane with header, coordinates and unit."""
    numpy = library("numpy", "an image of a fit")
    fits = library("astropy.io.fits", "an image of a fit")
    with fits.open(io.BytesIO(content), memmap=False) as hdus:
        header, data = hdus[0].header, numpy.array(hdus[0].data, dtype=numpy.float64)
    mask = numpy.isnan(data)
    found: CCDData = library("astropy.nddata", "an image of a fit").CCDData(
        data, unit=_unit_of(header), meta=header, wcs=_coordinates(header), mask=mask if mask.any() else None
    )
    return found


def _unit_of(header: Any) -> Any:
    """What BUNIT says, where astropy knows it; else no unit."""
    units = library("astropy.units", "an image of a fit")
    try:
        return units.Unit(str(header.get("BUNIT", "")))
    except ValueError:
        return units.dimensionless_unscaled


def _coordinates(header: Any) -> Any:
    """The header's world coordinates; None where it has none, or none that can be read."""
    wcs = library("astropy.wcs", "an image of a fit")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = wcs.WCS(header)
        except Exception:  # noqa: BLE001 - whatever astropy cannot read; the pixels are no worse for it
            return None
    return found.celestial if found.has_celestial else None
