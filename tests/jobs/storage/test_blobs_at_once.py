"""Blobs of one folder are put and deleted at once, and neither disturbs the other."""

import threading
from pathlib import Path

import pytest

from jobs.storage.blobs import FolderBlobs


@pytest.mark.slow
def test_a_blob_is_put_while_its_folder_is_removed(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path / "blobs")
    source = tmp_path / "source"
    source.write_bytes(b"pixels")
    stop = threading.Event()

    def delete() -> None:
        while not stop.is_set():
            blobs.delete("uploads/ab/cd/one")

    deleting = [threading.Thread(target=delete) for _ in range(2)]
    for thread in deleting:
        thread.start()
    try:
        for _ in range(300):
            blobs.put_file("uploads/ab/cd/one", source)
    finally:
        stop.set()
        for thread in deleting:
            thread.join()
    blobs.put_file("uploads/ab/cd/one", source)
    assert blobs.read("uploads/ab/cd/one") == b"pixels"
