"""Blobs in an object store, through obstore: S3 and what speaks its language, Google Cloud Storage, Azure."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import GenericError, JoinError, PermissionDeniedError, UnauthenticatedError
from obstore.store import from_url

from jobs.faults import StorageTrouble
from jobs.storage.blob_keys import BlobMissing, checked_key

if TYPE_CHECKING:
    from obstore import GetOptions

_PASSING = (GenericError, JoinError, PermissionDeniedError, UnauthenticatedError, OSError)
"""What may be over next time: a store that is away, slow or asked too often (503, some answer 403), credentials that
are being renewed. What obstore has beside them says that a call is wrong."""


class ObjectBlobs:
    """Blobs as objects below a URL; see `jobs.storage.blobs.BlobStore` for what each method promises.

    Credentials, region and endpoint come from the store's usual environment variables (AWS_ACCESS_KEY_ID, AWS_REGION,
    AWS_ENDPOINT_URL, AWS_ALLOW_HTTP …).
    """

    def __init__(self, url: str) -> None:
        self._store = from_url(url)

    def put_file(self, key: str, path: Path) -> None:
        """Upload, in parts where the file is large."""
        with _trouble():
            obstore.put(self._store, checked_key(key), path)

    def read(self, key: str, start: int = 0, stop: int | None = None) -> bytes:
        """See `BlobStore`."""
        return b"".join(self.chunks(key, start, stop))

    def chunks(self, key: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """See `BlobStore`."""
        with _trouble(), _missing(key):
            for chunk in obstore.get(self._store, checked_key(key), options=_part(start, stop)):
                yield bytes(chunk)

    def size(self, key: str) -> int | None:
        """See `BlobStore`."""
        with _trouble():
            try:
                return int(obstore.head(self._store, checked_key(key))["size"])
            except FileNotFoundError:
                return None

    @contextmanager
    def local(self, key: str) -> Iterator[Path]:
        """A temporary copy."""
        with tempfile.NamedTemporaryFile(prefix="photfit-blob-") as file:
            with _trouble():  # with the copy, too: this machine's disk may be full
                for chunk in self.chunks(key):
                    file.write(chunk)
                file.flush()
            yield Path(file.name)

    def keys(self, prefix: str) -> list[str]:
        """See `BlobStore`."""
        with _trouble():
            pages = obstore.list(self._store, prefix=f"{checked_key(prefix)}/")
            return sorted(item["path"] for page in pages for item in page)

    def delete(self, key: str) -> None:
        """See `BlobStore`."""
        with _trouble():
            try:
                obstore.delete(self._store, checked_key(key))
            except FileNotFoundError:
                return

    def check(self) -> None:
        """Raise StorageTrouble where the store does not answer."""
        with _trouble():
            next(iter(obstore.list(self._store, prefix="uploads/", chunk_size=1)), None)


def _part(start: int, stop: int | None) -> GetOptions:
    """What is asked of a store for a part of an object; the whole one is asked for as such, since it may be empty."""
    if stop is None:
        return {"range": {"offset": start}} if start else {}
    return {"range": (start, stop)}


@contextmanager
def _trouble() -> Iterator[None]:
    """Turn the store's words for what may be over next time into ours."""
    try:
        yield
    except _PASSING as error:
        raise StorageTrouble(f"the object store does not answer: {error}") from error


@contextmanager
def _missing(key: str) -> Iterator[None]:
    """Turn the store's own word for "no such object" into ours."""
    try:
        yield
    except FileNotFoundError as error:
        raise BlobMissing(key) from error
