"""How much photfit reads of a file that somebody sent."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 2**20


@dataclass(frozen=True)
class ReadLimits:
    """Bounds on a file; whatever is beyond one of them is refused before it is unpacked or allocated.

    Attributes:
        bytes: size after decompression.
        ratio: how many times larger than the compressed file the content may be, beyond `ratio_free` bytes.
            Images of zeros (masks) compress a thousandfold, so small contents are never refused for their ratio.
        hdus: HDUs of a FITS file.
        header_blocks: blocks of 2880 bytes in one header.
        pixels: pixels of all images of the file together.
    """

    bytes: int = 2048 * MEBIBYTE
    ratio: float = 200.0
    ratio_free: int = 256 * MEBIBYTE
    hdus: int = 256
    header_blocks: int = 1000
    pixels: int = 2**28


DEFAULT_LIMITS = ReadLimits()
