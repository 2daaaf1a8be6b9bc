"""Masks of images: which pixels the bits of a plane leave out, and how many of them are bright."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fitting.files import BitUnknown, Plane, chosen_bits, default_bits, masked_pixels
from fitting.inputs.image_data import Array, Mask
from fitting.inputs.plane_reading import Reading
from fitting.spec import MaskReference, Notice, SegmentReference
from fitting.spec.counts import counted

_TAKERS = {"mask": "the mask", "mask_shapes": "shapes of the mask", "other_segments": "other segments"}
_BRIGHT = 5.0
"""Sigma above the sky from where a masked pixel counts as bright: noise alone reaches it once in three million."""


@dataclass(frozen=True)
class ReadMask:
    """A mask as it was read.

    Attributes:
        pixels: (height, width) of the window, True where a pixel is left out.
        others: the same, True where only bits are set that do not count.
        reason: which bits count, and who says so.
    """

    pixels: Mask
    others: Mask
    reason: str

    def tell(self, data: Array, variance: Array, reading: Reading, key: str = "mask") -> None:
        """Note how many pixels of the window the mask took, and how many of them are bright.

        Args:
            key: of the request, by which the mask was given.
            data, variance: of the window.
        """
        pixels, others = self.pixels, self.others
        if not pixels.any() and not others.any():
            return
        usable = ~pixels & np.isfinite(data) & np.isfinite(variance) & (variance > 0.0)
        sky, sigma = (np.median(data[usable]), np.sqrt(np.median(variance[usable]))) if usable.any() else (0.0, np.inf)
        bright = int((pixels & (data - sky > _BRIGHT * sigma)).sum())
        taker = _TAKERS[key]
        sentence = (
            f"{taker} took {counted(int(pixels.sum()), 'pixel')}, {bright} of them {_BRIGHT:g} sigma above the sky"
        )
        if others.any():
            sentence += f": by {self.reason}; other bits, in {counted(int(others.sum()), 'pixel')}, were not used"
        reading.notice(Notice("mask-taken", sentence), key)


def read_mask(reference: MaskReference, data: Plane, reading: Reading) -> ReadMask | None:
    """The mask of an image in its window; None where it has a fault."""
    plane = reading.same_shape("mask", reference, data)
    if plane is None:
        return None
    header = plane.file_keywords
    whole = ~(plane.data == 0.0)
    if reference.bits == "any":
        return ReadMask(whole, np.zeros_like(whole), "every value but 0")
    try:
        bits = default_bits(header) if reference.bits is None else chosen_bits(header, reference.bits)
    except BitUnknown as error:
        reading.fault("mask.bits", f"{reference.file!r}, HDU {plane.hdu}, has no such bit", str(error))
        return None
    pixels = masked_pixels(plane.data, bits)
    return ReadMask(pixels, whole & ~pixels, bits.reason)


def other_segments(reference: SegmentReference, data: Plane, reading: Reading) -> ReadMask | None:
    """The pixels of an image's window that belong to other segments; None where the map has a fault."""
    plane = reading.same_shape("other_segments", reference, data)
    if plane is None:
        return None
    height, width = plane.data.shape
    own = float(plane.data[height // 2, width // 2]) if reference.segment is None else float(reference.segment)
    pixels = (plane.data != 0.0) & (plane.data != own)
    if reference.segment is not None and own != 0.0 and not (plane.data == own).any():
        sentence = f"segment {reference.segment} has no pixel in the window of {reference.named!r}, HDU {plane.hdu}"
        reading.notice(Notice("segment-missing", sentence), "other_segments")
    return ReadMask(pixels, np.zeros_like(pixels), f"segments other than {own:g}")
