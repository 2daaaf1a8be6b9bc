"""Planes of one part of a request on their way in, and what was found wrong or remarkable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fitting.files import (
    UNKNOWN,
    FileInvalid,
    Plane,
    PolynomialPsf,
    ReadLimits,
    SampledPsf,
    plane_meaning,
    read_plane,
    read_psf_model,
)
from fitting.spec import Fault, Notice, PlaneReference

Array = NDArray[np.float64]
Locate = Callable[[str], Path]
ReadWindow = Callable[[tuple[int, int]], tuple[slice, slice]]
"""Rows and columns to read of a plane, from its shape."""


@dataclass
class Reading:
    """What is read for one image or component: where it stands in the request, where its files are, whether its noise
    is Poisson's, and what was found wrong or remarkable so far.
    """

    path: str
    where: str
    locate: Locate
    limits: ReadLimits
    counting: bool
    faults: list[Fault] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def fault(self, key: str, message: str, expected: str | None = None, code: str | None = None) -> None:
        """Note a fault of the part's key."""
        self.faults.append(Fault(f"{self.path}.{key}", message, expected, code))

    def notice(self, notice: Notice, plane: str | None = None) -> None:
        """Note what a careful reader should know of the part, or of a plane of it."""
        self.notices.append(replace(notice, where=self.where if plane is None else f"{self.where}, {plane}"))

    def plane(self, key: str, reference: PlaneReference, window: ReadWindow | None = None) -> Plane | None:
        """The plane that a reference names, or the window of it, or None and a fault."""
        try:
            path = self.locate(reference.file)
        except (LookupError, FileNotFoundError):
            self.fault(key, f"there is no file {reference.file!r}", "an upload or a file that exists")
            return None
        try:
            return read_plane(
                path, reference.hdu, self.limits, member=reference.member, number=reference.plane, window=window
            )
        except FileInvalid as error:
            place = f", {error.where}," if error.where else ""
            self.fault(key, f"{reference.named!r}{place} {error.message}", error.expected)
            return None

    def psf_model(self, key: str, reference: PlaneReference) -> PolynomialPsf | SampledPsf | None:
        """The model of a varying PSF that a reference names; None where it is an image, or has a fault."""
        if reference.plane is not None:
            return None  # one plane of a cube is an image
        try:
            return read_psf_model(self.locate(reference.file), reference.hdu, self.limits, reference.member)
        except (LookupError, FileNotFoundError):
            return None  # `plane` tells it
        except FileInvalid as error:
            place = f", {error.where}," if error.where else ""
            self.fault(key, f"{reference.named!r}{place} {error.message}", error.expected)
            return None

    def same_shape(self, key: str, reference: PlaneReference, data: Plane) -> Plane | None:
        """The same window of a plane of the data's shape, or None and a fault."""
        (x, y), (height, width) = data.origin, data.data.shape

        def window(frame: tuple[int, int]) -> tuple[slice, slice]:
            # Of a plane of another shape, which is refused, there may be no such pixels.
            same = frame == data.frame
            return (slice(y, y + height), slice(x, x + width)) if same else (slice(0, 1), slice(0, 1))

        plane = self.plane(key, reference, window)
        if plane is not None:
            self._check_meaning(key, reference, plane)
        if plane is None or plane.frame == data.frame:
            return plane
        message = f"{reference.named!r}, HDU {plane.hdu}, has the shape {plane.frame}"
        self.fault(key, message, f"the shape of the data, {data.frame} (rows, columns)")
        return None

    def _check_meaning(self, key: str, reference: PlaneReference, plane: Plane) -> None:
        """Tell where the header of a plane says that it is another than the request has it."""
        meaning = plane_meaning("", plane.keywords)
        if meaning is not None and meaning.kind not in (key, "data", UNKNOWN):
            sentence = f"{reference.named!r}, HDU {plane.hdu}, was given as {key}, and its header has {meaning.reason}"
            self.notice(Notice("plane-contradicted", sentence), key)
