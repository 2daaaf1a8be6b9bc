"""Pictures and tables that were damaged where they are stored: drawn anew, or told of; never handed out as they are."""

from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.lifecycle.catalogues import objects_key
from jobs.storage.blobs import FolderBlobs
from tests.app.images import fits_bytes, noise
from tests.app.in_process import InProcess, catalogue_of, request_of


def path_of(running: InProcess, key: str) -> Path:
    blobs = running.services.blobs
    assert isinstance(blobs, FolderBlobs)
    return blobs.folder / key


def flip(path: Path) -> None:
    """Another byte in the middle; the size stays."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def halve(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


DAMAGES = pytest.mark.parametrize("damage", [flip, halve, Path.unlink], ids=["flipped", "half", "gone"])


@DAMAGES
def test_a_damaged_picture_is_drawn_anew(running: InProcess, damage: Callable[[Path], None]) -> None:
    upload, _ = running.upload(fits_bytes([("DATA", noise())]))
    fit = running.fit(request_of(upload))
    address = f"/v1/fits/{fit}/images/r/model.png"
    first = running.client.get(address)
    assert first.status_code == 200, first.text
    kept = path_of(running, f"fits/{fit}/1/previews/r/model.png")
    for place in (kept, kept.with_name(kept.name + ".json")):
        damage(place)
        assert running.client.get(address).content == first.content
        assert kept.read_bytes() == first.content


@DAMAGES
def test_damaged_files_of_a_catalogue_are_told_of(running: InProcess, damage: Callable[[Path], None]) -> None:
    upload, _ = running.upload(fits_bytes([("DATA", noise())]))
    status, kind = (410, "result-gone") if damage is Path.unlink else (500, "result-damaged")
    for of_part in (True, False):
        name, part = running.catalogue(catalogue_of(upload))
        damage(path_of(running, part if of_part else objects_key(name)))
        for place in ("table", "table?format=csv", "rows/0"):
            answer = running.client.get(f"/v1/catalogues/{name}/{place}")
            assert answer.status_code == status, (place, answer.text)
            assert answer.json()["type"].endswith(kind)
            assert "rerun" in answer.json()["detail"]
