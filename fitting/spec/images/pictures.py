"""How a plane of pixels may be shown as a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Stretch = Literal["linear", "log", "asinh", "zscale"]

DEFAULT_SIZE = 1024
LARGEST_SIZE = 4096


@dataclass(frozen=True)
class PictureChoices:
    """A reader's choices.

    Attributes:
        hdu: number or EXTNAME; None means HDU 0 or the first that holds an image.
        stretch: from value to brightness between the cut levels; ``zscale`` is linear between IRAF's levels.
        low, high: values that are darkest and brightest, in the file's units; None lets the image decide.
        colormap: matplotlib's name.
        size: most pixels of the picture's longer side.
    """

    hdu: int | str | None = None
    stretch: Stretch = "asinh"
    low: float | None = None
    high: float | None = None
    colormap: str = "gray"
    size: int = DEFAULT_SIZE
