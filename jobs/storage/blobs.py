"""Blobs: the files of uploads and results by key, in a folder by default or in an object store by URL.

    uploads/ab/cd/<sha256>                     an upload's bytes (`jobs.storage.uploads.blob_key`)
    fits/<id>/<attempt>/parameters.json …      an attempt's results (`result_folder`)
    fits/<id>/<attempt>/live/residual-0.png    what there is to look at while it runs (`live_residual`)
    fits/<id>/checkpoints/stage-1/…            what its next attempt goes on from (`checkpoint_folder`)

    blobs = open_blobs("photfit-data/blobs")          # or "s3://bucket/prefix"
    blobs.put_file("fits/fit_01k9/1/log.txt", path)   # whole or not at all
    blobs.read("fits/fit_01k9/1/log.txt")

Every method of a store but where it says otherwise raises `jobs.faults.StorageTrouble` while the store cannot do it.
Why stores are spoken to through obstore: docs/decisions/0003-object-store.md.
"""

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

import obstore
from obstore.exceptions import GenericError, JoinError, PermissionDeniedError, UnauthenticatedError
from obstore.store import from_url

from jobs.faults import DiskFull, StorageTrouble
from jobs.storage.scratch import locked

if TYPE_CHECKING:
    from obstore import GetOptions
    from obstore.store import RetryConfig

__all__ = [
    "BlobMissing",
    "BlobStore",
    "FolderBlobs",
    "ObjectBlobs",
    "StorageTrouble",
    "checked_key",
    "checkpoint_folder",
    "live_folder",
    "live_residual",
    "open_blobs",
    "result_folder",
]

_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,254}\Z")
"""A part of a key. 255 characters: what file systems take as a name."""
_CHUNK = 1 << 20
"""Bytes that are copied or sent at once. Chosen by hand: large enough that calls cost nothing, small enough to hold."""
_TRIES_AGAINST_DELETION = 1000
"""How often a folder is made anew that somebody removes at the same moment. Chosen by hand: once is
rare, and some tens are when two others do nothing else."""
_PUTTING = ".putting-"
"""What names of files begin with that are being stored; no key does."""
_NO_FILE = (FileNotFoundError, NotADirectoryError)
"""The second where a part of the key that should be a folder is a blob."""
_PASSING_IN_STORES = (GenericError, JoinError, PermissionDeniedError, UnauthenticatedError, OSError)
"""What may be over next time: a store that is away, slow or asked too often (503, some answer 403), credentials that
are being renewed. What obstore has beside them says that a call is wrong."""


_RETRIES: "RetryConfig" = {"max_retries": 5, "retry_timeout": timedelta(seconds=20)}
"""How often, and for how long, a store that refuses is asked again before that is trouble: 3 s with obstore's pauses,
and never after 20 s. Chosen by hand: whoever waits for an answer is told sooner (obstore's own is 180 s), and who can
wait, as a fit, comes again later."""


class BlobMissing(KeyError):
    """No blob has this key."""


def checked_key(key: str) -> str:
    """The key, where each part of it is a plain name; raises ValueError. No key leads out of the store."""
    if not all(_SEGMENT.match(segment) for segment in key.split("/")):
        raise ValueError(f"{key!r} is not a key of a blob")
    return key


def result_folder(fit_id: str, attempt: int) -> str:
    """Key prefix of one attempt's results."""
    return f"fits/{fit_id}/{attempt}"


def live_folder(fit_id: str, attempt: int) -> str:
    """Key prefix of what is there to look at while an attempt runs."""
    return f"{result_folder(fit_id, attempt)}/live"


def live_residual(fit_id: str, attempt: int, image: int) -> str:
    """Key of the residual's picture while an attempt runs; `image` is a place in the request, from 0."""
    return f"{live_folder(fit_id, attempt)}/residual-{image}.png"


def checkpoint_folder(fit_id: str) -> str:
    """Key prefix of what a running fit keeps for its next attempt."""
    return f"fits/{fit_id}/checkpoints"


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

    def stamp(self, key: str) -> str | None:
        """What is another whenever somebody writes the blob anew, or None where there is none."""
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

    def litter(self) -> list[Path]:
        """Files in the store that are no blobs: left by processes that were killed while they stored."""
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
        with path.open("rb") as source, _folder_trouble():
            descriptor, temporary = self._new_file(target.parent)
            try:
                with os.fdopen(descriptor, "wb") as copy, locked(Path(temporary)):
                    shutil.copyfileobj(source, copy, _CHUNK)
                    copy.flush()
                    os.fsync(copy.fileno())
                os.replace(temporary, target)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
            with suppress(FileNotFoundError):  # it has been deleted again already
                _sync_folder(target.parent)

    @staticmethod
    def _new_file(folder: Path) -> tuple[int, str]:
        """A new temporary file in a folder, which is made if need be; once it is there, `delete` leaves the folder."""
        for _ in range(_TRIES_AGAINST_DELETION):
            with suppress(FileNotFoundError, FileExistsError):  # somebody deletes the folder's last blob just now
                folder.mkdir(parents=True, exist_ok=True)
                return tempfile.mkstemp(dir=folder, prefix=_PUTTING)
        folder.mkdir(parents=True, exist_ok=True)
        return tempfile.mkstemp(dir=folder, prefix=_PUTTING)

    def read(self, key: str, start: int = 0, stop: int | None = None) -> bytes:
        """See `BlobStore`."""
        with _folder_trouble(), self._open(key) as file:
            file.seek(start)
            return file.read(-1 if stop is None else max(stop - start, 0))

    def chunks(self, key: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """See `BlobStore`."""
        with _folder_trouble(), self._open(key) as file:
            file.seek(start)
            while chunk := file.read(_CHUNK if stop is None else max(min(_CHUNK, stop - file.tell()), 0)):
                yield chunk

    def size(self, key: str) -> int | None:
        """See `BlobStore`."""
        with _folder_trouble():
            try:
                return self._path(key).stat().st_size
            except _NO_FILE:
                return None

    def stamp(self, key: str) -> str | None:
        """See `BlobStore`."""
        with _folder_trouble():
            try:
                found = self._path(key).stat()
            except _NO_FILE:
                return None
        return f"{found.st_size}-{found.st_mtime_ns}-{found.st_ino}"

    @contextmanager
    def local(self, key: str) -> Iterator[Path]:
        """The blob's own path: nothing is copied."""
        path = self._path(key)
        with _folder_trouble():
            there = path.is_file()
        if not there:
            raise BlobMissing(key)
        yield path

    def keys(self, prefix: str) -> list[str]:
        """See `BlobStore`."""
        # Unlike `rglob`, `walk` does not mind that a folder vanishes meanwhile; what else it meets is trouble.
        walk = os.walk(self._path(prefix), onerror=_unless_vanished)
        files = (Path(folder) / name for folder, _, names in walk for name in names if not name.startswith("."))
        with _folder_trouble():
            return sorted(str(path.relative_to(self.folder)) for path in files)

    def delete(self, key: str) -> None:
        """Remove the file, and its folder where that was the last one."""
        path = self._path(key)
        with _folder_trouble():
            path.unlink(missing_ok=True)
        for parent in path.parents:
            if parent == self.folder:
                break
            try:
                parent.rmdir()
            except OSError:
                break

    def litter(self) -> list[Path]:
        """See `BlobStore`; whoever still stores has its file locked (`jobs.storage.scratch.remove_unlocked`)."""
        walk = os.walk(self.folder)
        return sorted(Path(folder) / name for folder, _, names in walk for name in names if name.startswith("."))

    def check(self) -> None:
        """See `BlobStore`."""
        with _folder_trouble():
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.folder) as file:
                file.write(b"x")


def _unless_vanished(error: OSError) -> None:
    if not isinstance(error, _NO_FILE):
        raise error


@contextmanager
def _folder_trouble() -> Iterator[None]:
    """Turn the file system's refusals into ours: a disk that is full, or gone, may be back."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        trouble = DiskFull if full else StorageTrouble
        raise trouble(f"the folder of files does not answer: {error}") from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class ObjectBlobs:
    """Blobs as objects below a URL; see `BlobStore` for what each method promises.

    Credentials, region and endpoint come from the store's usual environment variables (AWS_ACCESS_KEY_ID, AWS_REGION,
    AWS_ENDPOINT_URL, AWS_ALLOW_HTTP …).
    """

    def __init__(self, url: str) -> None:
        self._store = from_url(url, retry_config=_RETRIES)

    def put_file(self, key: str, path: Path) -> None:
        """Upload, in parts where the file is large."""
        with _store_trouble():
            obstore.put(self._store, checked_key(key), path)

    def read(self, key: str, start: int = 0, stop: int | None = None) -> bytes:
        """See `BlobStore`."""
        return b"".join(self.chunks(key, start, stop))

    def chunks(self, key: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """See `BlobStore`."""
        with _store_trouble():
            try:
                for chunk in obstore.get(self._store, checked_key(key), options=_part(start, stop)):
                    yield bytes(chunk)
            except FileNotFoundError as error:
                raise BlobMissing(key) from error

    def size(self, key: str) -> int | None:
        """See `BlobStore`."""
        with _store_trouble():
            try:
                return int(obstore.head(self._store, checked_key(key))["size"])
            except FileNotFoundError:
                return None

    def stamp(self, key: str) -> str | None:
        """See `BlobStore`."""
        with _store_trouble():
            try:
                found = obstore.head(self._store, checked_key(key))
            except FileNotFoundError:
                return None
        return f"{found['size']}-{found['last_modified']}-{found['e_tag']}"

    @contextmanager
    def local(self, key: str) -> Iterator[Path]:
        """A temporary copy."""
        with tempfile.NamedTemporaryFile(prefix="photfit-blob-") as file:
            with _store_trouble():  # with the copy, too: this machine's disk may be full
                for chunk in self.chunks(key):
                    file.write(chunk)
                file.flush()
            yield Path(file.name)

    def keys(self, prefix: str) -> list[str]:
        """See `BlobStore`."""
        with _store_trouble():
            pages = obstore.list(self._store, prefix=f"{checked_key(prefix)}/")
            return sorted(item["path"] for page in pages for item in page)

    def delete(self, key: str) -> None:
        """See `BlobStore`."""
        with _store_trouble():
            try:
                obstore.delete(self._store, checked_key(key))
            except FileNotFoundError:
                return

    def litter(self) -> list[Path]:
        """None: an upload in parts that was broken off is for the store's own rules of expiry."""
        return []

    def check(self) -> None:
        """Raise StorageTrouble where the store does not answer."""
        with _store_trouble():
            next(iter(obstore.list(self._store, prefix="uploads/", chunk_size=1)), None)


def _part(start: int, stop: int | None) -> "GetOptions":
    """What is asked of a store for a part of an object; the whole one is asked for as such, since it may be empty."""
    if stop is None:
        return {"range": {"offset": start}} if start else {}
    return {"range": (start, stop)}


@contextmanager
def _store_trouble() -> Iterator[None]:
    """Turn the store's words for what may be over next time into ours."""
    try:
        yield
    except _PASSING_IN_STORES as error:
        sentence = str(error).partition("\n\nDebug source")[
            0
        ]  # after it comes the library's own state, many lines of it
        raise StorageTrouble(f"the object store does not answer: {sentence}") from error
