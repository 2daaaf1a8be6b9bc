"""ImageData: an image as a fit sees it, with variance, mask, point-spread function and place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from fitting.files import FluxScale
from fitting.spec import GainNoise, Notice
from fitting.spec.images.image_spec import GaussianShape, MoffatShape
from fitting.spec.notices import sentences

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class StampGrid:
    """Stamps of a point-spread function at the nodes of a grid.

    Attributes:
        x, y: positions of columns and rows, pixels of the full frame, rising.
        stamps: row by row, each (odd, odd) and summing to 1.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    stamps: tuple[Array, ...]

    @property
    def middle(self) -> Array:
        """The mean of all."""
        return np.asarray(np.mean(self.stamps, axis=0))


@dataclass(frozen=True)
class ImageData:
    """One image, cut to its window.

    Attributes:
        data: (height, width), data units per pixel; NaN where the file has it.
        variance: (height, width), data units squared; meaningful where not masked.
        mask: (height, width), True where a pixel is not used.
        psf: (odd, odd) stamp that sums to 1, or None; the mean where it changes over the image.
        psf_grid: the stamps where it does.
        psf_convention: ``discrete`` (a kernel for pixel values) or ``effective`` (holds the pixel's response).
        psf_form: what the stamp was made from, where that is a formula.
        psf_oversampling: pixels of `psf` to one of the image, along each axis.
        pixel_scale: arcsec per pixel: the request's, else the WCS's, else None.
        zero_point: magnitude of one data unit: the request's, else the header's, else None.
        flux_scale: how that was found; None where there is none.
        header: of the data plane in the full frame; None for .npy.
        origin: (x, y) in the full frame of the first pixel of the window.
        frame: (height, width) of the full frame, where it is known.
        notices: what a careful reader should know.
        gain: electrons per data unit, for Poisson noise.
        offset: data units that were taken from the counts, for Poisson noise: sky, and (read noise)^2/gain.
        electrons: how the variance follows from the light, where it does: a fit takes it from its model.
        estimated: whether the variance was estimated from the pixels: a fit does so again from its residual.
        bases: the images that components in it are made of, by the components' names.
    """

    name: str
    data: Array
    variance: Array
    mask: Mask
    psf: Array | None = None
    psf_convention: str = "discrete"
    psf_grid: StampGrid | None = None
    psf_form: GaussianShape | MoffatShape | None = None
    psf_oversampling: int = 1
    pixel_scale: float | None = None
    zero_point: float | None = None
    header: fits.Header | None = None
    origin: tuple[int, int] = (0, 0)
    frame: tuple[int, int] | None = None
    notices: tuple[Notice, ...] = ()
    gain: float = 1.0
    offset: float = 0.0
    electrons: GainNoise | None = None
    estimated: bool = False
    bases: Mapping[str, tuple[Array, ...]] = field(default_factory=dict)
    flux_scale: FluxScale | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """The notices as sentences."""
        return sentences(self.notices)
