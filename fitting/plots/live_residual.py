"""The residual of a fit that runs, as a small picture."""

from __future__ import annotations

import io

import numpy as np
from matplotlib.colors import to_rgb
from numpy.typing import NDArray
from PIL import Image

from fitting.plots.binning import binned
from fitting.plots.fit import SIGMAS
from fitting.plots.stretch import MASKED, colours

Array = NDArray[np.float64]

LARGEST = 512
"""Pixels of the picture's longer side, at most."""
_SHADES = 63
"""Steps of a sixth of a standard deviation: of noise, finer ones double the picture's size and tell no more."""


def draw_live_residual(normalized_residual: Array) -> bytes:
    """(d − m)/σ from −5 (blue) to 5 (red) as PNG, y upwards, masked pixels grey: the scale of a finished fit's plots.

    Of a plane (height, width) larger than `LARGEST`, k × k pixels are one of the picture: Σ r/√n over the n used ones,
    so that noise alone stays at one standard deviation, and what neighbours have in common stands out.
    """
    sums, counts = binned(normalized_residual, -(-max(normalized_residual.shape) // LARGEST))
    sigmas = np.clip(sums / np.sqrt(np.maximum(counts, 1)), -SIGMAS, SIGMAS)
    shades = np.rint((sigmas + SIGMAS) / (2.0 * SIGMAS) * (_SHADES - 1))
    picture = Image.fromarray(np.where(counts > 0, shades, _SHADES).astype(np.uint8)[::-1])
    picture.putpalette(_palette())
    content = io.BytesIO()
    picture.save(content, format="PNG")
    return content.getvalue()


def _palette() -> bytes:
    """Red, green and blue of every shade, and of what is masked."""
    shades = colours("RdBu_r")(np.linspace(0.0, 1.0, _SHADES))[:, :3]
    return np.rint(255.0 * np.vstack([shades, to_rgb(MASKED)])).astype(np.uint8).tobytes()
