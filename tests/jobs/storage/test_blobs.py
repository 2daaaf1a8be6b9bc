"""Both blob stores keep the same promises: a folder, and an object store served by moto."""

import threading
from pathlib import Path

import pytest
from obstore.store import from_url

from fitting.faults import PassingFault
from jobs.storage.blobs import BlobMissing, BlobStore, StorageTrouble, open_blobs


@pytest.fixture(params=["folder", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    return open_blobs(str(tmp_path / "blobs") if request.param == "folder" else request.getfixturevalue("s3"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 9000)
    return path


def test_a_blob_comes_back_whole_in_parts_and_as_a_file(blobs: BlobStore, file: Path) -> None:
    content = file.read_bytes()
    blobs.put_file("fits/a/1/x.bin", file)
    assert blobs.read("fits/a/1/x.bin") == content
    assert blobs.read("fits/a/1/x.bin", 10, 20) == content[10:20]
    assert blobs.read("fits/a/1/x.bin", len(content) - 3) == content[-3:]
    assert b"".join(blobs.chunks("fits/a/1/x.bin")) == content
    assert b"".join(blobs.chunks("fits/a/1/x.bin", 7, 2_000_000)) == content[7:2_000_000]
    assert b"".join(blobs.chunks("fits/a/1/x.bin", 7)) == content[7:]
    assert blobs.size("fits/a/1/x.bin") == len(content)
    with blobs.local("fits/a/1/x.bin") as path:
        assert path.read_bytes() == content


def test_a_missing_blob_is_told_apart(blobs: BlobStore) -> None:
    assert blobs.size("fits/none/1/x") is None
    with pytest.raises(BlobMissing):
        blobs.read("fits/none/1/x")
    with pytest.raises(BlobMissing):
        list(blobs.chunks("fits/none/1/x"))
    with pytest.raises(BlobMissing), blobs.local("fits/none/1/x"):
        pass


def test_keys_are_those_below_a_folder_and_deleted_ones_are_gone(blobs: BlobStore, file: Path) -> None:
    for key in ("fits/list/1/a", "fits/list/1/b/c", "fits/listing/1/a"):
        blobs.put_file(key, file)
    assert blobs.keys("fits/list") == ["fits/list/1/a", "fits/list/1/b/c"]
    blobs.delete("fits/list/1/a")
    blobs.delete("fits/list/1/a")
    assert blobs.keys("fits/list") == ["fits/list/1/b/c"]


def test_the_last_put_of_a_key_wins(blobs: BlobStore, file: Path, tmp_path: Path) -> None:
    blobs.put_file("fits/twice/1/a", file)
    other = tmp_path / "other"
    other.write_bytes(b"other")
    blobs.put_file("fits/twice/1/a", other)
    assert blobs.read("fits/twice/1/a") == b"other"


@pytest.mark.parametrize("key", ["../x", "a/../../x", "/etc/passwd", "a//b", "", "a/.hidden", "a\\b", "a/b\n", "ä"])
def test_a_key_that_is_no_plain_path_is_refused(blobs: BlobStore, file: Path, key: str) -> None:
    with pytest.raises(ValueError, match="is not a key"):
        blobs.put_file(key, file)
    with pytest.raises(ValueError, match="is not a key"):
        blobs.read(key)


def test_a_store_that_works_passes_its_check(blobs: BlobStore) -> None:
    blobs.check()


@pytest.fixture(params=["folder", "s3"])
def away(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BlobStore:
    """A store that does not answer: a folder that is a file, a server that is not there."""
    if request.param == "folder":
        (tmp_path / "blobs").write_bytes(b"")
        return open_blobs(str(tmp_path / "blobs"))
    environment = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("jobs.storage.blobs.from_url", lambda url, **_: from_url(url, retry_config={"max_retries": 0}))
    return open_blobs("s3://photfit/away")


def test_a_store_that_is_away_is_passing_trouble(away: BlobStore, file: Path) -> None:
    with pytest.raises(StorageTrouble):
        away.put_file("fits/a/1/x", file)
    with pytest.raises(StorageTrouble):
        away.check()
    assert issubclass(StorageTrouble, PassingFault)


@pytest.mark.parametrize("away", ["s3"], indirect=True)
def test_an_object_store_that_is_away_misses_no_blob(away: BlobStore) -> None:
    for ask in (away.read, away.size, away.keys, away.delete, lambda key: list(away.chunks(key))):
        with pytest.raises(StorageTrouble):
            ask("fits/a/1/x")
    with pytest.raises(StorageTrouble), away.local("fits/a/1/x"):
        pass


def test_trouble_inside_a_local_blob_is_not_the_stores(blobs: BlobStore, file: Path) -> None:
    blobs.put_file("fits/a/1/x", file)
    with pytest.raises(PermissionError), blobs.local("fits/a/1/x"):
        raise PermissionError


def test_a_folder_store_never_shows_half_a_file(tmp_path: Path, file: Path) -> None:
    blobs = open_blobs(str(tmp_path / "blobs"))
    size = file.stat().st_size
    sizes: set[int | None] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            sizes.add(blobs.size("fits/half/1/a"))

    thread = threading.Thread(target=watch)
    thread.start()
    for _ in range(20):
        blobs.put_file("fits/half/1/a", file)
    done.set()
    thread.join()
    assert sizes <= {None, size}
    assert blobs.keys("fits/half") == ["fits/half/1/a"]
