"""Uploads: stored once, described, listed, deleted."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.app.conftest import Service
from tests.app.images import fits_bytes, noise, npy_bytes


@pytest.fixture
def image_bytes() -> bytes:
    return fits_bytes([("SCI", noise())])


def test_a_raw_body_is_stored_and_described(service: Service, image_bytes: bytes) -> None:
    response = service.client.post("/v1/uploads", params={"filename": "galaxy.fits"}, content=image_bytes)
    upload = response.json()
    assert response.status_code == 201
    assert response.headers["location"] == f"/v1/uploads/{upload['id']}"
    assert upload["id"].startswith("upl_")
    assert (upload["filename"], upload["size"]) == ("galaxy.fits", len(image_bytes))
    assert upload["sha256"] == hashlib.sha256(image_bytes).hexdigest()
    assert upload["description"]["hdus"][0]["shape"] == [32, 32]


def test_a_form_carries_the_filename(service: Service) -> None:
    files = {"file": ("form.npy", npy_bytes(noise(20)))}
    response = service.client.post("/v1/uploads", files=files)
    assert (response.status_code, response.json()["filename"]) == (201, "form.npy")


def test_put_and_the_filename_header_do_as_well(service: Service) -> None:
    response = service.client.put("/v1/uploads", content=npy_bytes(noise(21)), headers={"X-Filename": "put.npy"})
    assert (response.status_code, response.json()["filename"]) == (201, "put.npy")


def test_the_same_bytes_are_kept_once(service: Service) -> None:
    content = npy_bytes(noise(22))
    first = service.client.post("/v1/uploads", content=content)
    second = service.client.post("/v1/uploads", content=content)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]


def test_an_upload_can_be_read_and_deleted(service: Service) -> None:
    address = service.client.post("/v1/uploads", content=npy_bytes(noise(23))).headers["location"]
    assert service.client.get(address).status_code == 200
    assert service.client.delete(address).status_code == 204
    assert service.client.get(address).status_code == 404


def test_bytes_that_were_deleted_can_be_uploaded_again(service: Service) -> None:
    content = npy_bytes(noise(24))
    service.client.delete(service.client.post("/v1/uploads", content=content).headers["location"])
    again = service.client.post("/v1/uploads", content=content)
    assert again.status_code == 201
    assert service.client.get(again.headers["location"]).status_code == 200


def test_the_list_is_newest_first_and_paged_by_link(make_service: Callable[..., Service], tmp_path: Path) -> None:
    service = make_service()
    made = [service.client.post("/v1/uploads", content=npy_bytes(noise(8 + n))).json()["id"] for n in range(5)]
    seen: list[str] = []
    address: str | None = "/v1/uploads?limit=2"
    while address:
        response = service.client.get(address)
        seen += [upload["id"] for upload in response.json()["uploads"]]
        address = response.json()["next"]
        assert (address is not None) == ("link" in response.headers)
    assert seen == made[::-1]


def test_a_body_over_the_limit_is_a_413_problem(make_service: Callable[..., Service]) -> None:
    service = make_service(max_upload_bytes="1000000")
    for content in (bytes(3_000_000), iter([bytes(100_000)] * 30)):
        try:
            response = service.client.post("/v1/uploads", content=content)
        except httpx.WriteError:
            pytest.fail("the connection broke before the answer")
        assert (response.status_code, response.headers["content-type"]) == (413, "application/problem+json")
        assert response.json()["limit_bytes"] == 1_000_000
    assert service.stored() == (0, 0)


def test_an_upload_while_the_store_takes_no_files_is_to_be_sent_again(
    make_service: Callable[..., Service], image_bytes: bytes
) -> None:
    service = make_service()
    store = service.data / "blobs"
    store.rename(service.data / "away")
    store.write_text("a file in the place of the folder")
    refused = service.client.post("/v1/uploads", content=image_bytes)
    problem = refused.json()
    assert (refused.status_code, problem["type"]) == (503, "urn:photfit:problem:unavailable")
    assert int(refused.headers["retry-after"]) > 0
    assert "file store" in problem["detail"]
    assert str(service.data) not in refused.text
    store.unlink()
    assert service.client.post("/v1/uploads", content=image_bytes).status_code == 201
