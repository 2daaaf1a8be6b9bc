"""One plane of a result as a plain picture: its pixels in colour, without axes."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from matplotlib.colors import Normalize
from matplotlib.image import imsave
from numpy.typing import NDArray

from fitting.plots.finished_fit import FinishedFit
from fitting.plots.fit import SIGMAS
from fitting.plots.stretch import asinh_stretch, colours

Array = NDArray[np.float64]

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
    picture = colour(norm(np.ma.masked_invalid(_sized(shown))))
    imsave(content, picture, origin="lower", format="png", metadata={"Software": "photfit"})
    return content.getvalue()


def _scatter(values: Array) -> float:
    """Standard deviation of most values, from their median distance to zero; 1 where there is none."""
    middle = 1.4826 * float(np.median(np.abs(values))) if values.size else 0.0
    return middle if middle > 0 else 1.0


def _sized(pixels: Array) -> Array:
    """Pixels left out of a large plane, repeated in a small one."""
    longest = max(pixels.shape)
    if longest > _LARGEST:
        step = -(-longest // _LARGEST)
        return pixels[::step, ::step]
    times = max(_SMALLEST // longest, 1)
    return pixels.repeat(times, axis=0).repeat(times, axis=1)
