"""PSF models of files: a point-spread function that changes over the image, by a polynomial or by planes at positions.

Read are PSFEx's tables (Bertin 2011, ASPC 442, 435), STDPSF cubes (Anderson & King 2000, PASP 112, 1360; NXPSFS,
IPSFXnn, JPSFYnn), grids of stpsf (DET_YXn) and cubes with a position for each plane. All of them hold the response of
pixels.
"""

from __future__ import annotations

import itertools
import math
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from fitting.files.containers.container import damage_fault
from fitting.files.file_content import open_content
from fitting.files.file_limits import DEFAULT_LIMITS, FileInvalid, ReadLimits
from fitting.files.fits_structure import POSITION_TABLES, HduOutline, outline, position_prefix
from fitting.files.header_cards import readable_header

Array = NDArray[np.float64]
_STDPSF_SAMPLING = 4.0
"""Samples to a pixel of STDPSF files, whose headers do not say it (Anderson 2016, WFC3 ISR 2016-12)."""
_MOST_TERMS = 1000
"""Planes of a model, at most; NIRCam's STDPSF cubes have 200."""
_COORDINATE = re.compile(r"\A([XY])\w*_IMAGE\Z")
"""Names of SExtractor's coordinates in pixels of the image, counted from 1."""


@dataclass(frozen=True)
class _PsfModel:
    """A point-spread function that changes over the image.

    Attributes:
        kind: what wrote it, in a word or two.
        hdu: its number.
        sampling: its samples to a pixel of the image, along each axis; None where the file does not say.
        middle: sample (x, y) of its centre, counted from 0.
        notes: what was assumed in reading it, for sentences.
        header: of its HDU.
    """

    kind: str
    hdu: int
    sampling: float | None
    middle: tuple[float, float]
    notes: tuple[str, ...]
    header: fits.Header


@dataclass(frozen=True)
class PolynomialPsf(_PsfModel):
    """A PSF whose samples are polynomials of the position: Σ_k planes[k] u^a_k v^b_k, u = (x + 1 − zero)/scale.

    Attributes:
        planes: (terms, height, width).
        powers: of u and v in each term, (terms, 2).
        zero, scale: of x and y, pixels counted from 1.
    """

    planes: Array
    powers: NDArray[np.intp]
    zero: tuple[float, float]
    scale: tuple[float, float]

    def at(self, x: float, y: float) -> Array:
        """The samples at a position, pixels counted from 0: (height, width)."""
        place = (np.array([x, y]) + 1.0 - np.array(self.zero)) / np.array(self.scale)
        terms: Array = np.prod(place**self.powers, axis=1)
        return np.tensordot(terms, self.planes, axes=1)


@dataclass(frozen=True)
class SampledPsf(_PsfModel):
    """A PSF at positions: `planes` (positions, height, width) at x and y, pixels counted from 0."""

    planes: Array
    x: tuple[float, ...]
    y: tuple[float, ...]


def read_psf_model(
    path: Path, hdu: int | str | None = None, limits: ReadLimits = DEFAULT_LIMITS, member: str | None = None
) -> PolynomialPsf | SampledPsf | None:
    """The PSF model of a file, or None where the HDU is none, such as a single image.

    Args:
        hdu: number from 0, or EXTNAME; None means the only one that is a model.
        member: of the archive that the file is.

    Raises:
        FileInvalid: as `read_plane`; and of a model whose header does not hold together, depends on more than the
            position, or does not say where its planes are.
    """
    with open_content(path, limits, member) as (file, form):
        if form != "fits":
            return None
        hdus = outline(file, limits)
        chosen = _chosen(hdus, hdu)
        if chosen is None:
            return None
        file.seek(0)
        where = f"HDU {chosen.index}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                opened = fits.open(file, memmap=False, lazy_load_hdus=True)
                found = _psfex(opened, chosen) if chosen.psf_model == "PSFEx" else _cube(opened, chosen, limits)
            except FileInvalid:
                raise
            except KeyError as error:
                raise FileInvalid(f"is no whole PSF model: {error.args[0]}", where, "all of its keywords") from error
            except Exception as error:
                raise damage_fault("PSF model", error, where) from error
    if not np.isfinite(found.planes).any():
        raise FileInvalid("holds a PSF model without a finite number", where, "numbers")
    return found


def _chosen(hdus: list[HduOutline], wanted: int | str | None) -> HduOutline | None:
    models = [hdu for hdu in hdus if hdu.psf_model]
    if wanted is None:
        if len(models) > 1:
            numbers = ", ".join(str(hdu.index) for hdu in models[:8]) + (", …" if len(models) > 8 else "")
            message = f"holds {len(models)} PSF models (HDUs {numbers}), as of a mosaic's detectors"
            raise FileInvalid(message, expected=f'the HDU of the one that is meant, such as "hdu": {models[0].index}')
        return models[0] if models else None
    text = str(wanted).strip().upper()
    return next((hdu for hdu in models if wanted == hdu.index or text in (hdu.name, f"{hdu.name},{hdu.version}")), None)


def _psfex(opened: fits.HDUList, hdu: HduOutline) -> PolynomialPsf:
    """PSFEx's table: PSF_MASK holds a plane for each term of a polynomial of the position."""
    where = f"HDU {hdu.index}"
    table = opened[hdu.index]
    header, _ = readable_header(table.header.copy())
    axes = [int(header[f"PSFAXIS{axis}"]) for axis in range(1, int(header["PSFNAXIS"]) + 1)]
    raw = np.asarray(table.data["PSF_MASK"][0], dtype=np.float64).ravel()
    if len(axes) not in (2, 3) or min(axes) < 1 or math.prod(axes) != raw.size:
        raise FileInvalid(f"PSFAXISn are {axes}, and PSF_MASK has {raw.size} numbers", where, "a whole PSFEx model")
    planes = raw.reshape(-1, axes[1], axes[0])
    powers, zero, scale = _polynomial(header, where)
    if len(powers) != len(planes):
        message = f"PSF_MASK has {len(planes)} planes, and its polynomial {len(powers)} terms"
        raise FileInvalid(message, where, "a whole PSFEx model")
    step = float(header["PSF_SAMP"])
    if not (math.isfinite(step) and step > 0.0):
        raise FileInvalid(f"PSF_SAMP is {step:g}", where, "pixels of the image to a sample of the PSF")
    middle = (axes[0] // 2, axes[1] // 2)
    return PolynomialPsf("PSFEx", hdu.index, 1.0 / step, middle, (), header, planes, powers, zero, scale)


def _polynomial(header: fits.Header, where: str) -> tuple[NDArray[np.intp], tuple[float, float], tuple[float, float]]:
    """Powers of x and y in each term, in PSFEx's order (the first variable's power rises fastest), zeros and scales."""
    count = int(header.get("POLNAXIS", 0))
    names = [str(header[f"POLNAME{axis}"]).strip() for axis in range(1, count + 1)]
    matches = [_COORDINATE.match(name) for name in names]
    axes = ["XY".index(match[1]) if match else None for match in matches]
    if None in axes or len(set(axes)) < count:
        message = f"holds a PSF that changes with {', '.join(names)}"
        raise FileInvalid(message, where, "one that changes with X_IMAGE and Y_IMAGE alone, or not at all")
    groups = [int(header[f"POLGRP{axis}"]) for axis in range(1, count + 1)]
    degrees = [int(header[f"POLDEG{group}"]) for group in groups]
    if any(not 0 <= degree <= 20 for degree in degrees):
        raise FileInvalid(f"POLDEGn are {degrees}", where, "degrees of 0 to 20")
    powers = np.zeros((0, 2), dtype=np.intp)
    for reverse in itertools.product(*(range(degree + 1) for degree in reversed(degrees))):
        own = reverse[::-1]
        sums = [sum(power for power, of in zip(own, groups, strict=True) if of == group) for group in groups]
        if all(total <= degree for total, degree in zip(sums, degrees, strict=True)):
            term = np.zeros((1, 2), dtype=np.intp)
            for power, axis in zip(own, axes, strict=True):
                assert axis is not None
                term[0, axis] = power
            powers = np.concatenate((powers, term))
    zero, scale = [0.0, 0.0], [1.0, 1.0]
    for number, axis in enumerate(axes, start=1):
        assert axis is not None
        zero[axis], scale[axis] = float(header[f"POLZERO{number}"]), float(header[f"POLSCAL{number}"])
    if not (np.isfinite([*zero, *scale]).all() and all(scale)):
        raise FileInvalid("POLZEROn and POLSCALn are no zero points and scales", where, "a whole PSFEx model")
    return powers, (zero[0], zero[1]), (scale[0], scale[1])


def _cube(opened: fits.HDUList, hdu: HduOutline, limits: ReadLimits) -> SampledPsf:
    """A cube of planes, each of which has a position."""
    where = f"HDU {hdu.index}"
    if math.prod(hdu.shape) > limits.pixels:
        raise FileInvalid(f"holds more than {limits.pixels} pixels", where, "a smaller cube of PSFs")
    header, _ = readable_header(opened[hdu.index].header.copy())
    raw = opened[hdu.index].data
    if raw is None or raw.dtype.kind not in "biuf" or raw.shape != hdu.shape:
        raise FileInvalid("is not the cube that its header describes", where, "a standard FITS image")
    planes = np.asarray(raw, dtype=np.float64).reshape(-1, *raw.shape[-2:])
    count, height, width = planes.shape
    if count > _MOST_TERMS:
        raise FileInvalid(f"holds {count} planes", where, f"at most {_MOST_TERMS} PSFs")
    named = {"STDPSF": _stdpsf_places, "stpsf": _stpsf_places}.get(hdu.psf_model or "")
    places, said = _own_places(opened, hdu, count) if named is None else (named(header, where), "")
    if places is None:
        message = f"holds {count} planes, and nothing says where in the image each PSF is"
        expected = (
            "IPSFXnn and JPSFYnn, DET_YXn, or Xn and Yn in its header, or a table with x and y; or a grid of planes"
        )
        raise FileInvalid(message, where, expected)
    if len(places) != count or not np.isfinite(places).all():
        raise FileInvalid(f"holds {count} planes and {len(places)} positions", where, "a position for each plane")
    sampling, notes = None, [said] if said else []
    if hdu.psf_model == "stpsf" and isinstance(header.get("OVERSAMP"), int | float) and header["OVERSAMP"] > 0:
        sampling = float(header["OVERSAMP"])
    if hdu.psf_model == "STDPSF" and "OVERSAMP" not in header:
        sampling = _STDPSF_SAMPLING
        notes.append("4 of its samples were taken to make a pixel, as STDPSF files have it")
    # stpsf centres arrays of even sizes between samples.
    middle = (0.5 * (width - 1), 0.5 * (height - 1)) if hdu.psf_model == "stpsf" else (width // 2, height // 2)
    x, y = (tuple(float(place) for place in axis) for axis in places.T)
    kind = "PSF cube" if hdu.psf_model == "cube" else str(hdu.psf_model)
    return SampledPsf(kind, hdu.index, sampling, middle, tuple(notes), header, planes, x, y)


def _stdpsf_places(header: fits.Header, where: str) -> Array:
    """Positions of columns IPSFXnn and rows JPSFYnn, counted from 1; x varies fastest."""
    sizes = int(header["NXPSFS"]), int(header["NYPSFS"])
    missing = next((key for key, size in zip(("IPSFX01", "JPSFY01"), sizes, strict=True) if key not in header), None)
    if missing is not None or not all(1 <= size <= _MOST_TERMS for size in sizes):
        message = f"says no {missing}, as a file of several detectors does not" if missing else f"has {sizes} PSFs"
        raise FileInvalid(message, where, "positions IPSFXnn and JPSFYnn of one detector")
    columns, rows = (
        [float(header[f"{key}{number:02d}"]) - 1.0 for number in range(1, size + 1)]
        for key, size in zip(("IPSFX", "JPSFY"), sizes, strict=True)
    )
    return np.array([(x, y) for y in rows for x in columns])


def _stpsf_places(header: fits.Header, where: str) -> Array:
    """Positions (y, x) in DET_YXn, pixels of the detector counted from 0."""
    places = []
    for number in itertools.count():
        text = header.get(f"DET_YX{number}")
        if text is None:
            break
        numbers = re.findall(r"-?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?", re.sub(r"\w+\.float\d+", "", str(text)))
        if len(numbers) != 2:
            raise FileInvalid(f"DET_YX{number} is {str(text)[:30]!r}", where, '"(y, x)"')
        places.append((float(numbers[1]), float(numbers[0])))
    return np.array(places).reshape(-1, 2)


def _own_places(opened: fits.HDUList, hdu: HduOutline, count: int) -> tuple[Array | None, str]:
    """Positions in keywords or in another HDU, counted from 0, and how they were taken."""
    header = opened[hdu.index].header
    prefix = position_prefix(header, count)
    if prefix is not None:
        x_key, y_key, first, width = prefix
        keys = [[f"{key}{number:0{width}d}" for number in range(first, first + count)] for key in (x_key, y_key)]
        places = np.array([[float(header[key]) for key in axis] for axis in keys]).T - 1.0
        return places, f"positions are {keys[0][0]} and {keys[1][0]} to {keys[1][-1]}, taken to be counted from 1"
    for other in opened:
        found = _table_places(other, count) if isinstance(other, fits.BinTableHDU) else _image_places(other, count)
        if found is not None:
            places, first = found
            name = other.name or opened.index_of(other)
            return places - first, f"positions are those of HDU {name}, taken to be counted from {first}"
    return None, ""


def _table_places(table: fits.BinTableHDU, count: int) -> tuple[Array, int] | None:
    """Positions (count, 2) of a table with columns x and y, and from what they are counted."""
    columns = {column.upper(): column for column in table.columns.names}
    pair = next(((name, f"Y{name[1:]}") for name in columns if name[0] == "X" and f"Y{name[1:]}" in columns), None)
    if pair is None or len(table.data) != count:
        return None
    places = np.array([np.asarray(table.data[columns[name]], dtype=np.float64).ravel() for name in pair]).T
    return places, int(_COORDINATE.match(pair[0]) is not None)


def _image_places(image: Any, count: int) -> tuple[Array, int] | None:
    """Positions (count, 2) of an image of that name, counted from 0 as photutils has them."""
    if str(image.name).upper() not in POSITION_TABLES or image.data is None:
        return None
    places = np.asarray(image.data, dtype=np.float64)
    if places.shape == (2, count) and count != 2:
        places = places.T
    return (places, 0) if places.shape == (count, 2) else None
