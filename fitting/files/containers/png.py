"""PNG pictures of grey values, by Pillow. The first row of the picture is y = 0."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

import numpy as np
from PIL import Image

from fitting.files.containers.container import WHOLE, Plane, PlanePart, as_plane, damage_fault
from fitting.files.file_limits import FileInvalid, ReadLimits
from fitting.files.fits_structure import HduOutline

_GREY = ("1", "L", "I", "I;16", "I;16B")


@dataclass(frozen=True)
class PngContainer:
    """One picture."""

    image: Image.Image
    hdus: list[HduOutline]

    def plane(self, hdu: HduOutline, part: PlanePart = WHOLE) -> Plane:
        """See `Container`."""
        try:
            return as_plane(np.asarray(self.image), hdu, part)
        except Exception as error:
            raise damage_fault("PNG", error) from error


@contextmanager
def open_png(file: IO[bytes], limits: ReadLimits) -> Iterator[PngContainer]:
    """An open PNG file: its header is read and held against the limits, its pixels are not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of size, which is held against our own limit
        try:
            image = Image.open(file, formats=["PNG"])
        except Image.DecompressionBombError as error:
            raise FileInvalid("claims too many pixels", expected=f"at most {limits.pixels} pixels") from error
        except Exception as error:
            raise damage_fault("PNG", error) from error
        if image.mode not in _GREY:
            raise FileInvalid(f"is a picture of the mode {image.mode}", expected="one of grey values, without colours")
        if image.width * image.height > limits.pixels:
            raise FileInvalid(
                f"claims {image.width} × {image.height} pixels", expected=f"at most {limits.pixels} pixels"
            )
        yield PngContainer(image, [HduOutline(0, "", 1, "image", (image.height, image.width))])
