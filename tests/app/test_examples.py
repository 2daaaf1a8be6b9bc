"""Every example of a body in the OpenAPI document works as printed, with ids that exist in the place of its own."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.app.conftest import EXAMPLES, Service
from tests.app.test_fits import post_form


@pytest.fixture(scope="module")
def document(service: Service) -> dict[str, Any]:
    found: dict[str, Any] = service.client.get("/openapi.json").json()
    return found


@pytest.fixture(scope="module")
def upload(service: Service, seed_file: Path) -> str:
    return service.upload(seed_file)


def examples(document: dict[str, Any], method: str, path: str) -> list[tuple[str, str, Any]]:
    """Content type, name and value of each example of a route's body."""
    content = document["paths"][path][method]["requestBody"]["content"]
    return [
        (kind, name, example["value"])
        for kind, described in content.items()
        for name, example in described.get("examples", {}).items()
    ]


def test_the_examples_of_requests_are_accepted(
    service: Service, document: dict[str, Any], upload: str, seed_file: Path
) -> None:
    told = examples(document, "post", "/v1/fits")
    assert {kind for kind, _, _ in told} == {"application/json", "multipart/form-data"}
    for kind, name, value in told:
        if kind == "multipart/form-data":
            response = post_form(service, value["request"], seed_file)
        else:
            text = re.sub(r"upl_[0-9A-Za-z]+", upload, json.dumps(value))
            response = service.client.post("/v1/fits", content=text, headers={"Content-Type": kind})
        assert response.status_code == 202, (name, response.text)


def test_the_examples_of_changes_are_accepted(
    service: Service, document: dict[str, Any], seed_request: dict[str, Any], seed_file: Path
) -> None:
    fit = post_form(service, seed_request, seed_file).json()
    for method, path, status in (("patch", "/v1/fits/{fit_id}", 200), ("post", "/v1/fits/{fit_id}/rerun", 202)):
        told = examples(document, method, path)
        assert told
        for kind, name, value in told:
            address = path.replace("{fit_id}", fit["id"])
            response = service.client.request(
                method, address, content=json.dumps(value), headers={"Content-Type": kind}
            )
            assert response.status_code == status, (name, response.text)


def test_the_examples_of_proposals_are_accepted(service: Service, document: dict[str, Any]) -> None:
    upload = service.upload(EXAMPLES / "three_galaxies_psf" / "three_galaxies_psf.fits")
    for kind, name, value in examples(document, "post", "/v1/uploads/{upload_id}/propose"):
        response = service.client.post(
            f"/v1/uploads/{upload}/propose", content=json.dumps(value), headers={"Content-Type": kind}
        )
        assert response.status_code == 200, (name, response.text)


def test_the_example_of_a_url_is_sound_and_off_by_default(service: Service, document: dict[str, Any]) -> None:
    ((kind, _, value),) = examples(document, "post", "/v1/uploads")
    response = service.client.post("/v1/uploads", content=json.dumps(value), headers={"Content-Type": kind})
    assert response.status_code == 422
    assert "speaks to no other host" in response.json()["faults"][0]["message"]
