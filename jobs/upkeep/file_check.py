"""File check: whether every blob that a record names is there and as it was stored, and what no record names.

    for damaged in damaged_files(engine, blobs):
        mended = mend(damaged, blobs, aside=Path("photfit-data/damaged"), backup=None)

What can be mended: a file of which a backup has the right bytes is put back. Else the damaged bytes are put aside, so
that nobody takes them for good and the same upload again mends it; a result then is gone, and its fit can be run again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import Engine

from jobs.storage.blobs import BlobMissing, BlobStore
from jobs.storage.stored_files import GONE
from jobs.upkeep.recorded_files import RecordedFile, is_named, recorded_files

Mended = Literal["put back", "put aside", "nothing"]
"""What became of a damaged file: the right bytes are there again, the wrong ones are elsewhere, or it stays missing."""


@dataclass(frozen=True)
class DamagedFile:
    """A file that a record names, and what is wrong with it, in words."""

    file: RecordedFile
    fault: str

    def sentence(self) -> str:
        """Which file it is, and what is wrong."""
        kind = "upload" if self.file.is_upload else "fit"
        return f"{self.file.name} of the {kind} {self.file.record} {self.fault}"


def damaged_files(engine: Engine, blobs: BlobStore) -> Iterator[DamagedFile]:
    """The files that are not as their records say; every byte is read. Raises StorageTrouble, DatabaseAway.

    One that is deleted while this looks is none of them.
    """
    for file in recorded_files(engine, blobs):
        fault = file.fault(blobs)
        if fault is not None and is_named(engine, file):
            yield DamagedFile(file, fault)


def mend(damaged: DamagedFile, blobs: BlobStore, aside: Path, backup: BlobStore | None) -> Mended:
    """Put a file back from a backup's files, or its wrong bytes below the folder `aside`. Raises StorageTrouble."""
    file = damaged.file
    if backup is not None and file.size is not None and file.fault(backup) is None:
        with backup.local(file.key) as path:
            blobs.put_file(file.key, path)
        return "put back"
    if damaged.fault == GONE:
        return "nothing"
    target = aside / file.key
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with target.open("wb") as copy:
            for chunk in blobs.chunks(file.key):
                copy.write(chunk)
    except BlobMissing:
        return "nothing"
    blobs.delete(file.key)
    return "put aside"
