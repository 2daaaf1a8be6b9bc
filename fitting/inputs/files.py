"""Files from outside: what they hold, and one plane of them as an array."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from fitting.inputs.content import open_content
from fitting.inputs.invalid import FileInvalid
from fitting.inputs.keywords import pixel_scale, zero_point
from fitting.inputs.limits import DEFAULT_LIMITS, ReadLimits
from fitting.inputs.structure import HduOutline, outline

__all__ = ["FileDescription", "FileInvalid", "HduDescription", "Plane", "describe_file", "read_plane"]

_NPY_HEADER = 10_000


class HduDescription(BaseModel):
    """One HDU of a file (an .npy file has one).

    Attributes:
        kind: ``image``, ``compressed image`` or ``table``.
        shape: slowest axis first: [height, width] of an image.
        is_image: whether it is one plane of numbers, which photfit can use.
        n_finite: how many pixels are neither NaN nor infinite; minimum, maximum and sum are of those.
        pixel_scale: arcsec per pixel, from the WCS.
        zero_point: from the header.
    """

    model_config = ConfigDict(frozen=True)

    index: int
    name: str
    kind: str
    shape: tuple[int, ...]
    dtype: str | None = None
    unit: str | None = None
    is_image: bool = False
    n_finite: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    sum: float | None = None
    pixel_scale: float | None = None
    zero_point: float | None = None


class FileDescription(BaseModel):
    """What a file holds; `format` is ``fits`` or ``npy``."""

    model_config = ConfigDict(frozen=True)

    format: str
    hdus: tuple[HduDescription, ...]


@dataclass(frozen=True)
class Plane:
    """One image plane.

    Attributes:
        data: (height, width), float64, native byte order, contiguous, scaled by BSCALE and BZERO, BLANK as NaN.
        header: of its HDU; None for .npy.
        hdu: its number.
        dtype: as stored.
    """

    data: NDArray[np.float64]
    header: fits.Header | None
    hdu: int
    dtype: str


def describe_file(path: Path, limits: ReadLimits = DEFAULT_LIMITS) -> FileDescription:
    """What is in a FITS (plain, gzip, fpack) or .npy file, every image read through once.

    Raises:
        FileInvalid: not such a file, truncated, beyond the limits, or without a 2-D image in any HDU.
    """
    with open_content(path, limits) as (file, form):
        if form == "npy":
            plane = _read_npy(file, limits)
            outlined = HduOutline(0, "", 1, "image", plane.data.shape)
            return FileDescription(format="npy", hdus=(_described(outlined, plane),))
        hdus = outline(file, limits)
        _first_image(hdus)
        with _astropy(file) as opened:
            described = [_described(hdu, None if hdu.plane is None else _plane(opened, hdu)) for hdu in hdus]
    return FileDescription(format="fits", hdus=tuple(described))


def read_plane(path: Path, hdu: int | str | None = None, limits: ReadLimits = DEFAULT_LIMITS) -> Plane:
    """One image plane of a file.

    Args:
        hdu: number from 0, or EXTNAME (``"SCI"``, ``"SCI,2"``, any case); None means HDU 0 or the first image.

    Raises:
        FileInvalid: as `describe_file`, and where that HDU does not exist or is no 2-D image.
    """
    with open_content(path, limits) as (file, form):
        if form == "npy":
            if hdu not in (None, 0):
                raise FileInvalid(f"there is no HDU {hdu!r}: an .npy file holds one array", expected="HDU 0")
            return _read_npy(file, limits)
        chosen = _choose(outline(file, limits), hdu)
        with _astropy(file) as opened:
            return _plane(opened, chosen)


def _choose(hdus: list[HduOutline], wanted: int | str | None) -> HduOutline:
    if wanted is None:
        return _first_image(hdus)
    for hdu in hdus:
        names = (hdu.name, f"{hdu.name},{hdu.version}")
        if wanted == hdu.index or (isinstance(wanted, str) and hdu.name and wanted.strip().upper() in names):
            if hdu.plane is None:
                raise FileInvalid(_why_no_image(hdu), f"HDU {hdu.index}", "a 2-D image")
            return hdu
    names_known = ", ".join(hdu.name for hdu in hdus if hdu.name)
    expected = (f"0 to {len(hdus) - 1}" if len(hdus) > 1 else "0") + (
        f", or one of: {names_known}" if names_known else ""
    )
    raise FileInvalid(f"there is no HDU {wanted!r}", expected=expected)


def _first_image(hdus: list[HduOutline]) -> HduOutline:
    for hdu in hdus:
        if hdu.plane is not None:
            return hdu
    reasons = "; ".join(f"HDU {hdu.index} {_why_no_image(hdu)}" for hdu in hdus[:10])
    raise FileInvalid(f"holds no image: {reasons}", expected="a 2-D image in some HDU")


def _why_no_image(hdu: HduOutline) -> str:
    if hdu.kind == "table":
        return "is a table"
    if not hdu.shape or math.prod(hdu.shape) == 0:
        return "is empty"
    return f"is a {len(hdu.shape)}-D array of shape {hdu.shape}"


@contextmanager
def _astropy(file: IO[bytes]) -> Iterator[fits.HDUList]:
    """astropy's view of an open FITS file, its warnings silenced: `outline` has said what matters of them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file.seek(0)
        try:
            opened = fits.open(file, memmap=False, lazy_load_hdus=True)
        except Exception as error:
            raise _unreadable(error, "") from error
        yield opened


def _unreadable(error: Exception, where: str) -> FileInvalid:
    # Damaged files raise nearly anything in astropy and its codecs; all of it is the file's fault.
    reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    return FileInvalid(f"cannot be read as FITS: {reason}", where, "a standard FITS file")


def _plane(opened: fits.HDUList, hdu: HduOutline) -> Plane:
    where = f"HDU {hdu.index}"
    try:
        source = opened[hdu.index]
        header = source.header.copy()
        raw = source.data
    except Exception as error:
        raise _unreadable(error, where) from error
    if raw is None or raw.shape != hdu.shape or raw.dtype.kind not in "biuf":
        raise FileInvalid("is not the image that its header describes", where, "a standard FITS image")
    dtype = np.dtype({8: "u1", 16: "i2", 32: "i4", 64: "i8", -32: "f4", -64: "f8"}[_bits(header)]).name
    data = _native(raw, hdu.plane)
    del source.data  # or every plane of the file would stay in memory
    return Plane(data, header, hdu.index, dtype)


def _bits(header: fits.Header) -> int:
    return int(header.get("ZBITPIX", header.get("BITPIX", -64)))


def _native(raw: NDArray[Any], shape: tuple[int, int] | None) -> NDArray[np.float64]:
    return np.ascontiguousarray(raw.reshape(shape) if shape else raw, dtype=np.float64)


def _read_npy(file: IO[bytes], limits: ReadLimits) -> Plane:
    """The array of an .npy file; objects (pickles) are never loaded."""
    try:
        version = np.lib.format.read_magic(file)
        reader = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = reader(file, max_header_size=_NPY_HEADER)
    except Exception as error:
        raise FileInvalid("has a damaged npy header", expected="an array saved by numpy.save") from error
    if dtype.hasobject or dtype.kind not in "biuf":
        raise FileInvalid(f"holds {dtype.name[:40]}, not real numbers", expected="an array of integers or floats")
    if any(length < 0 for length in shape) or math.prod(shape) > limits.pixels:
        raise FileInvalid(f"claims the shape {shape}", expected=f"at most {limits.pixels} pixels")
    start = file.tell()
    available, needed = file.seek(0, 2) - start, math.prod(shape) * dtype.itemsize
    if needed > available:
        raise FileInvalid(f"is truncated: {available} of {needed} data bytes are there", expected="the whole file")
    plane = HduOutline(0, "", 1, "image", tuple(shape)).plane
    if plane is None:
        raise FileInvalid(f"is a {len(shape)}-D array of shape {shape}", expected="a 2-D image")
    file.seek(0)
    return Plane(_native(np.load(file, allow_pickle=False), plane), None, 0, dtype.name)


def _described(hdu: HduOutline, plane: Plane | None) -> HduDescription:
    if plane is None:
        return HduDescription(index=hdu.index, name=hdu.name, kind=hdu.kind, shape=hdu.shape)
    finite = np.isfinite(plane.data)
    count = int(finite.sum())
    with np.errstate(over="ignore"):
        total = float(plane.data.sum(where=finite))
    header = plane.header if plane.header is not None else {}
    return HduDescription(
        index=hdu.index,
        name=hdu.name,
        kind=hdu.kind,
        shape=plane.data.shape,
        dtype=plane.dtype,
        unit=str(header["BUNIT"]) if "BUNIT" in header else None,
        is_image=True,
        n_finite=count,
        minimum=float(plane.data.min(where=finite, initial=np.inf)) if count else None,
        maximum=float(plane.data.max(where=finite, initial=-np.inf)) if count else None,
        sum=total if math.isfinite(total) else None,
        pixel_scale=pixel_scale(header),
        zero_point=zero_point(header),
    )
