"""The residual of a fit that runs, as a small picture."""

from __future__ import annotations

import io

import numpy as np
from matplotlib.colors import Normalize
from matplotlib.image import imsave
from numpy.typing import NDArray

from fitting.plots.binning import binned
from fitting.plots.fit import SIGMAS
from fitting.plots.stretch import colours

Array = NDArray[np.float64]

LARGEST = 512
"""Pixels of the picture's longer side, at most."""


def draw_live_residual(normalized_residual: Array) -> bytes:
    """(d − m)/σ from −5 (blue) to 5 (red) as PNG, y upwards, masked pixels grey: the scale of a finished fit's plots.

    Of a plane (height, width) larger than `LARGEST`, k × k pixels are one of the picture: Σ r/√n over the n used ones,
    so that noise alone stays at one standard deviation, and what neighbours have in common stands out.
    """
    sums, counts = binned(normalized_residual, -(-max(normalized_residual.shape) // LARGEST))
    shown = np.ma.masked_array(sums / np.sqrt(np.maximum(counts, 1)), counts == 0)
    coloured = colours("RdBu_r")(Normalize(-SIGMAS, SIGMAS)(shown), bytes=True)
    content = io.BytesIO()
    imsave(content, coloured, origin="lower", format="png", metadata={"Software": "photfit"})
    return content.getvalue()
