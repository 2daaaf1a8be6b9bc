"""Plane files: arrays, NDData and HDUs in memory as the bytes of files, and what of them cannot be an image.

NumPy's format where there is no header, FITS where there is one, or a unit.
"""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Mapping
from typing import Any

from photfit.results import library

_POWERS = {"sigma": 1, "variance": 2, "weight": -2}
"""What a noise's unit is of the data's, by its key in a request."""

_OF_THE_BYTES = frozenset(
    {"SIMPLE", "XTENSION", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "BZERO", "BSCALE", "EXTEND", "PCOUNT", "GCOUNT"}
    | {"COMMENT", "HISTORY", "", "CHECKSUM", "DATASUM", "END"}
)
"""Keywords that are not carried over: they describe a file's bytes, or hold text alone."""


def is_nddata(plane: Any) -> bool:
    """Whether this is astropy's NDData, CCDData included."""
    return hasattr(plane, "uncertainty") and hasattr(plane, "wcs") and hasattr(plane, "data")


def is_hdu_list(plane: Any) -> bool:
    """Whether this is astropy's HDUList."""
    return isinstance(plane, list) and hasattr(plane, "writeto")


def is_hdu(plane: Any) -> bool:
    """Whether this is an HDU of astropy."""
    return hasattr(plane, "header") and hasattr(plane, "data") and hasattr(plane, "fileinfo")


def is_array(plane: Any) -> bool:
    """Whether this holds numbers by rows: an array of any library that NumPy understands, or lists of them."""
    return hasattr(plane, "__array__") or (isinstance(plane, list | tuple) and bool(plane))


def hdu_list_file(hdus: Any) -> bytes:
    """All HDUs as one FITS file, so that variance, mask and PSF among them are recognised as in any file."""
    return _written(lambda buffer: hdus.writeto(buffer, output_verify="silentfix"))


def nddata_file(plane: Any, what: str) -> tuple[str, bytes]:
    """Suffix and bytes of the pixels of an NDData, with its header, world coordinates and unit."""
    header = _cards(getattr(plane, "header", None) or plane.meta or {})
    if plane.wcs is not None:
        if not hasattr(plane.wcs, "to_header"):
            raise TypeError(f"{what} has coordinates ({type(plane.wcs).__name__}) that a FITS header cannot hold")
        header |= dict(plane.wcs.to_header(relax=True))
    if plane.unit is not None:
        header["BUNIT"] = _fits_unit(plane.unit)
    return array_file(plane.data, what, header)


def hdu_file(plane: Any, what: str) -> tuple[str, bytes]:
    """Suffix and bytes of one HDU."""
    if plane.data is None or getattr(plane.data, "dtype", None) is None or plane.data.dtype.names is not None:
        raise ValueError(f"{what} is an HDU without an image: of a file with several name one, as (hdus, 'SCI')")
    fits = library("astropy.io.fits", "an image with a header")
    array = _numbers(plane.data, what, axes=None)
    return "fits", _written(
        lambda buffer: fits.PrimaryHDU(array, plane.header).writeto(buffer, output_verify="silentfix")
    )


def array_file(plane: Any, what: str, header: Mapping[str, Any] | None = None) -> tuple[str, bytes]:
    """Suffix and bytes of an array (height, width)."""
    numpy = library("numpy", "an array as an image")
    array = _numbers(plane, what)
    cards = _cards(header or {})
    if "BUNIT" not in cards and getattr(plane, "unit", None) is not None:
        cards["BUNIT"] = _fits_unit(plane.unit)
    if not cards:
        return "npy", _written(lambda buffer: numpy.save(buffer, array, allow_pickle=False))
    fits = library("astropy.io.fits", "an image with a header or a unit")
    hdu = fits.PrimaryHDU(array)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of long keywords, which become HIERARCH cards
        hdu.header.update(cards)
        return "fits", _written(lambda buffer: hdu.writeto(buffer, output_verify="silentfix"))


def masked_pixels(plane: Any) -> Any:
    """Which pixels a masked array leaves out; None of other arrays, and where it leaves out none."""
    mask = getattr(plane, "mask", None)
    if mask is None or not hasattr(plane, "filled"):
        return None
    numpy = library("numpy", "an array as an image")
    pixels = numpy.ma.getmaskarray(plane) if isinstance(plane, numpy.ma.MaskedArray) else numpy.asarray(mask)
    return pixels if pixels.any() else None


def noise_in_unit(noise: Any, key: str, unit: Any) -> Any:
    """A noise with a unit of its own as numbers in the unit of the data; others as they are.

    Args:
        noise: any plane.
        key: ``sigma``, ``variance`` or ``weight``.
        unit: of the data; None where they have none.
    """
    is_uncertainty = hasattr(noise, "uncertainty_type")
    own = getattr(noise, "unit", None)
    if key not in _POWERS or is_nddata(noise) or (own is None and not is_uncertainty):
        return noise
    values = noise.array if is_uncertainty else noise.value if hasattr(noise, "value") else noise
    if own is None or unit is None:
        if is_uncertainty:
            return values
        raise ValueError(f"{key} is in {own}, and the image in no unit: give both with a unit, or neither")
    try:
        return values * own.to(unit ** _POWERS[key])
    except Exception as error:
        if type(error).__name__ != "UnitConversionError":
            raise
        raise ValueError(f"{key} is in {own}, where the image, in {unit}, asks for {unit ** _POWERS[key]}") from error


def _numbers(plane: Any, what: str, axes: int | None = 2) -> Any:
    """The array of a plane, of this machine's byte order and of a kind that files have."""
    numpy = library("numpy", "an array as an image")
    if isinstance(plane, numpy.ma.MaskedArray):
        if plane.dtype.kind == "b":
            plane = plane.filled(True)
        elif masked_pixels(plane) is not None:
            plane = plane.astype(float).filled(numpy.nan)
    try:
        array = numpy.asarray(plane)
    except ValueError as error:
        raise TypeError(f"{what} is no array: {error}") from error
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{what} is an array of {array.dtype}: expected numbers, such as float64")
    if axes is not None and (array.ndim != axes or not array.size):
        raise ValueError(f"{what} has the shape {array.shape}: expected (height, width)")
    if array.dtype.kind == "b":
        return array.astype(numpy.uint8)
    if array.dtype.kind == "f" and array.dtype.itemsize not in (4, 8):
        return array.astype(numpy.float32 if array.dtype.itemsize < 4 else numpy.float64)
    return numpy.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))


def _cards(header: Mapping[str, Any]) -> dict[str, Any]:
    """What of a header, or of other metadata, is a value that a FITS card can hold; what describes an array's own bytes
    is made anew.
    """
    return {
        key: value
        for key, value in header.items()
        if key not in _OF_THE_BYTES
        and isinstance(value, bool | int | float | str)
        and not (isinstance(value, float) and not math.isfinite(value))
        and (not isinstance(value, str) or (value.isascii() and value.isprintable()))
    }


def _fits_unit(unit: Any) -> str:
    try:
        return str(unit.to_string("fits"))
    except (AttributeError, ValueError):
        return str(unit)


def _written(write: Any) -> bytes:
    buffer = io.BytesIO()
    write(buffer)
    return buffer.getvalue()
