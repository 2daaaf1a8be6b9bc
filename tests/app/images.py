"""Small image files, sound and broken, made on the spot."""

import io
from collections.abc import Sequence

import numpy as np
from astropy.io import fits

SIDE = 32


def fits_bytes(planes: Sequence[tuple[str, np.ndarray | None]]) -> bytes:
    """A FITS file with one HDU per (name, array), the first being the primary one."""
    hdus: list[fits.PrimaryHDU | fits.ImageHDU] = []
    for name, array in planes:
        hdu = fits.ImageHDU(array) if hdus else fits.PrimaryHDU(array)
        hdu.name = name
        hdus.append(hdu)
    file = io.BytesIO()
    fits.HDUList(hdus).writeto(file)
    return file.getvalue()


def npy_bytes(array: np.ndarray, *, allow_pickle: bool = False) -> bytes:
    """A `.npy` file."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=allow_pickle)
    return file.getvalue()


def noise(side: int = SIDE) -> np.ndarray:
    """A field of noise around 10."""
    return np.random.default_rng(7).normal(10.0, 1.0, (side, side))


def kernel(side: int) -> np.ndarray:
    """A positive kernel of `side` × `side` pixels."""
    radius = np.arange(side) - (side - 1) / 2
    return np.exp(-(radius[:, None] ** 2 + radius[None, :] ** 2) / 4)
