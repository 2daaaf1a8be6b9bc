"""Backups of a service whose database is SQLite: database and files in one folder, made while the service runs.

    backup.json        when, by which version, tables of which version, how many files, what could not be kept
    photfit.sqlite     the database as it was at one moment (SQLite's online backup)
    files.sha256       hash and path of each file, as `sha256sum --check` reads them
    blobs/…            uploads and results, by their keys

    summary = make_backup(engine, blobs, Path("backup"), "1.2.3")
    restore_backup(Path("backup"), database=Path("photfit-data/photfit.sqlite"), blobs=blobs)

Files are copied first and what is new since then after the database, so that the moment in which a file could be
deleted between the two is short; what is deleted in it is taken out of the copied database, too. `backup.json` comes
last: a folder without one holds no whole backup. PostgreSQL has backups of its own
(docs/how-to/back-up-and-restore.md).
"""

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL, Engine, create_engine, delete, select

from jobs.storage.blobs import BlobMissing, BlobStore
from jobs.storage.database import refuse_newer, revisions
from jobs.storage.schema import CatalogueRecord, FitRecord, PartRecord, UploadRecord
from jobs.storage.stored_files import GONE, fault_of, sha256_of
from jobs.upkeep.recorded_files import RecordedFile, is_named, recorded_files

_FORMAT = 1
"""Version of the folder's layout."""
_DATABASE, _HASHES, _SUMMARY, _BLOBS = "photfit.sqlite", "files.sha256", "backup.json", "blobs"


class NoBackup(Exception):
    """A folder is no whole backup; the sentence says why."""


@dataclass(frozen=True)
class BackupSummary:
    """What a backup holds; `bytes` without the database, `faults` a sentence for each file that could not be kept."""

    made_at: str
    program: str
    tables: str
    files: int
    bytes: int
    faults: list[str]
    format: int = _FORMAT


def make_backup(engine: Engine, blobs: BlobStore, folder: Path, program: str) -> BackupSummary:
    """Write a backup to an empty folder, which is made if it is not there; the service may run.

    Args:
        engine: of a SQLite database.
        program: version of photfit, for who reads the summary.

    Raises StorageTrouble, DatabaseAway, and OSError where `folder` takes no files.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    copies = _Copies(blobs, folder)
    for file in recorded_files(engine, blobs):
        copies.keep(file)
    copies.faults.clear()  # what was deleted, or mended, meanwhile is looked at again
    _copy_database(engine, folder / _DATABASE)
    with _opened(folder / _DATABASE) as snapshot:
        for file in recorded_files(snapshot, blobs):
            if not copies.keep(file):
                _forget_meanwhile(engine, snapshot, file)
        named = {file.key for file in recorded_files(snapshot, blobs)}  # of what was forgotten, the rest goes as well
        tables = revisions(snapshot)[0] or "none"
        with snapshot.connect() as connection:
            connection.exec_driver_sql("vacuum")
    faults = [fault for key, fault in copies.faults.items() if key in named]
    kept = {key: held for key, held in copies.held.items() if key in named}
    for key in copies.held.keys() - kept.keys():
        (folder / _BLOBS / key).unlink()
    hashes = {_DATABASE: sha256_of(folder / _DATABASE)} | {f"{_BLOBS}/{key}": held[0] for key, held in kept.items()}
    (folder / _HASHES).write_text("".join(f"{sha256}  {name}\n" for name, sha256 in sorted(hashes.items())))
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    summary = BackupSummary(made_at, program, tables, len(kept), sum(size for _, size in kept.values()), faults)
    os.sync()
    (folder / _SUMMARY).write_text(json.dumps(asdict(summary), indent=1) + "\n")
    os.sync()
    return summary


class _Copies:
    """Copies of blobs in a backup: hash and bytes of each by key, and what is wrong with those that are not there."""

    def __init__(self, blobs: BlobStore, folder: Path) -> None:
        self._blobs, self._folder = blobs, folder / _BLOBS
        self.held: dict[str, tuple[str, int]] = {}
        self.faults: dict[str, str] = {}

    def keep(self, file: RecordedFile) -> bool:
        """Copy a blob, unless it is there; whether it is there whole and as it was stored."""
        if file.key in self.held:
            return True
        target = self._folder / file.key
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        digest, size = hashlib.sha256(), 0
        try:
            with target.open("wb") as copy:
                for chunk in self._blobs.chunks(file.key):
                    digest.update(chunk)
                    size += copy.write(chunk)
        except BlobMissing:
            target.unlink()
            return self._refuse(file, GONE)
        if file.sha256 not in (None, digest.hexdigest()):
            target.unlink()
            return self._refuse(file, "has other bytes than were stored")
        self.held[file.key] = (digest.hexdigest(), size)
        return True

    def _refuse(self, file: RecordedFile, fault: str) -> bool:
        self.faults[file.key] = f"{file.name} of {file.record} {fault}"
        return False


def _copy_database(engine: Engine, target: Path) -> None:
    """The database as it is at one moment, by SQLite's online backup in one step: nobody who writes has to wait."""
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with closing(engine.raw_connection()) as source, closing(sqlite3.connect(target)) as copy:
        driver = source.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.backup(copy)
        copy.execute("pragma journal_mode=delete")


def _forget_meanwhile(engine: Engine, snapshot: Engine, file: RecordedFile) -> None:
    """Where a file is gone because its records were deleted after the copy, take them out of the copy, too.

    Of a catalogue all goes: its table and each of its parts, in whatever state the copy has it.
    """
    if is_named(engine, file):
        return
    with snapshot.begin() as connection:
        if file.is_upload:
            connection.execute(delete(UploadRecord).where(UploadRecord.sha256 == file.sha256))
            return
        of_part = select(FitRecord.catalogue_id).where(FitRecord.id == file.record)
        catalogue = file.record if file.is_table else connection.scalar(of_part)
        if catalogue is None:
            connection.execute(delete(FitRecord).where(FitRecord.id == file.record))
            return
        connection.execute(delete(CatalogueRecord).where(CatalogueRecord.id == catalogue))
        connection.execute(delete(PartRecord).where(PartRecord.catalogue_id == catalogue))
        connection.execute(delete(FitRecord).where(FitRecord.catalogue_id == catalogue))


@contextmanager
def _opened(database: Path) -> Iterator[Engine]:
    """An engine on a database that nobody else has open."""
    engine = create_engine(URL.create("sqlite", database=str(database)))
    try:
        yield engine
    finally:
        engine.dispose()


def read_summary(folder: Path) -> BackupSummary:
    """What a backup says of itself. Raises NoBackup."""
    try:
        document = json.loads((folder / _SUMMARY).read_text())
        summary = BackupSummary(**document)
    except FileNotFoundError as error:
        raise NoBackup(
            f"{folder} holds no whole backup: there is no {_SUMMARY} in it, which `photfit admin backup` writes last"
        ) from error
    except TypeError as error:
        raise NoBackup(f"the backup's {folder / _SUMMARY} is no summary of a backup") from error
    except (OSError, ValueError) as error:
        raise NoBackup(f"the backup's {folder / _SUMMARY} cannot be read: {error}") from error
    if summary.format != _FORMAT:
        raise NoBackup(f"{folder} was made by a newer photfit ({summary.program}): restore it with that version")
    return summary


def verify_backup(folder: Path) -> dict[str, str]:
    """Hash of each file of a backup by its path in it, after all were held against it.

    Raises NoBackup, and NewerTables where this program does not know the database's tables.
    """
    read_summary(folder)
    hashes = {}
    try:
        for line in (folder / _HASHES).read_text().splitlines():
            sha256, _, name = line.partition("  ")
            if name != _DATABASE and (not name.startswith(f"{_BLOBS}/") or ".." in name.split("/")):
                raise NoBackup(f"the backup's {folder / _HASHES} names {name!r}, which is no part of a backup")
            hashes[name] = sha256
            if sha256_of(folder / name) != sha256:
                raise NoBackup(f"the backup's {folder / name} is not as it was written: nothing is restored")
    except (OSError, UnicodeDecodeError) as error:
        raise NoBackup(f"the backup's files cannot be read, and nothing is restored: {error}") from error
    if _DATABASE not in hashes:
        raise NoBackup(f"the backup's {folder / _HASHES} does not name the database: nothing is restored")
    with _opened(folder / _DATABASE) as snapshot, snapshot.connect() as connection:
        refuse_newer(connection)
    return hashes


def restore_backup(folder: Path, database: Path, blobs: BlobStore) -> Path | None:
    """Put a backup in the place of what a service has; no process of the service may run.

    All of the backup is verified before anything is written. Files come first, the database last. One that was there
    is put aside, and its new name returned; other files that were there stay, as orphans.

    Raises NoBackup, NewerTables, StorageTrouble, and OSError where the database's folder takes no files.
    """
    hashes = verify_backup(folder)
    for name, sha256 in hashes.items():
        key = name.removeprefix(f"{_BLOBS}/")
        known = {"size": (folder / name).stat().st_size, "sha256": sha256}
        if name != _DATABASE and fault_of(blobs, key, known) is not None:
            blobs.put_file(key, folder / name)
    database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = database.with_name(f"{database.name}.restoring")
    fresh.unlink(missing_ok=True)
    os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    shutil.copyfile(folder / _DATABASE, fresh)
    os.sync()
    aside = _put_aside(database)
    fresh.replace(database)
    os.sync()
    return aside


def _put_aside(database: Path) -> Path | None:
    """Give a database another name, with the files that SQLite has beside it; None where there is none."""
    if not database.exists():
        return None
    aside = database.with_name(f"{database.name}.replaced-{datetime.now(UTC):%Y%m%d-%H%M%S}")
    for suffix in ("-wal", "-shm", ""):
        beside = database.with_name(database.name + suffix)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + suffix))
    return aside
