"""Recorded files: the blobs that records name, each with the size and hash that it has to have.

    for file in recorded_files(engine, blobs):
        fault = file.fault(blobs)          # None, or what is wrong, in words

What a backup has to hold and a check looks at. What a running fit keeps for its next attempt is not among them: nothing
is lost with it but time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Select, select, tuple_
from sqlalchemy.orm import Session

from jobs.lifecycle.catalogues import objects_key
from jobs.lifecycle.outcomes import has_result
from jobs.storage.blobs import BlobStore, result_folder
from jobs.storage.schema import FINAL_STATES, CatalogueRecord, FitRecord, UploadRecord
from jobs.storage.stored_files import GONE, fault_of
from jobs.storage.uploads import blob_key

_AT_ONCE = 500
"""Rows that are fetched at once. Chosen by hand: some of them are long."""


@dataclass(frozen=True)
class RecordedFile:
    """A blob that a record names. Size (bytes) and hash are None for results of fits from before records knew them.

    Attributes:
        owner: whose the record is.
        record: id of the upload or fit.
        name: what the file is to its owner: of an upload its name, of a fit the file's name in the result.
    """

    key: str
    size: int | None
    sha256: str | None
    owner: str
    record: str
    name: str

    @property
    def is_upload(self) -> bool:
        """Whether it is an upload's."""
        return self.key.startswith("uploads/")

    @property
    def is_table(self) -> bool:
        """Whether it is the table of a catalogue's objects; what is neither is a result's."""
        return self.key.startswith("catalogues/")

    def fault(self, blobs: BlobStore) -> str | None:
        """What is wrong with the blob, or None. Raises StorageTrouble."""
        if self.size is None or self.sha256 is None:
            return GONE if blobs.size(self.key) is None else None
        return fault_of(blobs, self.key, {"size": self.size, "sha256": self.sha256})


def recorded_files(engine: Engine, blobs: BlobStore) -> Iterator[RecordedFile]:
    """Each blob that the records name: once for all uploads of the same bytes, then those of results.

    `blobs` is asked alone for the files of fits from before records knew them. No transaction is open in between, so
    that whoever takes long over a file holds up nobody.
    """
    last = ""
    for upload in _pages(engine, _next_uploads):
        if upload.sha256 != last:
            last = upload.sha256
            key = blob_key(upload.sha256)
            yield RecordedFile(key, upload.size, upload.sha256, upload.owner, upload.id, upload.filename)
    for table in _pages(engine, _next_catalogues):
        if table.objects_file:
            size, sha256 = table.objects_file["size"], table.objects_file["sha256"]
            yield RecordedFile(objects_key(table.id), size, sha256, table.owner, table.id, "objects.parquet")
    for fit in _pages(engine, _next_fits):
        folder = result_folder(fit.id, fit.attempt)
        for name, known in sorted((fit.result_files or {}).items()):
            yield RecordedFile(f"{folder}/{name}", known["size"], known["sha256"], fit.owner, fit.id, name)
        if not fit.result_files and has_result(fit.state, fit.error, fit.result_bytes):
            for key in blobs.keys(folder):
                name = key.removeprefix(f"{folder}/")
                if not name.startswith("live/"):
                    yield RecordedFile(key, None, None, fit.owner, fit.id, name)


def is_named(engine: Engine, file: RecordedFile) -> bool:
    """Whether a record still names a file, which its owner may have deleted."""
    with Session(engine) as session:
        if file.is_upload:
            query = select(UploadRecord.id).where(UploadRecord.sha256 == file.sha256)
        elif file.is_table:
            query = select(CatalogueRecord.id).where(CatalogueRecord.id == file.record)
        else:
            query = select(FitRecord.id).where(FitRecord.id == file.record)
        return session.scalar(query.limit(1)) is not None


def _pages(engine: Engine, query: Callable[[Any], Select[*tuple[Any, ...]]]) -> Iterator[Any]:
    """The rows of a query that asks for those after a row, or for the first after None."""
    row = None
    while True:
        with Session(engine) as session:
            rows = session.execute(query(row).limit(_AT_ONCE)).all()
        yield from rows
        if len(rows) < _AT_ONCE:
            return
        row = rows[-1]


def _next_uploads(last: Any) -> Select[*tuple[Any, ...]]:
    columns = (UploadRecord.id, UploadRecord.owner, UploadRecord.sha256, UploadRecord.size, UploadRecord.filename)
    query = select(*columns).order_by(UploadRecord.sha256, UploadRecord.id)
    if last is not None:
        query = query.where(tuple_(UploadRecord.sha256, UploadRecord.id) > tuple_(last.sha256, last.id))
    return query


def _next_catalogues(last: Any) -> Select[*tuple[Any, ...]]:
    query = select(CatalogueRecord.id, CatalogueRecord.owner, CatalogueRecord.objects_file)
    query = query.order_by(CatalogueRecord.id)
    return query if last is None else query.where(CatalogueRecord.id > last.id)


def _next_fits(last: Any) -> Select[*tuple[Any, ...]]:
    columns = (FitRecord.id, FitRecord.owner, FitRecord.attempt, FitRecord.result_files)
    ended = (FitRecord.state, FitRecord.error, FitRecord.result_bytes)
    query = select(*columns, *ended).where(FitRecord.state.in_(sorted(FINAL_STATES))).order_by(FitRecord.id)
    return query if last is None else query.where(FitRecord.id > last.id)
