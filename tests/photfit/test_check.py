"""`photfit admin check`: every file held against its record, and what is mended."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.storage.uploads import remove_upload
from tests.photfit.service_folder import ServiceFolder


@pytest.fixture
def service(tmp_path: Path) -> ServiceFolder:
    return ServiceFolder(tmp_path / "data").migrated()


def test_a_sound_service_passes(service: ServiceFolder) -> None:
    service.upload(b"pixels")
    service.upload(b"pixels", owner="somebody else")
    service.fit({"parameters.json": b"{}"})
    service.fit({"parameters.json": b"{}"}, known=False)
    done = service.run("check")
    assert done.exit_code == 0, done.output
    assert done.output == "0 missing or damaged, 0 of them put back; 0 belong to nothing\n"


def test_what_is_wrong_is_named_and_left_alone(service: ServiceFolder) -> None:
    upload, key = service.upload(b"pixels")
    fit = service.fit({"parameters.json": b"{}", "log.txt": b"log", "images/0/model.fits": b"model"})
    service.damage(key)
    service.blobs.delete(f"fits/{fit}/1/log.txt")
    (service.folder / "blobs" / "fits" / fit / "1" / "parameters.json").write_bytes(b"")
    removed, stray = service.upload(b"nobody's")
    remove_upload(service.engine, "local", removed)
    before = sorted(service.blobs.keys("fits") + service.blobs.keys("uploads"))
    done = service.run("check")
    assert done.exit_code == 1
    assert f"m51.fits of the upload {upload} has other bytes than were stored\n" in done.output
    assert f"log.txt of the fit {fit} is gone\n" in done.output
    assert f"parameters.json of the fit {fit} has 0 bytes of the 2 that were stored\n" in done.output
    assert f"{stray} belongs to nothing\n" in done.output
    assert "model.fits" not in done.output
    assert sorted(service.blobs.keys("fits") + service.blobs.keys("uploads")) == before


def test_repair_puts_damaged_bytes_aside_and_deletes_orphans(service: ServiceFolder) -> None:
    upload, key = service.upload(b"pixels")
    service.damage(key)
    removed, stray = service.upload(b"nobody's")
    remove_upload(service.engine, "local", removed)
    done = service.run("check", "--repair")
    assert done.exit_code == 1  # the upload is not there again
    assert service.blobs.size(key) is None
    assert service.blobs.size(stray) is None
    assert (service.folder / "damaged" / key).read_bytes()[1:] == b"ixels"
    assert f"the upload {upload} is gone" in service.run("check").output


def test_repair_puts_back_what_a_backup_has(service: ServiceFolder, tmp_path: Path) -> None:
    _, key = service.upload(b"pixels")
    fit = service.fit({"parameters.json": b"{}"})
    assert service.run("backup", str(tmp_path / "backup")).exit_code == 0
    service.damage(key)
    service.blobs.delete(f"fits/{fit}/1/parameters.json")
    done = service.run("check", "--repair", "--from", str(tmp_path / "backup"))
    assert done.exit_code == 0, done.output
    assert done.output.endswith("2 missing or damaged, 2 of them put back; 0 belong to nothing\n")
    assert service.blobs.read(key) == b"pixels"
    assert service.run("check").exit_code == 0


def test_a_backup_is_named_to_repair_alone(service: ServiceFolder, tmp_path: Path) -> None:
    assert service.run("check", "--from", str(tmp_path)).exit_code == 2
