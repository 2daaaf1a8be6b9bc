"""Temporary files: bytes on their way in, streamed and hashed, and files made to be sent; none is held in memory."""

import errno
import hashlib
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from starlette.concurrency import run_in_threadpool

from jobs.faults import DiskFull, StorageTrouble
from jobs.storage.scratch import RECEIVING, scratch_folder

_CHUNK = 1 << 20
"""Bytes written or read at once. Chosen by hand: large beside a turn in the thread pool, small beside memory."""


@dataclass(frozen=True)
class ReceivedFile:
    """A file that has come in whole. `filename` is what the sender calls it: shown, never used as a path."""

    path: Path
    filename: str
    sha256: str
    size: int


@dataclass(frozen=True)
class ConvertedFile:
    """A file that was made to be sent, without a name: it is gone when it has been read."""

    file: IO[bytes]
    size: int

    @classmethod
    def open_at(cls, path: Path) -> Self:
        """The file at a path that is about to go."""
        return cls(path.open("rb"), path.stat().st_size)

    def chunks(self) -> Iterator[bytes]:
        """The content piece by piece, once."""
        with closing(self.file) as file:
            while chunk := file.read(_CHUNK):
                yield chunk


@contextmanager
def temporary_folder(parent: Path) -> Iterator[Path]:
    """A folder below `parent` for the files of one request; goes with all that is in it. Raises StorageTrouble."""
    with ExitStack() as stack:
        with own_disk():
            folder = stack.enter_context(scratch_folder(parent, RECEIVING))
        yield folder


@contextmanager
def own_disk() -> Iterator[None]:
    """Turn what this machine's own disk refuses into passing trouble."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise (DiskFull if full else StorageTrouble)(f"this machine's own disk takes no files: {error}") from error


async def receive_file(chunks: AsyncIterator[bytes], folder: Path, filename: str) -> ReceivedFile:
    """Write `chunks` to a new file in `folder`. Disk and hash run beside the event loop, a mebibyte at a time."""
    with own_disk(), tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        path = Path(file.name)
        digest = hashlib.sha256()
        size = 0
        pending = bytearray()
        async for chunk in chunks:
            pending += chunk
            if len(pending) >= _CHUNK:
                size += await run_in_threadpool(_write, file.file, digest, pending)
                pending = bytearray()
        size += await run_in_threadpool(_write, file.file, digest, pending)
        await run_in_threadpool(file.file.flush)
    return ReceivedFile(path, filename, digest.hexdigest(), size)


def _write(file: IO[bytes], digest: "hashlib._Hash", chunk: bytearray) -> int:
    digest.update(chunk)
    return file.write(chunk)
