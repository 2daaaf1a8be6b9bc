"""`photfit admin backup` and `restore`: all that records name, as it was at one moment, and nothing else."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from jobs.accounts.accounts import add_user, find_user
from jobs.lifecycle import catalogues, transitions
from jobs.settings import Settings
from jobs.storage.blobs import BlobStore
from jobs.storage.database import connect
from jobs.storage.records import get_fit, get_fit_or_part
from jobs.storage.uploads import get_upload, remove_upload
from jobs.upkeep import backups
from jobs.upkeep.recorded_files import RecordedFile
from tests.photfit.service_folder import ServiceFolder
from tests.stores import s3

__all__ = ["s3"]


@pytest.fixture
def service(tmp_path: Path) -> ServiceFolder:
    return ServiceFolder(tmp_path / "data").migrated()


def restored(tmp_path: Path, name: str = "other") -> ServiceFolder:
    return ServiceFolder(tmp_path / name)


def test_a_service_comes_back_from_its_backup(service: ServiceFolder, tmp_path: Path) -> None:
    upload, key = service.upload(b"pixels")
    fit = service.fit({"parameters.json": b"{}", "images/0/model.fits": b"model"})
    old = service.fit({"parameters.json": b"[]"}, known=False)
    add_user(service.engine, "vera")
    made = service.run("backup", str(tmp_path / "backup"))
    assert made.exit_code == 0, made.output
    assert "4 files" in made.output

    shutil.rmtree(service.folder)
    other = restored(tmp_path)
    done = other.run("restore", str(tmp_path / "backup"))
    assert done.exit_code == 0, done.output
    assert get_upload(other.engine, "local", upload) is not None
    assert find_user(other.engine, "vera") is not None
    assert other.blobs.read(key) == b"pixels"
    assert other.blobs.read(f"fits/{fit}/1/images/0/model.fits") == b"model"
    assert other.blobs.read(f"fits/{old}/1/parameters.json") == b"[]"
    assert (other.folder / "photfit.sqlite").stat().st_mode & 0o077 == 0
    assert other.run("gc", "--dry-run").stdout.startswith("0 files")


def test_the_hashes_are_those_that_sha256sum_reads(service: ServiceFolder, tmp_path: Path) -> None:
    service.upload(b"pixels")
    service.run("backup", str(tmp_path / "backup"))
    check = ["sha256sum", "--check", "--strict", "files.sha256"]
    done = subprocess.run(check, cwd=tmp_path / "backup", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 2


def test_a_backup_holds_what_is_written_while_it_is_made(service: ServiceFolder, tmp_path: Path) -> None:
    """Whatever record the copied database has, its files are there: the writer never stops for the backup."""
    done = threading.Event()

    def write() -> None:
        number = 0
        while not done.is_set():
            number += 1
            service.fit({"parameters.json": b"%d" % number})
            upload, _ = service.upload(b"upload %d" % number)
            if number % 2:
                remove_upload(service.engine, "local", upload, service.blobs.delete)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(4):
            made = service.run("backup", str(tmp_path / f"backup-{number}"))
            assert made.exit_code == 0, made.output
    finally:
        done.set()
        writer.join()
    other = restored(tmp_path)
    assert other.run("restore", str(tmp_path / "backup-3")).exit_code == 0
    files = list(backups.recorded_files(other.engine, other.blobs))
    assert len(files) > 2
    assert [file for file in files if file.fault(other.blobs) is not None] == []


def test_what_comes_between_the_first_files_and_the_database_is_in_both(
    service: ServiceFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_database, made_between = backups._copy_database, []

    def later(*arguments: object) -> None:
        made_between.append(service.fit({"parameters.json": b"{}"}))
        copy_database(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(backups, "_copy_database", later)
    assert service.run("backup", str(tmp_path / "backup")).exit_code == 0
    other = restored(tmp_path)
    assert other.run("restore", str(tmp_path / "backup")).exit_code == 0
    assert other.blobs.read(f"fits/{made_between[0]}/1/parameters.json") == b"{}"


def test_what_is_deleted_between_database_and_files_is_in_neither(
    service: ServiceFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = service.fit({"parameters.json": b"{}"})
    upload, _ = service.upload(b"pixels")
    real, calls = backups.recorded_files, []

    def late(engine: object, blobs: BlobStore) -> Iterator[RecordedFile]:
        calls.append(engine)
        if len(calls) == 1:  # nothing is copied ahead; all is deleted once the database is copied
            return
        transitions.remove(service.engine, "local", fit)
        service.blobs.delete(f"fits/{fit}/1/parameters.json")
        remove_upload(service.engine, "local", upload, service.blobs.delete)
        yield from real(engine, blobs)  # type: ignore[arg-type]

    monkeypatch.setattr(backups, "recorded_files", late)
    made = service.run("backup", str(tmp_path / "backup"))
    assert made.exit_code == 0, made.output
    monkeypatch.undo()
    other = restored(tmp_path)
    assert other.run("restore", str(tmp_path / "backup")).exit_code == 0
    assert get_upload(other.engine, "local", upload) is None
    assert get_fit(other.engine, "local", fit) is None


def test_a_catalogue_that_is_deleted_while_it_is_backed_up_is_wholly_in_or_out(
    service: ServiceFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deleted as the second of its parts is to be copied: its table and its first part lie in the backup by then."""
    name, first, second = service.catalogue(2)
    kept, *_ = service.catalogue(1)
    real, deleted, files, calls = backups._Copies.keep, [], backups.recorded_files, []

    def late(engine: Engine, blobs: BlobStore) -> Iterator[RecordedFile]:
        calls.append(engine)
        if len(calls) > 1:  # nothing is copied ahead of the database
            yield from files(engine, blobs)

    def keep(copies: backups._Copies, file: RecordedFile) -> bool:
        if file.record == second and not deleted:
            deleted.extend(catalogues.remove(service.engine, "local", name) or [])
            for key in [*service.blobs.keys(f"catalogues/{name}"), *service.blobs.keys(f"fits/{second}")]:
                service.blobs.delete(key)
        return real(copies, file)

    monkeypatch.setattr(backups, "recorded_files", late)
    monkeypatch.setattr(backups._Copies, "keep", keep)
    made = service.run("backup", str(tmp_path / "backup"))
    monkeypatch.undo()
    assert sorted(deleted) == [first, second]
    assert made.exit_code == 0, made.output
    other = restored(tmp_path)
    assert other.run("restore", str(tmp_path / "backup")).exit_code == 0
    assert catalogues.get_catalogue(other.engine, "local", name) is None
    assert len(catalogues.finished_parts(other.engine, kept)) == 1
    for part in (first, second):
        assert get_fit_or_part(other.engine, "local", part) is None
    assert other.run("gc", "--dry-run").stdout.startswith("0 files")


def test_damaged_and_missing_files_are_named_and_the_rest_is_kept(service: ServiceFolder, tmp_path: Path) -> None:
    fit = service.fit({"parameters.json": b"{}", "log.txt": b"log"})
    _, key = service.upload(b"pixels")
    service.damage(key)
    service.blobs.delete(f"fits/{fit}/1/log.txt")
    made = service.run("backup", str(tmp_path / "backup"))
    assert made.exit_code == 1
    assert "m51.fits of upl_" in made.output
    assert f"log.txt of {fit} is gone" in made.output
    assert json.loads((tmp_path / "backup" / "backup.json").read_text())["files"] == 1


def test_only_an_empty_folder_takes_a_backup(service: ServiceFolder, tmp_path: Path) -> None:
    (tmp_path / "backup").mkdir()
    (tmp_path / "backup" / "letter").touch()
    made = service.run("backup", str(tmp_path / "backup"))
    assert made.exit_code == 2
    assert "is not empty" in made.output


def test_a_service_is_replaced_only_when_told(service: ServiceFolder, tmp_path: Path) -> None:
    service.run("backup", str(tmp_path / "backup"))
    add_user(service.engine, "vera")
    refused = service.run("restore", str(tmp_path / "backup"))
    assert refused.exit_code == 2
    assert "--replace" in refused.output
    assert find_user(service.engine, "vera") is not None
    done = service.run("restore", "--replace", str(tmp_path / "backup"))
    assert done.exit_code == 0, done.output
    service.engine.dispose()
    assert find_user(connect(Settings(data_dir=service.folder)), "vera") is None
    (aside,) = service.folder.glob("photfit.sqlite.replaced-????????-??????")
    assert find_user(connect(Settings(database_url=f"sqlite:///{aside}")), "vera") is not None


def test_files_without_a_database_are_a_service_too(service: ServiceFolder, tmp_path: Path) -> None:
    service.run("backup", str(tmp_path / "backup"))
    service.upload(b"pixels")
    (service.folder / "photfit.sqlite").unlink()
    assert service.run("restore", str(tmp_path / "backup")).exit_code == 2


def test_nothing_is_restored_under_a_running_service(service: ServiceFolder, tmp_path: Path) -> None:
    from jobs.queues import presence

    service.run("backup", str(tmp_path / "backup"))
    presence.report(service.engine, "box:1", ["cpu"], ["cpu"])
    refused = service.run("restore", "--replace", str(tmp_path / "backup"))
    assert refused.exit_code == 2
    assert "stop its API and workers" in refused.output


@pytest.mark.parametrize("name", ["photfit.sqlite", "blobs"])
def test_nothing_is_restored_from_a_damaged_backup(service: ServiceFolder, tmp_path: Path, name: str) -> None:
    _, key = service.upload(b"pixels")
    service.run("backup", str(tmp_path / "backup"))
    path = tmp_path / "backup" / (name if name != "blobs" else f"blobs/{key}")
    path.write_bytes(path.read_bytes()[:-1])
    other = restored(tmp_path)
    refused = other.run("restore", str(tmp_path / "backup"))
    assert refused.exit_code == 1
    assert "is not as it was written" in refused.output
    assert not (other.folder / "photfit.sqlite").exists()


def test_a_backup_that_was_broken_off_is_told(service: ServiceFolder, tmp_path: Path) -> None:
    service.run("backup", str(tmp_path / "backup"))
    (tmp_path / "backup" / "backup.json").unlink()
    refused = restored(tmp_path).run("restore", str(tmp_path / "backup"))
    assert refused.exit_code == 1
    assert "holds no whole backup" in refused.output


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("files.sha256", b"\xff\xfe\0 no text"),
        ("files.sha256", b"0" * 64 + b"  blobs/../photfit.sqlite\n"),
        ("backup.json", b"[]"),
        ("backup.json", b"{}"),
        ("backup.json", b"{"),
        ("backup.json", b"\xff"),
    ],
)
def test_what_a_backup_says_of_itself_is_read_or_refused_in_a_sentence(
    service: ServiceFolder, tmp_path: Path, name: str, content: bytes
) -> None:
    assert service.run("backup", str(tmp_path / "backup")).exit_code == 0
    (tmp_path / "backup" / name).write_bytes(content)
    again = ServiceFolder(tmp_path / "again")
    done = again.run("restore", str(tmp_path / "backup"))
    assert done.exit_code == 1
    assert done.output.startswith("photfit: the backup's ")
    assert "__init__" not in done.output
    assert not (tmp_path / "again" / "photfit.sqlite").exists()


def test_a_backup_of_a_newer_photfit_is_refused_in_one_sentence(service: ServiceFolder, tmp_path: Path) -> None:
    with sqlite3.connect(service.folder / "photfit.sqlite") as database:
        (known,) = database.execute("select version_num from alembic_version").fetchone()
        database.execute("update alembic_version set version_num = '9999'")
    refused = service.run("backup", str(tmp_path / "from-newer"))
    assert (refused.exit_code, len(refused.output.splitlines())) == (1, 1)
    assert "made by a newer photfit" in refused.output

    with sqlite3.connect(service.folder / "photfit.sqlite") as database:
        database.execute("update alembic_version set version_num = ?", [known])
    backup = tmp_path / "backup"
    assert service.run("backup", str(backup)).exit_code == 0
    with sqlite3.connect(backup / "photfit.sqlite") as database:
        database.execute("update alembic_version set version_num = '9999'")
    database.close()
    whole = subprocess.run(["sha256sum", "photfit.sqlite"], cwd=backup, capture_output=True, text=True, check=True)
    (backup / "files.sha256").write_text(whole.stdout)
    refused = restored(tmp_path).run("restore", str(backup))
    assert (refused.exit_code, len(refused.output.splitlines())) == (1, 1)
    assert "made by a newer photfit" in refused.output


def test_objects_of_a_store_are_backed_up_beside_the_database(
    service: ServiceFolder, tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jobs.storage.blobs import open_blobs

    service.blobs = open_blobs(s3)
    monkeypatch.setenv("PHOTFIT_BLOB_URL", s3)
    _, key = service.upload(b"pixels in a bucket")
    made = service.run("backup", str(tmp_path / "backup"))
    assert made.exit_code == 0, made.output
    service.blobs.delete(key)
    done = restored(tmp_path).run("restore", "--replace", str(tmp_path / "backup"))
    assert done.exit_code == 0, done.output
    assert service.blobs.read(key) == b"pixels in a bucket"
