"""Figures from the folder that `fitting.results.write_result` leaves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from fitting.plots.fit import fit_figure

KINDS = ("fit",)
"""Every kind of plot that `draw_plot` knows."""


def draw_plot(
    folder: Path,
    kind: str,
    format: str = "png",  # noqa: A002, the word of the public contract
    image: str | None = None,
) -> bytes:
    """A figure of a finished fit.

    Args:
        folder: holds ``images/{image}/{data,model,normalized_residual}.fits``.
        kind: one of `KINDS`.
        format: one of `FORMATS`.
        image: name of the image; None means the first by name.

    Raises:
        ValueError: unknown kind or format.
        FileNotFoundError: the folder holds no such image.
    """
    if kind not in KINDS:
        raise ValueError(f"there is no plot {kind!r}; there are {', '.join(KINDS)}")
    planes = folder / "images" / (image if image is not None else _first(folder))
    data, model, residual = (_plane(planes / f"{name}.fits") for name in ("data", "model", "normalized_residual"))
    return fit_figure(data, model, residual, ~np.isfinite(residual), format)


def _first(folder: Path) -> str:
    names = sorted(path.name for path in (folder / "images").glob("*") if path.is_dir())
    if not names:
        raise FileNotFoundError(f"{folder} holds no images")
    return names[0]


def _plane(path: Path) -> NDArray[np.float64]:
    with path.open("rb") as file, fits.open(file, memmap=False) as opened:
        return np.ascontiguousarray(opened[0].data, dtype=np.float64)
