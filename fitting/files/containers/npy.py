"""NumPy files: one array (.npy), or several in a zip archive (.npz). Pickled objects are never loaded."""

from __future__ import annotations

import math
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, Literal

import numpy as np

from fitting.files.containers.container import WHOLE, Plane, PlanePart, as_plane, damage_fault, require_numbers
from fitting.files.file_limits import FileInvalid, ReadLimits
from fitting.files.fits_structure import HduOutline

_HEADER = 10_000
"""Bytes of an array's header, at most: numpy's own limit for files that are not trusted (`max_header_size`)."""
_CHUNK = 1 << 20
"""Bytes that are inflated at a time, and so the most by which a limit is overshot."""


@dataclass(frozen=True)
class NpyContainer:
    """One array."""

    file: IO[bytes]
    hdus: list[HduOutline]
    start: int
    dtype: np.dtype[Any]
    fortran: bool

    def plane(self, hdu: HduOutline, part: PlanePart = WHOLE) -> Plane:
        """See `Container`."""
        return as_plane(_mapped(self.file, self.start, self.dtype, hdu.shape, self.fortran), hdu, part)


@dataclass(frozen=True)
class NpzContainer:
    """Arrays by name, each an HDU of that name."""

    archive: zipfile.ZipFile
    hdus: list[HduOutline]
    members: list[zipfile.ZipInfo]
    limits: ReadLimits

    def plane(self, hdu: HduOutline, part: PlanePart = WHOLE) -> Plane:
        """See `Container`."""
        with _member_file(self.archive, self.members[hdu.index], self.limits) as file:
            where = f"array {self.members[hdu.index].filename[:80]!r}"
            shape, dtype, fortran = _claims(file, self.limits, where)
            if shape != hdu.shape:
                raise FileInvalid("is not the array that it claimed to be", where, "a sound archive")
            return as_plane(_mapped(file, file.tell(), dtype, shape, fortran), hdu, part)


@contextmanager
def open_npy(file: IO[bytes], limits: ReadLimits) -> Iterator[NpyContainer]:
    """An open .npy file."""
    shape, dtype, fortran = _claims(file, limits, "")
    start = file.tell()
    available, needed = file.seek(0, 2) - start, math.prod(shape) * dtype.itemsize
    if needed > available:
        raise FileInvalid(f"is truncated: {available} of {needed} data bytes are there", expected="the whole file")
    hdu = HduOutline(0, "", 1, "image", shape)
    if hdu.frame is None:
        raise FileInvalid(f"is a {len(shape)}-D array of shape {shape}", expected="a 2-D image")
    yield NpyContainer(file, [hdu], start, dtype, fortran)


@contextmanager
def open_npz(file: IO[bytes], limits: ReadLimits) -> Iterator[NpzContainer]:
    """An open .npz file. Only the first bytes of each member are unpacked, under the limits."""
    try:
        archive = zipfile.ZipFile(file)
        members = [info for info in archive.infolist() if not info.is_dir()]
    except Exception as error:
        raise damage_fault("npz", error) from error
    if len(members) > limits.hdus:
        raise FileInvalid(f"holds more than {limits.hdus} arrays", expected="fewer arrays")
    with archive:
        hdus, pixels = [], 0
        for index, info in enumerate(members):
            where = f"array {info.filename[:80]!r}"
            if info.file_size > _most_bytes(info, limits):
                right = f"at most {limits.bytes} bytes and {limits.ratio:g} times the compressed size"
                raise FileInvalid(f"inflates from {info.compress_size} bytes to {info.file_size}", where, right)
            try:
                with archive.open(info) as member:
                    shape, *_ = _claims(member, limits, where)
            except FileInvalid:
                raise
            except Exception as error:  # names that are no text, streams that break off, unknown packings
                raise damage_fault("npz", error, where) from error
            pixels += math.prod(shape)
            if pixels > limits.pixels:
                raise FileInvalid(f"holds more than {limits.pixels} pixels", where, "smaller images")
            name = info.filename.removesuffix(".npy").upper()
            hdus.append(HduOutline(index, name, 1, "image", shape))
        yield NpzContainer(archive, hdus, members, limits)


def _mapped(file: IO[bytes], start: int, dtype: np.dtype[Any], shape: tuple[int, ...], fortran: bool) -> np.memmap:
    """An array in a file, mapped, so that of a large one the window alone is read."""
    order: Literal["C", "F"] = "F" if fortran else "C"
    return np.memmap(file, dtype, "r", start, shape, order)


def _claims(file: IO[bytes], limits: ReadLimits, where: str) -> tuple[tuple[int, ...], np.dtype[Any], bool]:
    """Shape and type that the header of an array says, and whether x varies slowest; the file is left after it."""
    try:
        version = np.lib.format.read_magic(file)
        reader = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = reader(file, max_header_size=_HEADER)
    except Exception as error:
        raise FileInvalid("has a damaged npy header", where, "an array saved by numpy.save") from error
    require_numbers(dtype, tuple(shape), limits, where)
    return tuple(shape), dtype, bool(fortran)


def _most_bytes(info: zipfile.ZipInfo, limits: ReadLimits) -> int:
    return min(limits.bytes, max(limits.ratio_free, int(limits.ratio * info.compress_size)))


@contextmanager
def _member_file(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limits: ReadLimits) -> Iterator[IO[bytes]]:
    """A member as a file of its own. What it claims to hold may be a lie: it is cut off at the limit."""
    where = f"array {info.filename[:80]!r}"
    with tempfile.TemporaryFile() as file:
        try:
            with archive.open(info) as member:
                while chunk := member.read(_CHUNK):
                    file.write(chunk)
                    if file.tell() > _most_bytes(info, limits):
                        raise FileInvalid("inflates to more than it says", where, "a sound archive")
        except FileInvalid:
            raise
        except Exception as error:
            raise damage_fault("npz", error, where) from error
        file.seek(0)
        shape, dtype, _ = _claims(file, limits, where)
        needed = math.prod(shape) * dtype.itemsize
        if file.seek(0, 2) < needed:
            raise FileInvalid("is truncated", where, "the whole array")
        file.seek(0)
        yield file
