"""One image as the problem sees it: tensors of data and weight, cut into tiles."""

from dataclasses import dataclass

import torch
from torch import Tensor

from fitting.inputs.images import ImageData
from fitting.render.convolve import Convolver
from fitting.render.field import Frame

TILE = 128
"""Side of a tile, pixels, where nothing is blurred: small enough for caches and for the stencil's banded products."""
BLURRED_TILE = 256


@dataclass(frozen=True)
class Tile:
    """A rectangle of an image: where it is in the full frame, and where in the image's own arrays."""

    frame: Frame
    rows: slice
    columns: slice


@dataclass(frozen=True)
class TargetImage:
    """Data, weight (1/variance; 0 where masked) and blur of one image, with its tiles.

    Attributes:
        data, weight: (height, width).
        convolver: the point-spread function, or None.
        integrated: whether pixels hold integrals (False where the PSF is the pixel's effective response).
        pixels: how many are used.
    """

    name: str
    data: Tensor
    weight: Tensor
    convolver: Convolver | None
    integrated: bool
    tiles: tuple[Tile, ...]
    pixels: int

    @classmethod
    def of(cls, image: ImageData, device: torch.device) -> "TargetImage":
        """The image on a device; masked pixels get weight 0 and data 0."""
        used = torch.as_tensor(~image.mask, device=device)
        data = torch.where(used, torch.as_tensor(image.data, device=device), 0.0)
        variance = torch.where(used, torch.as_tensor(image.variance, device=device), 1.0)
        convolver = None if image.psf is None else Convolver(torch.as_tensor(image.psf, device=device))
        side = TILE if convolver is None else max(BLURRED_TILE, 4 * convolver.widest_margin)
        height, width = image.data.shape
        tiles = tuple(
            _tile(image.origin, top, left, min(side, height - top), min(side, width - left))
            for top in range(0, height, side)
            for left in range(0, width, side)
        )
        integrated = image.psf is None or image.psf_convention == "discrete"
        return cls(image.name, data, used / variance, convolver, integrated, tiles, int(used.sum()))

    def frame(self, tile: Tile, convolved: bool) -> Frame:
        """The pixels to render for a tile: its own, and where the result is to be blurred the kernel's reach more."""
        return tile.frame.widened(self.convolver.widest_margin) if convolved and self.convolver else tile.frame


def _tile(origin: tuple[int, int], top: int, left: int, height: int, width: int) -> Tile:
    frame = Frame(origin[0] + left, origin[1] + top, width, height)
    return Tile(frame, slice(top, top + height), slice(left, left + width))
