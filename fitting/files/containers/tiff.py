"""TIFF files, by tifffile: each page an HDU. The first row of a page is y = 0."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

import numpy as np
import tifffile

from fitting.files.containers.container import WHOLE, Plane, PlanePart, as_plane, damage_fault, require_numbers
from fitting.files.file_limits import FileInvalid, ReadLimits
from fitting.files.fits_structure import HduOutline

logging.getLogger("tifffile").setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class TiffContainer:
    """Pages of a file."""

    pages: list[tifffile.TiffPage]
    hdus: list[HduOutline]

    def plane(self, hdu: HduOutline, part: PlanePart = WHOLE) -> Plane:
        """See `Container`."""
        where = f"page {hdu.index}"
        try:
            raw = self.pages[hdu.index].asarray(maxworkers=1)
        except Exception as error:
            raise damage_fault("TIFF", error, where) from error
        if raw.shape != hdu.shape:
            raise FileInvalid("is not the image that it claims to be", where, "a whole TIFF file")
        return as_plane(raw, hdu, part)


@contextmanager
def open_tiff(file: IO[bytes], limits: ReadLimits) -> Iterator[TiffContainer]:
    """An open TIFF file: what its pages claim is read and held against the limits, their pixels are not."""
    try:
        with tifffile.TiffFile(file, name="upload.tif", _multifile=False) as opened:
            pages = _pages(opened, limits)
            hdus = [_hdu_outline(page, index, limits) for index, page in enumerate(pages)]
            if sum(math.prod(hdu.shape) for hdu in hdus) > limits.pixels:
                raise FileInvalid(f"holds more than {limits.pixels} pixels", expected="smaller images")
            yield TiffContainer(pages, hdus)
    except FileInvalid:
        raise
    except (tifffile.TiffFileError, ValueError, KeyError, IndexError, TypeError, OverflowError, OSError) as error:
        raise damage_fault("TIFF", error) from error


def _pages(opened: tifffile.TiffFile, limits: ReadLimits) -> list[tifffile.TiffPage]:
    pages: list[tifffile.TiffPage] = []
    for page in opened.pages:
        if len(pages) >= limits.hdus:
            raise FileInvalid(f"has more than {limits.hdus} pages", expected="fewer pages")
        pages.append(page)  # type: ignore[arg-type]  # frames are for those who ask for them
    return pages


def _hdu_outline(page: tifffile.TiffPage, index: int, limits: ReadLimits) -> HduOutline:
    where = f"page {index}"
    shape = tuple(int(length) for length in page.shape)
    if page.samplesperpixel != 1 or page.photometric not in (0, 1):
        return HduOutline(index, "", 1, "colour picture", (*shape[:2], 3))
    require_numbers(np.dtype(page.dtype), shape, limits, where)
    tile = math.prod(int(length) for length in page.chunks)
    if tile > limits.pixels:
        raise FileInvalid(f"has tiles of {tile} pixels", where, f"at most {limits.pixels}")
    return HduOutline(index, "", 1, "image", shape)
