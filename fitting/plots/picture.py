"""A plane of any file as a plain picture, under a reader's stretch, cut levels and colours."""

from __future__ import annotations

import io

import numpy as np
from astropy.visualization import (
    AsinhStretch,
    BaseStretch,
    ImageNormalize,
    LinearStretch,
    LogStretch,
    PercentileInterval,
    ZScaleInterval,
)
from matplotlib import colormaps
from matplotlib.image import imsave
from numpy.typing import NDArray

from fitting.faults import UserFault
from fitting.plots.binning import binned
from fitting.plots.stretch import colours
from fitting.spec.plots import PictureChoices

Array = NDArray[np.float64]

_STRETCHES: dict[str, BaseStretch] = {
    "linear": LinearStretch(),
    "log": LogStretch(),
    "asinh": AsinhStretch(),
    "zscale": LinearStretch(),
}
_KEPT = 99.5
"""Per cent of the pixels that lie between the cut levels, where the image decides and the stretch is not zscale."""


class PictureInvalid(UserFault):
    """A choice that the picture cannot be drawn with: which, why, and what would be right."""

    def __init__(self, option: str, message: str, expected: str) -> None:
        super().__init__(message)
        self.option, self.message, self.expected = option, message, expected


def draw_picture(pixels: Array, choices: PictureChoices) -> bytes:
    """A plane (height, width) as PNG, y upwards; pixels that are no numbers are grey.

    A plane larger than `choices.size` is averaged over squares of k × k pixels, k = ⌈longer side / size⌉, so that the
    picture is ⌈width/k⌉ × ⌈height/k⌉; a smaller one is shown pixel by pixel.

    Raises:
        PictureInvalid: an unknown colour map, or cut levels that are not in order.
    """
    if choices.colormap not in colormaps:
        usual = ", ".join(("gray", "viridis", "magma", "inferno", "cividis", "cubehelix", "RdBu_r"))
        raise PictureInvalid("colormap", f"there is no colour map {choices.colormap[:40]!r}", f"such as {usual}")
    shown = _averaged(pixels, -(-max(pixels.shape) // choices.size))
    low, high = _levels(shown, choices)
    norm = ImageNormalize(vmin=low, vmax=high, stretch=_STRETCHES[choices.stretch], clip=True)
    # astropy's norm drops masks, so that what is no number is masked after it.
    bright = np.ma.array(norm(np.nan_to_num(shown, nan=low)), mask=~np.isfinite(shown))
    coloured = colours(choices.colormap)(bright)
    content = io.BytesIO()
    imsave(content, coloured, origin="lower", format="png", metadata={"Software": "photfit"})
    return content.getvalue()


def _levels(pixels: Array, choices: PictureChoices) -> tuple[float, float]:
    """The cut levels: those given, and for the others what the image says."""
    finite = pixels[np.isfinite(pixels)]
    low, high = 0.0, 1.0
    if finite.size:
        interval = ZScaleInterval() if choices.stretch == "zscale" else PercentileInterval(_KEPT)
        low, high = (float(level) for level in interval.get_limits(finite))
    low = low if choices.low is None else choices.low
    high = high if choices.high is None else choices.high
    if high > low:
        return low, high
    if choices.low is not None and choices.high is not None:
        raise PictureInvalid("high", f"{high:g} is not above low, {low:g}", "a level above low")
    # An image of one value, or one level that is given beyond all of the image.
    reach = max(abs(low), abs(high), 1.0) * 1e-3
    return (low, low + reach) if choices.high is None else (high - reach, high)


def _averaged(pixels: Array, side: int) -> Array:
    """Means of the finite pixels of squares of side × side; NaN where there is none."""
    if side <= 1:
        return pixels
    sums, counts = binned(pixels, side)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
