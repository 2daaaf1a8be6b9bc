"""The bytes of a file: inflated under limits where they are compressed, and told apart by what they begin with."""

from __future__ import annotations

import os
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Literal

from fitting.inputs.invalid import FileInvalid
from fitting.inputs.limits import ReadLimits

Format = Literal["fits", "npy"]

_CHUNK = 2**20
_MEMBERS = 1000
_GZIP = b"\x1f\x8b"
_KNOWN: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a zip archive (an .npz?)"),
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ", "compressed with xz"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstandard"),
    (b"\x1f\x9d", "compressed with compress (.Z)"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"\x89HDF", "an HDF5 file"),
    (b"#ASDF", "an ASDF file"),
)


@contextmanager
def open_content(path: Path, limits: ReadLimits) -> Iterator[tuple[IO[bytes], Format]]:
    """The file's content as an open, seekable binary file at its start, and its format by content.

    The path is opened as a plain file and never handed to a library, so nothing in it can be taken for a URL.

    Raises:
        FileInvalid: unreadable, beyond the limits, truncated gzip, or neither FITS nor npy.
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
    if start.startswith(b"SIMPLE  ="):
        return "fits"
    if start.startswith(b"\x93NUMPY"):
        return "npy"
    for magic, kind in _KNOWN:
        if start.startswith(magic):
            raise FileInvalid(f"is {kind}", expected="a FITS file (plain, gzip or fpack) or an .npy array")
    raise FileInvalid("is neither FITS nor npy")


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
