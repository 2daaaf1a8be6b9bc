"""Files from outside: what they hold, and one plane of them as an array."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from fitting.files.containers.asdf import open_asdf
from fitting.files.containers.container import Container, Plane
from fitting.files.containers.fits import open_fits
from fitting.files.containers.npy import open_npy, open_npz
from fitting.files.containers.png import open_png
from fitting.files.containers.tiff import open_tiff
from fitting.files.file_content import Format, open_content
from fitting.files.file_limits import DEFAULT_LIMITS, FileInvalid, ReadLimits
from fitting.files.fits_structure import HduOutline
from fitting.files.flux_scale import zero_point
from fitting.files.image_header import pixel_scale
from fitting.files.plane_meaning import plane_meaning
from fitting.files.sky_coordinates import coordinates_notices, sky_coordinates
from fitting.spec.notices import sentences

__all__ = ["FileDescription", "FileInvalid", "HduDescription", "Plane", "describe_file", "read_plane"]

_SAMPLE = 1_000_000
"""Pixels that median and scatter are taken of, at most about: known to a thousandth of the scatter then."""


class HduDescription(BaseModel):
    """One HDU of a file; an array of a format without HDUs is one.

    Attributes:
        kind: ``image``, ``compressed image`` or ``table``.
        shape: slowest axis first: [height, width] of an image.
        is_image: whether it is one plane of numbers, which photfit can use.
        n_finite: how many pixels are neither NaN nor infinite; minimum, maximum, sum, median and scatter are of those.
        scatter: robust standard deviation, 1.4826 times the median distance from the median.
        pixel_scale: arcsec per pixel, from the WCS.
        zero_point: from the header.
        centre: ICRS right ascension and declination of the middle of the image, degrees, from the WCS.
        warnings: what a careful reader should know of its header.
        version: EXTVER.
        role: which plane it says that it is (`plane_meaning`), and what says so.
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
    median: float | None = None
    scatter: float | None = None
    pixel_scale: float | None = None
    zero_point: float | None = None
    centre: tuple[float, float] | None = None
    warnings: tuple[str, ...] = ()
    version: int = 1
    role: str | None = None
    role_reason: str | None = None


class FileDescription(BaseModel):
    """What a file holds; `format` is ``fits``, ``npy``, ``npz``, ``asdf``, ``tiff`` or ``png``."""

    model_config = ConfigDict(frozen=True)

    format: str
    hdus: tuple[HduDescription, ...]


_OPENERS: Mapping[Format, Callable[[IO[bytes], ReadLimits], AbstractContextManager[Container]]] = {
    "fits": open_fits,
    "npy": open_npy,
    "npz": open_npz,
    "asdf": open_asdf,
    "tiff": open_tiff,
    "png": open_png,
}


def describe_file(path: Path, limits: ReadLimits = DEFAULT_LIMITS) -> FileDescription:
    """What is in a file, every image read through once.

    Example:
        >>> from tempfile import mkdtemp
        >>> path = Path(mkdtemp()) / "galaxy.npy"
        >>> np.save(path, np.ones((4, 6)))
        >>> (hdu,) = describe_file(path).hdus
        >>> hdu.shape, hdu.is_image, hdu.median
        ((4, 6), True, 1.0)

    Raises:
        FileInvalid: of no known format, truncated, beyond the limits, or without a 2-D image in any HDU.
    """
    with open_content(path, limits) as (file, form), _OPENERS[form](file, limits) as container:
        _first_image(container.hdus)
        descriptions = [
            _hdu_description(hdu, None if hdu.plane is None else container.plane(hdu)) for hdu in container.hdus
        ]
    return FileDescription(format=form, hdus=tuple(descriptions))


def read_plane(path: Path, hdu: int | str | None = None, limits: ReadLimits = DEFAULT_LIMITS) -> Plane:
    """One image plane of a file.

    Args:
        hdu: number from 0, or EXTNAME (``"SCI"``, ``"SCI,2"``, any case); None means HDU 0 or the first image. Arrays
            of .npz and ASDF are HDUs by their names, pages of TIFF by number.

    Raises:
        FileInvalid: as `describe_file`, and where that HDU does not exist or is no 2-D image.
    """
    with open_content(path, limits) as (file, form), _OPENERS[form](file, limits) as container:
        return container.plane(_choose(container.hdus, hdu))


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
    planes = [hdu for hdu in hdus if hdu.plane is not None]
    for hdu in planes:
        if hdu.name.endswith(".DATA"):
            return hdu  # trees have no order: of the arrays of a file of Roman, this one is the image
    if planes:
        return planes[0]
    reasons = "; ".join(f"HDU {hdu.index} {_why_no_image(hdu)}" for hdu in hdus[:10])
    raise FileInvalid(f"holds no image: {reasons or 'there is no array in it'}", expected="a 2-D image in some HDU")


def _why_no_image(hdu: HduOutline) -> str:
    if hdu.kind not in ("image", "compressed image"):
        return f"is a {hdu.kind}"
    if not hdu.shape or math.prod(hdu.shape) == 0:
        return "is empty"
    return f"is a {len(hdu.shape)}-D array of shape {hdu.shape}"


def _hdu_description(hdu: HduOutline, plane: Plane | None) -> HduDescription:
    if plane is None:
        return HduDescription(index=hdu.index, name=hdu.name, kind=hdu.kind, shape=hdu.shape)
    finite = np.isfinite(plane.data)
    count = int(finite.sum())
    with np.errstate(over="ignore"):
        total = float(plane.data.sum(where=finite))
    header = plane.keywords
    meaning = plane_meaning(hdu.name, header)
    return HduDescription(
        index=hdu.index,
        name=hdu.name,
        kind=hdu.kind,
        shape=plane.data.shape,
        dtype=plane.dtype,
        unit=str(header["BUNIT"]) if "BUNIT" in header else plane.unit,
        is_image=True,
        n_finite=count,
        minimum=float(plane.data.min(where=finite, initial=np.inf)) if count else None,
        maximum=float(plane.data.max(where=finite, initial=-np.inf)) if count else None,
        sum=total if math.isfinite(total) else None,
        **_median_and_scatter(plane.data[finite]),
        pixel_scale=pixel_scale(header),
        zero_point=zero_point(header),
        centre=_centre(plane),
        version=hdu.version,
        role=None if meaning is None else meaning.kind,
        role_reason=None if meaning is None else meaning.reason,
        warnings=sentences((*plane.notices, *coordinates_notices(plane.header))),
    )


def _median_and_scatter(values: NDArray[np.float64]) -> dict[str, float]:
    """Median, and standard deviation about it by the median absolute deviation, of a sample of the pixels."""
    if values.size == 0:
        return {}
    sample = values[:: max(values.size // _SAMPLE, 1)]
    median = float(np.median(sample))
    return {"median": median, "scatter": float(1.4826 * np.median(np.abs(sample - median)))}


def _centre(plane: Plane) -> tuple[float, float] | None:
    wcs = sky_coordinates(plane.header)
    if wcs is None:
        return None
    height, width = plane.data.shape
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ra, dec = (float(angle) for angle in wcs.sky([[0.5 * (width - 1), 0.5 * (height - 1)]])[0])
        except Exception:  # noqa: BLE001 - astropy raises many kinds where a projection has no such point
            return None
    return (ra, dec) if math.isfinite(ra) and math.isfinite(dec) else None
