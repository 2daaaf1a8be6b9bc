"""A plane's pixels for looking at: averaged over blocks where asked, and written as a plain float32 array."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fitting.files.file_reading import read_plane


def binned(data: NDArray[np.float64], factor: int) -> NDArray[np.float32]:
    """Means over blocks of factor × factor pixels, NaN only where a block has no finite pixel.

    Blocks start at the first pixel; those at the far edges hold what is left there, so the shape is rounded up.
    """
    if factor == 1:
        return data.astype(np.float32)
    height, width = (-(-length // factor) * factor for length in data.shape)
    whole = np.full((height, width), np.nan)
    whole[: data.shape[0], : data.shape[1]] = np.where(np.isfinite(data), data, np.nan)
    blocks = whole.reshape(height // factor, factor, width // factor, factor)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanmean(blocks, axis=(1, 3)).astype(np.float32)


def write_pixels(source: Path, hdu: int | str | None, factor: int, target: Path) -> None:
    """Write a plane of a file as an .npy array: (height, width), little-endian float32. Raises FileInvalid."""
    with target.open("wb") as file:
        np.save(file, binned(read_plane(source, hdu).data, factor).astype("<f4"), allow_pickle=False)
