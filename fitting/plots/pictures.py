"""Pictures without axes: a plane of any file, of a result, or the residual of a running fit, as pixels in colour."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

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
from matplotlib.colors import Normalize, to_rgb
from matplotlib.image import imsave
from numpy.typing import NDArray
from PIL import Image

from fitting.faults import UserFault
from fitting.plots.finished_fit import FinishedFit
from fitting.plots.fit_figure import SIGMAS
from fitting.plots.stretch import MASKED, asinh_stretch, colours
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
    shown = _block_means(pixels, -(-max(pixels.shape) // choices.size))
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


def _block_means(pixels: Array, side: int) -> Array:
    """Means of the finite pixels of squares of side × side; NaN where there is none."""
    if side <= 1:
        return pixels
    sums, counts = block_sums(pixels, side)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


_SMALLEST, _LARGEST = 512, 1600
"""Pixels of the picture's longer side."""


def draw_preview(folder: Path, image: str, plane: str) -> bytes:
    """A plane as PNG, y upwards: light under the stretch of the fit plot, residuals from −5σ (blue) to 5σ (red).

    Args:
        folder: holds the plane and the data, model and normalised residual of the same image.
        plane: one of `fitting.spec.plots.PLANES`, or ``component/NAME``.
    """
    fit = FinishedFit(folder)
    pixels = fit.plane(image, plane)
    used = np.isfinite(fit.plane(image, "normalized_residual"))
    if plane in ("residual", "normalized_residual"):
        reach = SIGMAS * (1.0 if plane == "normalized_residual" else _scatter(pixels[used]))
        norm: Normalize = Normalize(-reach, reach)
        colour = colours("RdBu_r")
    else:
        norm = asinh_stretch(fit.plane(image, "data")[used], fit.plane(image, "model"))
        colour = colours("viridis")
    hidden = ~used if plane in ("data", "residual", "normalized_residual") else np.zeros(used.shape, dtype=bool)
    shown = np.where(hidden, np.nan, pixels)
    content = io.BytesIO()
    picture = colour(norm(np.ma.masked_invalid(_resample(shown))))
    imsave(content, picture, origin="lower", format="png", metadata={"Software": "photfit"})
    return content.getvalue()


def _scatter(values: Array) -> float:
    """Standard deviation of most values, from their median distance to zero; 1 where there is none."""
    middle = 1.4826 * float(np.median(np.abs(values))) if values.size else 0.0
    return middle if middle > 0 else 1.0


def _resample(pixels: Array) -> Array:
    """Pixels left out of a large plane, repeated in a small one."""
    longest = max(pixels.shape)
    if longest > _LARGEST:
        step = -(-longest // _LARGEST)
        return pixels[::step, ::step]
    times = max(_SMALLEST // longest, 1)
    return pixels.repeat(times, axis=0).repeat(times, axis=1)


LARGEST = 512
"""Pixels of the picture's longer side, at most."""
_SHADES = 63
"""Steps of a sixth of a standard deviation: of noise, finer ones double the picture's size and tell no more."""


def draw_live_residual(normalized_residual: Array) -> bytes:
    """(d − m)/σ from −5 (blue) to 5 (red) as PNG, y upwards, masked pixels grey: the scale of a finished fit's plots.

    Of a plane (height, width) larger than `LARGEST`, k × k pixels are one of the picture: Σ r/√n over the n used ones,
    so that noise alone stays at one standard deviation, and what neighbours have in common stands out.
    """
    sums, counts = block_sums(normalized_residual, -(-max(normalized_residual.shape) // LARGEST))
    sigmas = np.clip(sums / np.sqrt(np.maximum(counts, 1)), -SIGMAS, SIGMAS)
    shades = np.rint((sigmas + SIGMAS) / (2.0 * SIGMAS) * (_SHADES - 1))
    picture = Image.fromarray(np.where(counts > 0, shades, _SHADES).astype(np.uint8)[::-1])
    palette = np.vstack([colours("RdBu_r")(np.linspace(0.0, 1.0, _SHADES))[:, :3], to_rgb(MASKED)])
    picture.putpalette(np.rint(255.0 * palette).astype(np.uint8).tobytes())
    content = io.BytesIO()
    picture.save(content, format="PNG")
    return content.getvalue()


def block_sums(pixels: Array, side: int) -> tuple[Array, NDArray[np.int64]]:
    """Sums of the finite pixels of squares of side × side, and how many each has: (⌈height/side⌉, ⌈width/side⌉) both.

    The last squares of a row or column may be narrower.
    """
    finite = np.isfinite(pixels)
    return _sums(np.where(finite, pixels, 0.0), side), _sums(finite.astype(np.int64), side)


def _sums(pixels: NDArray[Any], side: int) -> NDArray[Any]:
    rows, columns = (np.arange(0, length, side) for length in pixels.shape)
    return np.add.reduceat(np.add.reduceat(pixels, rows, axis=0), columns, axis=1)
