"""Bytes of a file: inflated under limits where they are compressed, and told apart by what they begin with."""

from __future__ import annotations

import os
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Literal

from fitting.files.file_limits import FileInvalid, ReadLimits

Format = Literal["fits", "npy", "npz", "asdf", "tiff", "png"]

_CHUNK = 2**20
"""Bytes that are read and inflated at a time, and so the most by which a limit is overshot."""
_MEMBERS = 1000
"""Members of a gzip file, at most: chosen by hand, so that a file of empty ones ends
(`tests/fitting/files/test_hostile_files.py`)."""
_GZIP = b"\x1f\x8b"
_FORMATS: tuple[tuple[bytes, Format], ...] = (
    (b"SIMPLE  =", "fits"),
    (b"\x93NUMPY", "npy"),
    (b"PK\x03\x04", "npz"),
    (b"#ASDF", "asdf"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
    (b"\x89PNG\r\n\x1a\n", "png"),
)
"""What the files of each format begin with."""
_KNOWN: tuple[tuple[bytes, str], ...] = (
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ", "compressed with xz"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstandard"),
    (b"\x1f\x9d", "compressed with compress (.Z)"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x89HDF", "an HDF5 file"),
)


@contextmanager
def open_content(path: Path, limits: ReadLimits) -> Iterator[tuple[IO[bytes], Format]]:
    """The file's content as an open, seekable binary file at its start, and its format by content.

    The path is opened as a plain file and never handed to a library, so nothing in it can be taken for a URL.

    Raises:
        FileInvalid: unreadable, beyond the limits, truncated gzip, or of no known format.
    """
    with ExitStack() as stack:
        try:
            file: IO[bytes] = stack.enter_context(path.open("rb"))
            start = file.read(len(_GZIP))
            file.seek(0)
        except OSError as error:
            raise FileInvalid(f"cannot be read: {error.strerror or error}") from None
        if start == _GZIP:
            inflated = stack.enter_context(tempfile.TemporaryFile())
            _inflate(file, inflated, path.stat().st_size, limits)
            inflated.flush()
            # astropy takes a file that could be written to for one that is to be updated.
            file = stack.enter_context(open(os.dup(inflated.fileno()), "rb"))
        file.seek(0, 2)
        if file.tell() > limits.bytes:
            raise FileInvalid(f"is larger than {limits.bytes} bytes", expected="a smaller file")
        file.seek(0)
        yield file, _format(file)


def _format(file: IO[bytes]) -> Format:
    start = file.read(80)
    file.seek(0)
    if not start:
        raise FileInvalid("is empty")
    for magic, form in _FORMATS:
        if start.startswith(magic):
            return form
    for magic, kind in _KNOWN:
        if start.startswith(magic):
            raise FileInvalid(f"is {kind}")
    raise FileInvalid("is of none of the formats that photfit reads")


def _inflate(compressed: IO[bytes], inflated: IO[bytes], size: int, limits: ReadLimits) -> None:
    """Inflate all members of a gzip file, stopping as soon as a limit is passed."""
    most = min(limits.bytes, max(limits.ratio_free, int(limits.ratio * size)))
    written = members = 0
    member = None
    pending = b""
    while chunk := pending or compressed.read(_CHUNK):
        if member is None:
            members += 1
            if members > 1 and not chunk.startswith(_GZIP[:1]):
                return  # padding after the last member
            member = zlib.decompressobj(wbits=31)
        try:
            piece = member.decompress(chunk, _CHUNK)
        except zlib.error as error:
            raise FileInvalid(f"is a damaged gzip file: {error}", expected="a whole gzip file") from None
        written += len(piece)
        if written > most or members > _MEMBERS:
            right = f"at most {limits.bytes} bytes and {limits.ratio:g} times the compressed size"
            raise FileInvalid(f"inflates from {size} bytes to more than {most}", expected=right)
        inflated.write(piece)
        pending, member = (member.unused_data, None) if member.eof else (member.unconsumed_tail, member)
    if member is not None:
        raise FileInvalid("is a truncated gzip file", expected="the whole file")
