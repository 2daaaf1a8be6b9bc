"""Files of uploads and results: a folder by default, an object store by URL.

Every method of a store but where it says otherwise raises `jobs.faults.StorageTrouble` while the store cannot do it.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from jobs.faults import StorageTrouble
from jobs.storage.blob_keys import BlobMissing, checked_key
from jobs.storage.object_blobs import ObjectBlobs

__all__ = ["BlobMissing", "BlobStore", "FolderBlobs", "StorageTrouble", "open_blobs"]

_CHUNK = 1 << 20
_NO_FILE = (FileNotFoundError, NotADirectoryError)
"""The second where a part of the key that should be a folder is a blob."""


class BlobStore(Protocol):
    """Immutable files by key, such as ``fits/fit_…/1/parameters.json``."""

    def put_file(self, key: str, path: Path) -> None:
        """Store the file at `path`; visible whole or not at all. The same key again replaces it."""
        ...

    def read(self, key: str, start: int = 0, stop: int | None = None) -> bytes:
        """Bytes of a blob from `start` to before `stop`; raises BlobMissing."""
        ...

    def chunks(self, key: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The same piece by piece; raises BlobMissing."""
        ...

    def size(self, key: str) -> int | None:
        """Bytes in a blob, or None where there is none."""
        ...

    @contextmanager
    def local(self, key: str) -> Iterator[Path]:
        """A path where the blob can be read while the context lasts; raises BlobMissing."""
        ...

    def keys(self, prefix: str) -> list[str]:
        """Keys that begin with the folder `prefix`, sorted."""
        ...

    def delete(self, key: str) -> None:
        """Remove a blob; none is fine."""
        ...

    def check(self) -> None:
        """Raise StorageTrouble where nothing can be stored."""
        ...


def open_blobs(location: str) -> BlobStore:
    """The store at a folder or URL (``s3://bucket/prefix``, ``gs://…``, ``az://…``; credentials from their usual
    places).
    """
    if "://" in location and not location.startswith("file://"):
        return ObjectBlobs(location)
    return FolderBlobs(Path(location.removeprefix("file://")))


class FolderBlobs:
    """Blobs as files under one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()

    def _path(self, key: str) -> Path:
        return self.folder / checked_key(key)

    def _open(self, key: str) -> IO[bytes]:
        try:
            return self._path(key).open("rb")
        except _NO_FILE as error:
            raise BlobMissing(key) from error

    def put_file(self, key: str, path: Path) -> None:
        """Copy under a temporary name, sync, rename, sync the folder: after a crash the blob is whole or absent."""
        target = self._path(key)
        with path.open("rb") as source, _trouble():
            target.parent.mkdir(parents=True, exist_ok=True)
            descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=".putting-")
            try:
                with os.fdopen(descriptor, "wb") as copy:
                    shutil.copyfileobj(source, copy, _CHUNK)
                    copy.flush()
                    os.fsync(copy.fileno())
                os.replace(temporary, target)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
            _sync_folder(target.parent)

    def read(self, key: str, start: int = 0, stop: int | None = None) -> bytes:
        """See `BlobStore`."""
        with _trouble(), self._open(key) as file:
            file.seek(start)
            return file.read(-1 if stop is None else max(stop - start, 0))

    def chunks(self, key: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """See `BlobStore`."""
        with _trouble(), self._open(key) as file:
            file.seek(start)
            while chunk := file.read(_CHUNK if stop is None else max(min(_CHUNK, stop - file.tell()), 0)):
                yield chunk

    def size(self, key: str) -> int | None:
        """See `BlobStore`."""
        with _trouble():
            try:
                return self._path(key).stat().st_size
            except _NO_FILE:
                return None

    @contextmanager
    def local(self, key: str) -> Iterator[Path]:
        """The blob's own path: nothing is copied."""
        path = self._path(key)
        with _trouble():
            there = path.is_file()
        if not there:
            raise BlobMissing(key)
        yield path

    def keys(self, prefix: str) -> list[str]:
        """See `BlobStore`."""
        # Unlike `rglob`, `walk` does not mind that a folder vanishes meanwhile.
        walk = os.walk(self._path(prefix))
        files = (Path(folder) / name for folder, _, names in walk for name in names if not name.startswith("."))
        return sorted(str(path.relative_to(self.folder)) for path in files)

    def delete(self, key: str) -> None:
        """Remove the file, and its folder where that was the last one."""
        path = self._path(key)
        with _trouble():
            path.unlink(missing_ok=True)
        for parent in path.parents:
            if parent == self.folder:
                break
            try:
                parent.rmdir()
            except OSError:
                break

    def check(self) -> None:
        """See `BlobStore`."""
        with _trouble():
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.folder) as file:
                file.write(b"x")


@contextmanager
def _trouble() -> Iterator[None]:
    """Turn the file system's refusals into ours: a disk that is full, or gone, may be back."""
    try:
        yield
    except OSError as error:
        raise StorageTrouble(f"the folder of files does not answer: {error}") from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
