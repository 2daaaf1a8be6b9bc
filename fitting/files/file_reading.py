"""Files from outside: what they hold, and one plane of them as an array."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from fitting.files.containers.asdf import open_asdf
from fitting.files.containers.container import Container, Plane, PlanePart
from fitting.files.containers.fits import open_fits
from fitting.files.containers.npy import open_npy, open_npz
from fitting.files.containers.png import open_png
from fitting.files.containers.tiff import open_tiff
from fitting.files.file_content import Format, open_content
from fitting.files.file_limits import DEFAULT_LIMITS, FileInvalid, ReadLimits
from fitting.files.fits_structure import HduOutline
from fitting.files.flux_scale import exposure, flux_scale
from fitting.files.image_header import pixel_scale
from fitting.files.noise_cards import noise_of_header, saturation_level
from fitting.files.pixel_units import unit_notice
from fitting.files.plane_meaning import plane_meaning
from fitting.files.sky_coordinates import coordinates_notices, sky_coordinates
from fitting.spec.counts import counted
from fitting.spec.notices import sentences

__all__ = ["FileDescription", "FileInvalid", "HduDescription", "Plane", "describe_file", "read_plane", "read_strips"]

_PIECE = 2**24
"""Pixels of a large image that are looked at together: 128 MiB, chosen by hand."""
PSF_MODELS: Mapping[str, str] = MappingProxyType(
    {
        "PSFEx": "PSF model of PSFEx",
        "STDPSF": "STDPSF cube of effective PSFs",
        "stpsf": "grid of effective PSFs by stpsf",
        "cube": "cube with a PSF at each of several positions",
    }
)
"""Kinds of PSFs that change over the image, in words."""
_SAME_TIME = 0.1
"""Share by which an exposure map's largest value may differ from the header's time; chosen by hand, for cosmic rays."""
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
        zero_point: magnitude of one data unit, from the header.
        flux_scale: how that was found, as a sentence.
        centre: ICRS right ascension and declination of the middle of the image, degrees, from the WCS.
        warnings: what a careful reader should know of its header.
        version: EXTVER.
        role: which plane it says that it is (`plane_meaning`), and what says so.
        n_planes: of a cube, of which a plane can be used; None of all else.
        psf_model: ``PSFEx``, ``STDPSF``, ``stpsf`` or ``cube`` where it holds a PSF that changes over the image.
        exposure_map: why a plane of weights is one of exposure times; None of all else.
        gain, read_noise: electrons in a data unit, and electrons, by the cards that `noise_reason` names; what the
            request's variance ``{"auto": true}`` uses.
        saturation: data units, from the header, from where pixels are saturated.
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
    flux_scale: str | None = None
    centre: tuple[float, float] | None = None
    warnings: tuple[str, ...] = ()
    version: int = 1
    role: str | None = None
    role_reason: str | None = None
    n_planes: int | None = None
    psf_model: str | None = None
    exposure_map: str | None = None
    gain: float | None = None
    read_noise: float | None = None
    noise_reason: str | None = None
    saturation: float | None = None


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
        if not any(hdu.psf_model for hdu in container.hdus):
            _first_image(container.hdus)
        descriptions, left = [], limits.pixels
        for hdu in container.hdus:
            pixels = math.prod(hdu.shape)
            if hdu.plane is None:
                descriptions.append(_description_of_none(hdu))
            elif pixels > left:
                descriptions.append(_description_unread(hdu, container, limits))
            else:
                left -= pixels
                descriptions.append(_hdu_description(hdu, container))
    return FileDescription(format=form, hdus=tuple(descriptions))


def read_plane(
    path: Path,
    hdu: int | str | None = None,
    limits: ReadLimits = DEFAULT_LIMITS,
    *,
    member: str | None = None,
    number: int | None = None,
    window: Callable[[tuple[int, int]], tuple[slice, slice]] | None = None,
) -> Plane:
    """One image plane of a file, or a window of it.

    Args:
        hdu: number from 0, or EXTNAME (``"SCI"``, ``"SCI,2"``, any case); None means HDU 0 or the first image. Arrays
            of .npz and ASDF are HDUs by their names, pages of TIFF by number.
        member: of the archive that the file is.
        number: of the plane of a cube, from 0.
        window: rows and columns to read, of the shape of the plane; the whole where None.

    Raises:
        FileInvalid: as `describe_file`, and where that HDU does not exist, is no 2-D image or cube, or has more pixels
            to read than the limits allow.
    """
    with open_content(path, limits, member) as (file, form), _OPENERS[form](file, limits) as container:
        chosen, part = _chosen_part(container.hdus, hdu, number, window, limits)
        beside = tuple(other for other in container.hdus if other.index != chosen.index)
        return replace(container.plane(chosen, part), beside=beside)


def read_strips(
    path: Path, hdu: int | str | None, number: int | None, rows: int, limits: ReadLimits = DEFAULT_LIMITS
) -> Iterator[Plane]:
    """A plane of a file piece by piece, each of a number of rows (the last of what is left); raises as `read_plane`."""
    with open_content(path, limits) as (file, form), _OPENERS[form](file, limits) as container:
        chosen, part = _chosen_part(container.hdus, hdu, number, lambda _: (slice(0, 1), slice(0, 1)), limits)
        assert chosen.frame is not None
        for start in range(0, chosen.frame[0], rows):
            yield container.plane(chosen, PlanePart(part.number, slice(start, min(start + rows, chosen.frame[0]))))


def _chosen_part(
    hdus: list[HduOutline],
    hdu: int | str | None,
    number: int | None,
    window: Callable[[tuple[int, int]], tuple[slice, slice]] | None,
    limits: ReadLimits,
) -> tuple[HduOutline, PlanePart]:
    chosen = _choose(hdus, hdu)
    where = f"HDU {chosen.index}"
    assert chosen.frame is not None
    planes = f"0 to {chosen.n_planes - 1}"
    if number is None and chosen.n_planes > 1:
        message = f"{_why_no_image(chosen)}, and nothing says which of its {counted(chosen.n_planes, 'plane')} is meant"
        raise FileInvalid(message, where, f'a plane of it, {planes}: "file[{chosen.index}][0]"')
    if number is not None and number >= chosen.n_planes:
        raise FileInvalid(f"there is no plane {number}", where, planes if chosen.n_planes > 1 else "0, its only plane")
    height, width = chosen.frame
    rows, columns = (slice(0, height), slice(0, width)) if window is None else window(chosen.frame)
    if (rows.stop - rows.start) * (columns.stop - columns.start) > limits.pixels:
        message = f"has {height} × {width} pixels, more than {limits.pixels}"
        raise FileInvalid(message, where, "a smaller image, or a window of it")
    return chosen, PlanePart(number or 0, rows, columns)


def _choose(hdus: list[HduOutline], wanted: int | str | None) -> HduOutline:
    if wanted is None:
        return _first_image(hdus)
    for hdu in hdus:
        names = (hdu.name, f"{hdu.name},{hdu.version}")
        if wanted == hdu.index or (isinstance(wanted, str) and hdu.name and wanted.strip().upper() in names):
            if hdu.frame is None:
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
    cubes = [hdu for hdu in hdus if hdu.frame is not None]
    if planes or cubes:
        return (planes or cubes)[0]
    reasons = "; ".join(f"HDU {hdu.index} {_why_no_image(hdu)}" for hdu in hdus[:10])
    raise FileInvalid(f"holds no image: {reasons or 'there is no array in it'}", expected="a 2-D image in some HDU")


def _why_no_image(hdu: HduOutline) -> str:
    if hdu.psf_model:
        return f"is a {PSF_MODELS[hdu.psf_model]}"
    if hdu.kind not in ("image", "compressed image"):
        return f"is a {hdu.kind}"
    if not hdu.shape or math.prod(hdu.shape) == 0:
        return "is empty"
    return f"is a {len(hdu.shape)}-D array of shape {hdu.shape}"


def _description_of_none(hdu: HduOutline) -> HduDescription:
    """What is known of an HDU that is no single plane: its size, and of a cube how a plane of it is named."""
    cube = hdu.n_planes > 1 and not hdu.psf_model
    said = f'a cube of {counted(hdu.n_planes, "plane")}: one is named by its number, as in "file[{hdu.index}][0]"'
    return HduDescription(
        index=hdu.index,
        name=hdu.name,
        kind=hdu.kind,
        shape=hdu.shape,
        version=hdu.version,
        n_planes=hdu.n_planes if cube else None,
        warnings=(said,) if cube else (),
        **_psf_model(hdu),
    )


def _description_unread(hdu: HduOutline, container: Container, limits: ReadLimits) -> HduDescription:
    """What the header of an image says that is too large to be read through."""
    plane = container.plane(hdu, PlanePart(0, slice(0, 1), slice(0, 1)))
    sentence = f"was not read through: the file holds more than {limits.pixels} pixels. A window of it can be read"
    return _description(hdu, plane).model_copy(
        update={"warnings": (*_description(hdu, plane).warnings, f"HDU {hdu.index} {sentence}")}
    )


def _hdu_description(hdu: HduOutline, container: Container) -> HduDescription:
    """What an image holds, read through piece by piece."""
    assert hdu.frame is not None
    height, width = hdu.frame
    rows = height if height * width <= _PIECE else max(_PIECE // width, 1)
    step = max(height * width // _SAMPLE, 1)
    count, total, low, high, sample = 0, 0.0, np.inf, -np.inf, []
    for start in range(0, height, rows):
        plane = container.plane(hdu, PlanePart(0, slice(start, min(start + rows, height))))
        finite = np.isfinite(plane.data)
        values = plane.data[finite]
        count += values.size
        with np.errstate(over="ignore", invalid="ignore"):
            total += float(values.sum())
        if values.size:
            low, high = min(low, float(values.min())), max(high, float(values.max()))
            sample.append(values[::step])
    described = _description(hdu, plane)
    if count == 0:
        return described.model_copy(update={"n_finite": 0, "sum": 0.0})
    numbers = {
        "n_finite": count,
        "minimum": low,
        "maximum": high,
        "sum": total if math.isfinite(total) else None,
        **_median_and_scatter(np.concatenate(sample)),
        "exposure_map": _exposure_map(hdu.name, described.role, high, plane.file_keywords),
    }
    return described.model_copy(update=numbers)


def _exposure_map(name: str, role: str | None, largest: float, header: Mapping[str, Any]) -> str | None:
    """Why weights are exposure times, as drizzling makes them by default: their largest is that of the whole image."""
    time = exposure(header)
    drizzled = name.rpartition(".")[2] == "WHT" or any(re.match(r"D\d{3}(WTSC|DEXP|KERN)\Z", key) for key in header)
    if role != "weight" or time is None or not drizzled:
        return None
    if abs(largest / time[1] - 1.0) > _SAME_TIME:
        return None
    return f"it holds exposure times, of {largest:.6g} s at most beside {time[0]} {time[1]:g} s, not inverse variances"


def _description(hdu: HduOutline, plane: Plane) -> HduDescription:
    """What the header of an image says."""
    header = plane.keywords
    meaning, scale = plane_meaning(hdu.name, header), flux_scale(plane.flux_keywords)
    noise, saturated = noise_of_header(header), saturation_level(header)
    unit = str(header["BUNIT"]) if "BUNIT" in header else plane.unit
    doubt = unit_notice(unit) if meaning is None or meaning.kind == "data" else None
    said = plane.notices if doubt is None else (*plane.notices, doubt)
    return HduDescription(
        index=hdu.index,
        name=hdu.name,
        kind=hdu.kind,
        shape=plane.frame,
        dtype=plane.dtype,
        unit=unit,
        is_image=True,
        pixel_scale=pixel_scale(header),
        zero_point=None if scale is None else scale.zero_point,
        flux_scale=None if scale is None else scale.sentence,
        centre=_centre(plane),
        version=hdu.version,
        **({"role": meaning.kind, "role_reason": meaning.reason} if meaning is not None else {}) | _psf_model(hdu),
        gain=None if noise is None else noise.gain,
        read_noise=None if noise is None else noise.read_noise,
        noise_reason=None if noise is None else noise.sentence,
        saturation=None if saturated is None else saturated[1],
        warnings=sentences((*said, *coordinates_notices(plane.header))),
    )


def _psf_model(hdu: HduOutline) -> dict[str, str]:
    """What is said of an HDU that holds a PSF model."""
    if not hdu.psf_model:
        return {}
    return {"psf_model": hdu.psf_model, "role": "psf", "role_reason": f"a {PSF_MODELS[hdu.psf_model]}"}


def _median_and_scatter(values: NDArray[np.float64]) -> dict[str, float]:
    """Median, and standard deviation about it by the median absolute deviation."""
    median = float(np.median(values))
    return {"median": median, "scatter": float(1.4826 * np.median(np.abs(values - median)))}


def _centre(plane: Plane) -> tuple[float, float] | None:
    wcs = sky_coordinates(plane.header)
    if wcs is None:
        return None
    height, width = plane.frame
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ra, dec = (float(angle) for angle in wcs.sky([[0.5 * (width - 1), 0.5 * (height - 1)]])[0])
        except Exception:  # noqa: BLE001 - astropy raises many kinds where a projection has no such point
            return None
    return (ra, dec) if math.isfinite(ra) and math.isfinite(dec) else None
