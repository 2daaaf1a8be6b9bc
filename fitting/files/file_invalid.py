"""The one error of files that cannot be used."""

from __future__ import annotations

from fitting.faults import UserFault

FORMATS = "a FITS file (plain, gzip or fpack), .npy, .npz, ASDF, TIFF or a grey PNG"
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
