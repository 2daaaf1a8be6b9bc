"""Bytes of a file: inflated under limits where they are compressed, and told apart by what they begin with."""

from __future__ import annotations

import bz2
import io
import lzma
import os
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from fitting.files.archives import open_archive
from fitting.files.file_limits import FileInvalid, ReadLimits

Format = Literal["fits", "npy", "npz", "asdf", "tiff", "png"]

_CHUNK = 2**20
"""Bytes that are read and inflated at a time, and so the most by which a limit is overshot."""
_MEMBERS = 1000
"""Members of a gzip file, at most: chosen by hand, so that a file of empty ones ends
(`tests/fitting/files/test_hostile_files.py`)."""
_MAGIC = 6
"""Bytes at the start that tell how a file is compressed."""
_DICTIONARY = 2**27
"""Bytes that unpacking may hold, at most: twice what `xz -9` asks for, so that no file asks for gigabytes."""


@dataclass(frozen=True)
class _Packing:
    """A way of compressing whole files: how it is called, what begins it, and what unpacks one of its members."""

    name: str
    magic: bytes
    member: Callable[[], Any]


_PACKINGS = (
    _Packing("gzip", b"\x1f\x8b", lambda: _Inflater(zlib.decompressobj(wbits=31))),
    _Packing("bzip2", b"BZh", lambda: _Unpacker(bz2.BZ2Decompressor())),
    _Packing("xz", b"\xfd7zXZ\0", lambda: _Unpacker(lzma.LZMADecompressor(lzma.FORMAT_XZ, _DICTIONARY))),
)
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
    (b"\x28\xb5\x2f\xfd", "compressed with zstandard"),
    (b"\x1f\x9d", "compressed with compress (.Z)"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x89HDF", "an HDF5 file"),
)


@contextmanager
def open_content(path: Path, limits: ReadLimits, member: str | None = None) -> Iterator[tuple[IO[bytes], Format]]:
    """The file's content as an open, seekable binary file at its start, and its format by content.

    The path is opened as a plain file and never handed to a library, so nothing in it can be taken for a URL.

    Args:
        member: of the archive that the file is.

    Raises:
        FileInvalid: unreadable, beyond the limits, truncated gzip, or of no known format.
    """
    with ExitStack() as stack:
        try:
            file = stack.enter_context(_opened(path, limits, member))
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            start = file.read(_MAGIC)
            file.seek(0)
        except OSError as error:
            raise FileInvalid(f"cannot be read: {error.strerror or error}") from None
        packing = next((packing for packing in _PACKINGS if start.startswith(packing.magic)), None)
        if packing is not None:
            inflated = stack.enter_context(tempfile.TemporaryFile())
            _inflate(file, inflated, size, limits, packing)
            inflated.flush()
            # astropy takes a file that could be written to for one that is to be updated.
            file = stack.enter_context(open(os.dup(inflated.fileno()), "rb"))
        file.seek(0)
        yield file, _format(file)


def _opened(path: Path, limits: ReadLimits, member: str | None) -> IO[bytes]:
    return path.open("rb") if member is None else io.BytesIO(open_archive(path).read(member, limits))


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


@dataclass
class _Inflater:
    """A member of a gzip file, unpacked piece by piece."""

    member: Any

    def unpack(self, chunk: bytes) -> tuple[bytes, bytes]:
        """A piece of at most `_CHUNK` bytes, and what of `chunk` was not used for it."""
        piece = self.member.decompress(chunk, _CHUNK)
        return piece, self.member.unused_data if self.member.eof else self.member.unconsumed_tail

    @property
    def waiting(self) -> bool:
        """Whether more can be had without more of the file."""
        return False

    @property
    def ended(self) -> bool:
        """Whether the member is whole."""
        return bool(self.member.eof)


@dataclass
class _Unpacker:
    """A member of a bzip2 or xz file, unpacked piece by piece: as `_Inflater`, but it keeps what it has not used."""

    member: Any

    def unpack(self, chunk: bytes) -> tuple[bytes, bytes]:
        """As `_Inflater.unpack`."""
        return self.member.decompress(chunk, _CHUNK), self.member.unused_data if self.member.eof else b""

    @property
    def waiting(self) -> bool:
        """As `_Inflater.waiting`."""
        return not self.member.eof and not self.member.needs_input

    @property
    def ended(self) -> bool:
        """As `_Inflater.ended`."""
        return bool(self.member.eof)


def _inflate(compressed: IO[bytes], inflated: IO[bytes], size: int, limits: ReadLimits, packing: _Packing) -> None:
    """Inflate all members of a compressed file, stopping as soon as a limit is passed."""
    most = min(limits.bytes, max(limits.ratio_free, int(limits.ratio * size)))
    written = members = 0
    member = None
    pending = b""
    while (member is not None and member.waiting) or (pending := pending or compressed.read(_CHUNK)):
        if member is None:
            members += 1
            if members > 1 and not pending.startswith(packing.magic[:1]):
                return  # padding after the last member
            member = packing.member()
        try:
            piece, pending = member.unpack(pending)
        except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
            right = f"a whole {packing.name} file"
            raise FileInvalid(f"is a damaged {packing.name} file: {error}", expected=right) from None
        written += len(piece)
        if written > most or members > _MEMBERS:
            right = f"at most {limits.bytes} bytes and {limits.ratio:g} times the compressed size"
            raise FileInvalid(f"inflates from {size} bytes to more than {most}", expected=right)
        inflated.write(piece)
        member = None if member.ended else member
    if member is not None:
        raise FileInvalid(f"is a truncated {packing.name} file", expected="the whole file")
