"""Archives of files: zip and tar, whose members are read one by one under limits; nothing is ever unpacked to a disk.

>>> import io, zipfile
>>> from tempfile import mkdtemp
>>> path = Path(mkdtemp()) / "cutouts.zip"
>>> with zipfile.ZipFile(path, "w") as archive:
...     archive.writestr("a.fits", b"SIMPLE  =")
>>> archive = open_archive(path)
>>> archive.names, archive.read("a.fits")
(('a.fits',), b'SIMPLE  =')
"""

from __future__ import annotations

import os
import posixpath
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO

from fitting.files.file_limits import DEFAULT_LIMITS, FileInvalid, ReadLimits

MOST_MEMBERS = 300_000
"""Files of an archive, at most: their names take some 100 MB; chosen by hand."""
ARCHIVES = "a zip, or a tar that is not compressed, of image files"
"""What is read as an archive."""
_LONGEST_NAME = 1000
"""Characters of a member's name, at most; chosen by hand."""
_TAIL = 65_557
"""Bytes at the end of a zip file within which its directory's end begins: 22, and the longest comment."""
_ENTRY = 160
"""Bytes of a zip file's directory for a file: 46, and names of some 100 characters."""
_TAR_MAGIC = 257
"""Bytes before the word ``ustar`` in a tar file (POSIX 1003.1)."""
_COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd")


@dataclass(frozen=True)
class _Member:
    """Where a file of an archive is: its size once inflated, and in the archive, and how its bytes are had."""

    size: int
    stored: int
    read: Callable[[], bytes]


@dataclass(frozen=True)
class Archive:
    """An archive of files; members are read under limits.

    Attributes:
        members: by name, in the order of the archive.
    """

    members: Mapping[str, _Member]

    @property
    def names(self) -> tuple[str, ...]:
        """Of all files, in the order of the archive."""
        return tuple(self.members)

    def read(self, name: str, limits: ReadLimits = DEFAULT_LIMITS) -> bytes:
        """The content of a file.

        Raises:
            FileInvalid: it is not there, damaged, or inflates beyond the limits.
        """
        member = self.members.get(name)
        if member is None:
            raise FileInvalid(f"holds no file {name!r}", expected="the name of one of its files")
        most = min(limits.bytes, max(limits.ratio_free, int(limits.ratio * member.stored)))
        if member.size > most:
            raise FileInvalid(f"inflates from {member.stored} bytes to {member.size}", name, f"at most {most} bytes")
        try:
            return member.read()
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
            raise FileInvalid(f"is damaged: {error}", name, "a file that can be read whole") from None


def is_archive(path: Path) -> bool:
    """Whether a file begins as an archive does; .npz files, which are zip too, count."""
    with path.open("rb") as file:
        start = file.read(_TAR_MAGIC + 5)
    return start.startswith((b"PK\x03\x04", b"PK\x05\x06")) or start[_TAR_MAGIC:] == b"ustar"


def open_archive(path: Path) -> Archive:
    """The archive at a path; the same one while the file stays as it is, so that it is read through once.

    Raises:
        FileInvalid: it is none, damaged, compressed as a whole, has more than `MOST_MEMBERS` files, a name twice, or a
            name that leads out of it.
    """
    try:
        state = path.stat()
    except OSError as error:
        raise FileInvalid(f"cannot be read: {error.strerror or error}", expected=ARCHIVES) from None
    return _opened(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=4)
def _opened(path: Path, _: int, size: int) -> Archive:
    try:
        file = path.open("rb")
        start = file.read(_TAR_MAGIC + 5)
        if start.startswith(b"PK"):
            return Archive(_zip_members(file, size))
        if start[_TAR_MAGIC:] == b"ustar":
            return Archive(_tar_members(path, file, size))
    except (zipfile.BadZipFile, tarfile.TarError, struct.error, EOFError, ValueError) as error:
        if isinstance(error, FileInvalid):
            raise
        raise FileInvalid(f"is a damaged archive: {error}", expected=ARCHIVES) from None
    except OSError as error:
        raise FileInvalid(f"cannot be read: {error.strerror or error}", expected=ARCHIVES) from None
    if start.startswith(_COMPRESSED):
        message = "is compressed as a whole, so that no file in it can be read without all before it"
        raise FileInvalid(message, expected="the same tar uncompressed (its files may be .fits.gz), or a zip")
    raise FileInvalid("is no archive", expected=ARCHIVES)


def _zip_members(file: IO[bytes], size: int) -> dict[str, _Member]:
    _require_few(_zip_count(file, size))
    file.seek(0)
    archive = zipfile.ZipFile(file)
    members: dict[str, _Member] = {}
    _require_few(len(archive.infolist()))
    for info in archive.infolist():
        if info.is_dir():
            continue
        if info.flag_bits & 1:
            raise FileInvalid("is encrypted", info.filename, ARCHIVES)
        _put(members, info.filename, _Member(info.file_size, info.compress_size, _of_zip(archive, info)))
    return members


def _of_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        with archive.open(info) as member:
            content = member.read(info.file_size + 1)  # no more than the directory says, whatever the data are
        if len(content) != info.file_size:
            raise EOFError(f"{len(content)} bytes in the place of {info.file_size}")
        return content

    return read


def _zip_count(file: IO[bytes], size: int) -> int:
    """Members that the end of a zip file speaks of; read before the directory is, which would take the memory."""
    file.seek(max(size - _TAIL, 0))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0:
        raise FileInvalid("is a truncated zip file", expected="the whole file")
    count = int(struct.unpack_from("<H", tail, at + 10)[0])
    length = int(struct.unpack_from("<I", tail, at + 12)[0])
    large = tail.rfind(b"PK\x06\x06", 0, at)
    if count == 0xFFFF and large >= 0:
        count = int(struct.unpack_from("<Q", tail, large + 32)[0])
        length = int(struct.unpack_from("<Q", tail, large + 40)[0])
    return max(count, length // _ENTRY)  # whatever count it has, the directory is read to its length


def _tar_members(path: Path, file: IO[bytes], size: int) -> dict[str, _Member]:
    members: dict[str, _Member] = {}
    with tarfile.open(path, mode="r:") as archive:
        seen = 0
        for info in archive:
            seen += 1
            _require_few(seen)
            vars(archive).update(members=[])  # tarfile keeps all that it has seen
            if not info.isreg():
                if info.issym() or info.islnk():
                    _check_name(info.name)
                continue
            if info.sparse is not None:
                raise FileInvalid("is sparse", info.name, ARCHIVES)
            if info.offset_data + info.size > size:
                raise FileInvalid("is a truncated tar file", expected="the whole file")
            _put(members, info.name, _Member(info.size, info.size, _of_tar(file, info.offset_data, info.size)))
    return members


def _of_tar(file: IO[bytes], offset: int, size: int) -> Callable[[], bytes]:
    def read() -> bytes:
        content = os.pread(file.fileno(), size, offset)  # the handle is shared by forks
        if len(content) != size:
            raise EOFError(f"{len(content)} bytes in the place of {size}")
        return content

    return read


def _put(members: dict[str, _Member], name: str, member: _Member) -> None:
    _check_name(name)
    plain = posixpath.normpath(name)
    if plain in members:
        raise FileInvalid(f"holds {plain[:100]!r} twice", expected="each file once")
    members[plain] = member


def _check_name(name: str) -> None:
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or (parts[0].endswith(":") and len(parts) > 1):
        raise FileInvalid(f"holds {name[:100]!r}, which leads out of it", expected="names below the archive itself")
    if not name or len(name) > _LONGEST_NAME or "\0" in name:
        raise FileInvalid(f"holds a file called {name[:100]!r}", expected=f"names of 1 to {_LONGEST_NAME} characters")


def _require_few(count: int) -> None:
    if count > MOST_MEMBERS:
        raise FileInvalid(f"holds more than {MOST_MEMBERS} files", expected="several catalogues, or a cube")
