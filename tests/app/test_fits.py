"""Fits as records, before any worker takes them."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.app.conftest import Service, started_broker


@pytest.fixture
def accepted(service: Service, seed_file: Path, seed_request: dict[str, Any]) -> dict[str, Any]:
    """A queued fit of the seed problem."""
    response = post_form(service, seed_request, seed_file)
    assert response.status_code == 202, response.text
    fit: dict[str, Any] = response.json()
    return fit


def post_form(service: Service, request: dict[str, Any], *paths: Path, headers: dict[str, str] | None = None) -> Any:
    """The answer to a request sent along with its files."""
    files = [("request", (None, json.dumps(request), "application/json"))]
    files += [("file", (path.name, path.read_bytes(), "application/fits")) for path in paths]  # type: ignore[misc]
    return service.client.post("/v1/fits", files=files, headers=headers or {})


def with_uploads(request: dict[str, Any], upload: str, filename: str) -> dict[str, Any]:
    """The request with an upload in the place of a file."""
    document: dict[str, Any] = json.loads(json.dumps(request).replace(filename, upload))
    return document


def test_a_form_with_request_and_files_is_accepted(service: Service, accepted: dict[str, Any]) -> None:
    assert accepted["state"] == "queued"
    assert accepted["name"] == "three galaxies"
    assert accepted["id"].startswith("fit_")
    upload = service.client.get(accepted["links"]["request"]).json()["images"][0]["data"]
    assert str(upload).find("upl_") >= 0


def test_a_json_request_names_uploads(service: Service, seed_file: Path, seed_request: dict[str, Any]) -> None:
    request = with_uploads(seed_request, service.upload(seed_file), seed_file.name)
    response = service.client.post("/v1/fits", json=request)
    assert response.status_code == 202, response.text
    assert response.headers["location"] == f"/v1/fits/{response.json()['id']}"


def test_a_file_may_be_named_by_its_part(service: Service, seed_file: Path, seed_request: dict[str, Any]) -> None:
    files = {
        "request": (None, json.dumps(with_uploads(seed_request, "image_part", seed_file.name))),
        "image_part": ("other.fits", seed_file.read_bytes()),
    }
    response = service.client.post("/v1/fits", files=files)
    assert response.status_code == 202, response.text


def test_a_file_that_the_request_does_not_name_is_refused(
    service: Service, seed_file: Path, seed_request: dict[str, Any], tmp_path: Path
) -> None:
    other = tmp_path / "other.fits"
    other.write_bytes(seed_file.read_bytes())
    before = service.stored()
    response = post_form(service, seed_request, seed_file, other)
    assert response.status_code == 422
    assert "other.fits" in response.json()["faults"][0]["message"]
    assert service.stored() == before


def test_a_file_that_is_missing_is_named_by_its_place(service: Service, seed_request: dict[str, Any]) -> None:
    response = post_form(service, seed_request)
    assert response.status_code == 422
    assert [fault["path"] for fault in response.json()["faults"]] == ["$.images[0].data", "$.images[0].variance"]


def test_a_broken_file_in_a_form_is_named_by_its_place(
    service: Service, seed_request: dict[str, Any], tmp_path: Path
) -> None:
    broken = tmp_path / "three_galaxies.fits"
    broken.write_bytes(b"this is no image")
    before = service.stored()
    response = post_form(service, seed_request, broken)
    assert response.status_code == 422
    assert response.json()["faults"][0]["path"] == "$.images[0].data"
    assert service.stored() == before


def test_the_request_comes_back(service: Service, accepted: dict[str, Any], seed_request: dict[str, Any]) -> None:
    request = service.client.get(accepted["links"]["request"]).json()
    assert request["components"] == seed_request["components"]
    assert request["stages"] == seed_request["stages"]


@pytest.mark.parametrize("part", ["parameters", "covariance", "log", "images/image/model.fits", "plots/fit.png"])
def test_a_result_before_its_time_is_a_409_that_says_the_state(
    service: Service, accepted: dict[str, Any], part: str
) -> None:
    response = service.client.get(f"{accepted['links']['self']}/{part}")
    assert (response.status_code, response.headers["content-type"]) == (409, "application/problem+json")
    assert response.json()["state"] == "queued"


def test_an_unchanged_fit_is_a_304(service: Service, accepted: dict[str, Any]) -> None:
    first = service.client.get(accepted["links"]["self"])
    second = service.client.get(accepted["links"]["self"], headers={"If-None-Match": first.headers["etag"]})
    assert (second.status_code, second.content) == (304, b"")


def test_a_change_changes_the_entity_tag(service: Service, accepted: dict[str, Any]) -> None:
    tag = service.client.get(accepted["links"]["self"]).headers["etag"]
    service.client.post(accepted["links"]["cancel"])
    response = service.client.get(accepted["links"]["self"], headers={"If-None-Match": tag})
    assert (response.status_code, response.json()["state"]) == (200, "cancelled")


def test_a_queued_fit_is_cancelled_at_once(service: Service, accepted: dict[str, Any]) -> None:
    response = service.client.post(accepted["links"]["cancel"])
    assert (response.status_code, response.json()["state"]) == (202, "cancelled")


def test_a_finished_fit_cannot_be_cancelled(service: Service, accepted: dict[str, Any]) -> None:
    service.client.post(accepted["links"]["cancel"])
    response = service.client.post(accepted["links"]["cancel"])
    assert (response.status_code, response.json()["state"]) == (409, "cancelled")


def test_waiting_ends_with_the_state_waited_for(service: Service, accepted: dict[str, Any]) -> None:
    response = service.client.get(accepted["links"]["self"], params={"wait": 30, "state": "queued"})
    assert response.elapsed.total_seconds() < 5


def test_waiting_ends_with_the_time(service: Service, accepted: dict[str, Any]) -> None:
    response = service.client.get(accepted["links"]["self"], params={"wait": 0.3})
    assert response.json()["state"] == "queued"
    assert 0.3 <= response.elapsed.total_seconds() < 5


def test_a_deleted_fit_is_gone(service: Service, accepted: dict[str, Any]) -> None:
    assert service.client.delete(accepted["links"]["self"]).status_code == 204
    assert service.client.get(accepted["links"]["self"]).status_code == 404


def test_a_rerun_is_a_new_fit_of_the_same_request(service: Service, accepted: dict[str, Any]) -> None:
    response = service.client.post(accepted["links"]["rerun"])
    again = response.json()
    assert (response.status_code, again["state"]) == (202, "queued")
    assert again["id"] != accepted["id"]
    requests = [service.client.get(fit["links"]["request"]).json() for fit in (accepted, again)]
    assert requests[0] == requests[1]


def test_an_upload_that_a_queued_fit_needs_cannot_be_deleted(
    service: Service, seed_file: Path, seed_request: dict[str, Any]
) -> None:
    upload = service.upload(seed_file)
    service.client.post("/v1/fits", json=with_uploads(seed_request, upload, seed_file.name))
    assert service.client.delete(f"/v1/uploads/{upload}").status_code == 409


def test_a_key_makes_a_repeated_post_return_the_first_fit(
    service: Service, seed_file: Path, seed_request: dict[str, Any]
) -> None:
    headers = {"Idempotency-Key": "key-of-a-form"}
    first = post_form(service, seed_request, seed_file, headers=headers)
    second = post_form(service, seed_request, seed_file, headers=headers)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["id"] == second.json()["id"]


def test_a_key_used_for_another_request_is_refused(
    service: Service, seed_file: Path, seed_request: dict[str, Any]
) -> None:
    headers = {"Idempotency-Key": "key-for-two"}
    post_form(service, seed_request, seed_file, headers=headers)
    response = post_form(service, {**seed_request, "seed": 43}, seed_file, headers=headers)
    assert response.status_code == 422
    assert response.json()["type"] == "urn:photfit:problem:idempotency-key-reused"


def test_the_list_filters_by_state_and_name_and_pages(
    make_service: Callable[..., Service], seed_file: Path, seed_request: dict[str, Any]
) -> None:
    service = make_service()
    upload = service.upload(seed_file)
    made = []
    for number in range(5):
        request = {**with_uploads(seed_request, upload, seed_file.name), "name": f"number {number % 2}"}
        made.append(service.client.post("/v1/fits", json=request).json()["id"])
    service.client.post(f"/v1/fits/{made[0]}/cancel")

    def listed(**query: Any) -> list[str]:
        return [fit["id"] for fit in service.client.get("/v1/fits", params=query).json()["fits"]]

    assert listed() == made[::-1]
    assert listed(state="cancelled") == [made[0]]
    assert listed(name="number 1") == [made[3], made[1]]
    first = service.client.get("/v1/fits", params={"limit": 3, "state": "queued"})
    address = first.links["next"]["url"]
    assert [fit["id"] for fit in service.client.get(address).json()["fits"]] == [made[1]]


def test_a_broker_that_is_down_neither_fails_nor_slows_a_post(
    make_service: Callable[..., Service], seed_file: Path, seed_request: dict[str, Any]
) -> None:
    server = started_broker()
    service = make_service(broker_url=f"redis://127.0.0.1:{server.port}/0")
    server.stop()
    start = time.monotonic()
    response = post_form(service, seed_request, seed_file)
    assert response.status_code == 202
    assert time.monotonic() - start < 2
    readiness = service.client.get("/readyz")
    assert readiness.status_code == 503
    assert not readiness.json()["checks"]["broker"]["ok"]


def test_a_fit_for_which_no_gpu_is_here_says_that_it_waits(
    service: Service, seed_file: Path, seed_request: dict[str, Any]
) -> None:
    fit = post_form(service, {**seed_request, "device": "gpu"}, seed_file).json()
    assert (fit["state"], fit["device"]) == ("queued", "gpu")
    assert any("no worker with a GPU" in warning for warning in fit["warnings"]), fit["warnings"]
    assert post_form(service, seed_request, seed_file).json()["warnings"] == []
