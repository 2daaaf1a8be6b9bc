"""Parts of stored files, whichever store they are in: a folder, and an S3 server."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from fastapi import FastAPI, Request, Response
from starlette.testclient import TestClient

from app.domain.results import StoredFile
from app.errors import RangeNotSatisfiable
from app.http.problem_documents import install_handlers
from app.http.request_parameters import wanted_range
from app.presenting.file_responses import file_response
from jobs.storage.blobs import BlobStore, open_blobs
from tests.stores import s3

__all__ = ["s3"]

SIZE = 3 * (1 << 20) + 17
CONTENT = np.random.default_rng(5).bytes(SIZE)
KEY = "fits/ranges/1/model.fits"


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-8", (0, 9)),
        ("bytes=5-5", (5, 6)),
        ("bytes=90-", (90, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-1000", (0, 100)),
        ("bytes=0-1000", (0, 100)),
        (" Bytes = 0-8 ", (0, 9)),
        (None, None),
        ("", None),
        ("bytes", None),
        ("bytes=-", None),
        ("bytes=8-5", None),
        ("bytes=0-1,5-6", None),
        ("pixels=0-8", None),
        ("bytes=a-b", None),
        ("bytes=٣-٤", None),
        ("bytes=0-99999999999999999999", None),
    ],
)
def test_one_range_of_bytes_is_read_and_whatever_else_is_no_range(
    header: str | None, part: tuple[int, int] | None
) -> None:
    assert wanted_range(header, 100) == part


@pytest.mark.parametrize(("header", "size"), [("bytes=100-", 100), ("bytes=-0", 100), ("bytes=0-", 0)])
def test_bytes_that_the_file_does_not_have_are_refused(header: str, size: int) -> None:
    with pytest.raises(RangeNotSatisfiable) as refusal:
        wanted_range(header, size)
    assert refusal.value.headers["Content-Range"] == f"bytes */{size}"


@pytest.fixture(params=["folder", "s3"], scope="module")
def blobs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> BlobStore:
    folder = tmp_path_factory.mktemp("ranges")
    store = open_blobs(str(folder / "blobs") if request.param == "folder" else request.getfixturevalue("s3"))
    for key, content in ((KEY, CONTENT), ("fits/ranges/1/log.txt", b"")):
        path = Path(folder / "file")
        path.write_bytes(content)
        store.put_file(key, path)
    return store


@pytest.fixture(scope="module")
def client(blobs: BlobStore) -> Iterator[httpx.Client]:
    """A client of an application that hands out the store's files, as the service does."""
    app = FastAPI()
    install_handlers(app)

    @app.get("/{key:path}")
    def give(request: Request, key: str) -> Response:
        return file_response(request, StoredFile(blobs, key, blobs.size(key) or 0), "application/fits")

    with TestClient(app) as made:
        yield made


def test_a_whole_file_says_that_it_comes_in_parts(client: httpx.Client) -> None:
    response = client.get(f"/{KEY}")
    assert (response.status_code, response.content) == (200, CONTENT)
    assert (response.headers["accept-ranges"], response.headers["content-length"]) == ("bytes", str(SIZE))


@pytest.mark.parametrize(
    ("header", "start", "stop"),
    [("bytes=0-8", 0, 9), ("bytes=-5", SIZE - 5, SIZE), ("bytes=1000-2500000", 1000, 2_500_001)],
)
def test_a_part_is_those_bytes(client: httpx.Client, header: str, start: int, stop: int) -> None:
    response = client.get(f"/{KEY}", headers={"Range": header})
    assert (response.status_code, response.content) == (206, CONTENT[start:stop])
    assert response.headers["content-range"] == f"bytes {start}-{stop - 1}/{SIZE}"
    assert response.headers["content-length"] == str(stop - start)


def test_a_part_is_given_only_of_the_file_that_the_client_has_the_rest_of(client: httpx.Client) -> None:
    tag = client.get(f"/{KEY}").headers["etag"]
    for given, status in ((tag, 206), (f"W/{tag}", 200), ('"other"', 200), ("Sat, 01 Jan 2000 00:00:00 GMT", 200)):
        response = client.get(f"/{KEY}", headers={"Range": "bytes=0-8", "If-Range": given})
        assert (response.status_code, len(response.content)) == (status, 9 if status == 206 else SIZE), given


def test_several_parts_at_once_are_answered_with_the_whole(client: httpx.Client) -> None:
    response = client.get(f"/{KEY}", headers={"Range": "bytes=0-1,5-6"})
    assert (response.status_code, len(response.content)) == (200, SIZE)


def test_a_part_beyond_the_end_is_a_problem_that_tells_the_size(client: httpx.Client) -> None:
    response = client.get(f"/{KEY}", headers={"Range": f"bytes={SIZE}-"})
    assert (response.status_code, response.headers["content-range"]) == (416, f"bytes */{SIZE}")
    assert response.json()["type"] == "urn:photfit:problem:range-not-satisfiable"


def test_what_the_client_has_whole_is_not_sent_in_parts(client: httpx.Client) -> None:
    tag = client.get(f"/{KEY}").headers["etag"]
    assert client.get(f"/{KEY}", headers={"Range": "bytes=0-8", "If-None-Match": tag}).status_code == 304


def test_an_empty_file_is_whole(client: httpx.Client) -> None:
    response = client.get("/fits/ranges/1/log.txt")
    assert (response.status_code, response.content) == (200, b"")
