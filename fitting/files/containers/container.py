"""Container: what every format is read as, a row of HDUs, some of which are one plane of numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from fitting.files.file_limits import FileInvalid, ReadLimits
from fitting.files.fits_structure import HduOutline
from fitting.spec.notices import Notice


@dataclass(frozen=True)
class PlanePart:
    """The part of an HDU's array that is wanted.

    Attributes:
        number: of the plane among those of a cube, from 0, in the order in which they are stored.
        rows, columns: of that plane.
    """

    number: int = 0
    rows: slice = field(default_factory=lambda: slice(None))
    columns: slice = field(default_factory=lambda: slice(None))

    def index(self, shape: tuple[int, ...]) -> tuple[int | slice, ...]:
        """Where the part lies in an array of this shape."""
        leading = tuple(int(place) for place in np.unravel_index(self.number, shape[:-2])) if len(shape) > 2 else ()
        return (*leading, self.rows, self.columns)


WHOLE = PlanePart()
"""The first plane, or the only one, as a whole."""


@dataclass(frozen=True)
class Plane:
    """One image plane, or a window of it.

    Attributes:
        data: (height, width), float64, native byte order, contiguous, scaled by BSCALE and BZERO, BLANK as NaN.
        header: of its HDU; None where the format has none.
        hdu: its number.
        dtype: as stored.
        unit: of its numbers, where the format says it elsewhere than in a header.
        notices: what a careful reader should know of how it was read.
        primary: the file's first header, of an HDU behind it; what is said there holds of the whole file.
        frame: (height, width) of the whole plane.
        origin: (x, y) in the whole plane of the first pixel of `data`.
        beside: the other HDUs of the file.
    """

    data: NDArray[np.float64]
    header: fits.Header | None
    hdu: int
    dtype: str
    unit: str | None = None
    notices: tuple[Notice, ...] = ()
    primary: fits.Header | None = None
    frame: tuple[int, int] = (0, 0)
    origin: tuple[int, int] = (0, 0)
    beside: tuple[HduOutline, ...] = ()

    @property
    def keywords(self) -> Mapping[str, Any]:
        """The header; empty where there is none."""
        return {} if self.header is None else self.header

    @property
    def flux_keywords(self) -> Mapping[str, Any]:
        """What says which flux a number is: the header; where the format has none, its unit and what holds of all."""
        if self.header is not None:
            return self.header
        return dict(self.primary or {}) | ({} if self.unit is None else {"BUNIT": self.unit})

    @property
    def file_keywords(self) -> Mapping[str, Any]:
        """The header, and what the file's first header says beside it."""
        return dict(self.primary or {}) | dict(self.keywords)


class Container(Protocol):
    """An open file of some format. All that it claims was held against the limits when it was opened."""

    @property
    def hdus(self) -> list[HduOutline]:
        """What it holds, in order; each array of a format without HDUs is one."""
        ...

    def plane(self, hdu: HduOutline, part: PlanePart = WHOLE) -> Plane:
        """One plane or a part of it; raises FileInvalid where its bytes are not what it claims."""
        ...


def as_plane(raw: NDArray[Any], hdu: HduOutline, part: PlanePart, unit: str | None = None) -> Plane:
    """A part of an array as a plane of a format without headers."""
    assert hdu.frame is not None, "asked for planes alone"
    # A copy: the array may be mapped from the file, which is not to be written to.
    data = np.array(raw.reshape(hdu.shape)[part.index(hdu.shape)], dtype=np.float64, order="C")
    return Plane(data, None, hdu.index, raw.dtype.name, unit, frame=hdu.frame, origin=first_pixel(part))


def first_pixel(part: PlanePart) -> tuple[int, int]:
    """(x, y) of the first pixel of a part in its plane."""
    return part.columns.start or 0, part.rows.start or 0


def require_numbers(dtype: np.dtype[Any], shape: tuple[int, ...], limits: ReadLimits, where: str = "") -> None:
    """Raise FileInvalid where an array is claimed that holds no real numbers, or more of them than may be read."""
    if dtype.hasobject or dtype.kind not in "biuf":
        raise FileInvalid(f"holds {dtype.name[:40]}, not real numbers", where, "an array of integers or floats")
    if any(length < 0 for length in shape) or math.prod(shape) > limits.pixels:
        raise FileInvalid(f"claims the shape {shape}", where, f"at most {limits.pixels} pixels")


_PLACES = re.compile(r"<_io\.[^>]*>|(?<![\w:/.])['\"]?(?:(?:\.{0,2}/)?(?:[\w.~+-]+/){2,}[\w.~+-]*|/[\w.~+-]+)['\"]?")
"""Files of the host, as libraries name them in their errors: objects of Python, paths."""


def damage_fault(kind: str, error: Exception, where: str = "") -> FileInvalid:
    """The fault of a file that a library cannot read; damaged files raise nearly anything, and all is the file's.

    Lack of memory alone is not: it comes through.
    """
    if isinstance(error, MemoryError):
        raise error
    reason = _PLACES.sub("the file", str(error)).splitlines()[0][:200] if str(error) else type(error).__name__
    return FileInvalid(f"cannot be read as {kind}: {reason}", where, f"a whole {kind} file")
