"""Answers in zstd and gzip, as the client asks, and the entity tags of each."""

import gzip
from typing import Any

import numpy as np
import pyarrow
import pytest

from app.http.compression import OFFERED, preferred_coding
from app.http.entity_tags import coded_tag, is_known, strong_tag, without_codings
from tests.app.conftest import Service
from tests.app.images import fits_bytes, noise

BOTH = ("zstd", "gzip")
needs_zstd = pytest.mark.skipif("zstd" not in OFFERED, reason="backports.zstd is not installed")


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", None),
        ("gzip", "gzip"),
        ("zstd", "zstd"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("GZIP;Q=0.9, zstd;q=0.5", "gzip"),
        ("gzip;q=0.5, zstd;q=0.5", "zstd"),
        ("zstd;q=0, gzip", "gzip"),
        ("zstd;q=0, gzip;q=0.0", None),
        ("*", "zstd"),
        ("*;q=0.1, gzip;q=0.2", "gzip"),
        ("*;q=0", None),
        ("identity", None),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0.5, gzip;q=0.5", "gzip"),
        ("br", None),
        ("notgzip", None),
        ("gzip;q=much", None),
        (" , gzip ; q=1.000 , ", "gzip"),
    ],
)
def test_the_coding_is_the_one_that_the_client_likes_best(accepted: str, coding: str | None) -> None:
    assert preferred_coding(accepted, BOTH) == coding


def test_entity_tags_are_compared_weakly_and_whatever_the_coding() -> None:
    tag = strong_tag("a")
    for given in (tag, f"W/{tag}", f'"x", {tag}', "*", coded_tag(tag, "gzip"), f'"x",W/{coded_tag(tag, "zstd")}'):
        assert is_known(tag, without_codings(given)), given
        assert is_known(f"W/{tag}", without_codings(given)), given
    for given in (None, "", '"x"', strong_tag("b"), f'{tag[:-1]}-br"'):
        assert not is_known(tag, given and without_codings(given)), given


@pytest.fixture(scope="module")
def pixels(service: Service) -> str:
    """Where the pixels of an image are that gets smaller by compression."""
    image = np.round(noise(200) * 3).astype(np.float32)
    response = service.client.post("/v1/uploads", params={"filename": "a.fits"}, content=fits_bytes([("SCI", image)]))
    return f"{response.json()['links']['self']}/pixels.npy"


def fetched(service: Service, address: str, accepted: str, **headers: str) -> tuple[Any, bytes]:
    """The answer, and its body as it was sent."""
    asked = {"Accept-Encoding": accepted, **headers}
    with service.client.stream("GET", address, headers=asked) as response:
        return response, b"".join(response.iter_raw())


@pytest.mark.parametrize("coding", [pytest.param("zstd", marks=needs_zstd), "gzip"])
def test_an_answer_is_compressed_and_comes_back_whole(service: Service, pixels: str, coding: str) -> None:
    plain, content = fetched(service, pixels, "identity")
    packed, body = fetched(service, pixels, coding)
    assert packed.headers["content-encoding"] == coding
    read = {"zstd": lambda: pyarrow.CompressedInputStream(pyarrow.BufferReader(body), "zstd").read()}
    assert (read[coding]() if coding in read else gzip.decompress(body)) == content
    assert len(body) < 0.5 * len(content)
    assert "content-encoding" not in plain.headers
    for response in (plain, packed):
        assert response.headers["vary"] == "Accept-Encoding"
    assert packed.headers["etag"] == coded_tag(plain.headers["etag"], coding)


@pytest.mark.parametrize("had", ["identity", "gzip", pytest.param("zstd", marks=needs_zstd)])
@pytest.mark.parametrize("asked", ["identity", "gzip"])
def test_what_the_client_has_in_any_coding_is_not_sent_again(
    service: Service, pixels: str, had: str, asked: str
) -> None:
    tag = fetched(service, pixels, had)[0].headers["etag"]
    again, body = fetched(service, pixels, asked, **{"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, body, again.headers["etag"], again.headers["vary"]) == (304, b"", tag, "Accept-Encoding")


def test_a_file_of_the_page_is_not_sent_again_either(service: Service) -> None:
    first, _ = fetched(service, "/page/js/app.js", "gzip")
    assert first.headers["content-encoding"] == "gzip"
    again, _ = fetched(service, "/page/js/app.js", "gzip", **{"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304


def test_small_answers_are_sent_as_they_are(service: Service) -> None:
    small, _ = fetched(service, "/healthz", "gzip, zstd")
    assert "content-encoding" not in small.headers
