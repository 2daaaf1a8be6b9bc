"""Limits on files from outside, and the one error of a file that cannot be used."""

from __future__ import annotations

from dataclasses import dataclass

from fitting.faults import UserFault

MEBIBYTE = 2**20
"""Bytes."""


@dataclass(frozen=True)
class ReadLimits:
    """Bounds on a file; whatever is beyond one of them is refused before it is unpacked or allocated.

    Attributes:
        bytes: size after decompression; of what is not compressed, nothing is read that is not asked for.
        ratio: how many times larger than the compressed file the content may be, beyond `ratio_free` bytes.
            Images of zeros (masks) compress a thousandfold, so small contents are never refused for their ratio.
        hdus: HDUs of a FITS file.
        header_blocks: blocks of 2880 bytes in one header.
        pixels: that are read at once: of a plane or a window of it, and of all planes that a description reads
            through. How many a file holds beside them does not count.
    """

    bytes: int = 2048 * MEBIBYTE
    ratio: float = 200.0
    ratio_free: int = 256 * MEBIBYTE
    hdus: int = 256
    header_blocks: int = 1000
    pixels: int = 2**28


DEFAULT_LIMITS = ReadLimits()


FORMATS = "a FITS file (plain, gzip, bzip2, xz or fpack), .npy, .npz, ASDF, TIFF or a grey PNG"
"""What photfit reads."""


class FileInvalid(UserFault):
    """A file is not what photfit can fit.

    Attributes:
        message: what is wrong, as a sentence fragment.
        where: the place in the file, such as ``HDU 2``; empty for the file as a whole.
        expected: what would be right.
    """

    def __init__(self, message: str, where: str = "", expected: str = FORMATS) -> None:
        self.message = message
        self.where = where
        self.expected = expected
        super().__init__(message, where, expected)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.message} (expected {self.expected})"
