"""What the service says of itself: its OpenAPI document, its profiles and methods."""

import json
import re
from typing import Any

import pytest

from app.routes.request_bodies import SEED_REQUEST
from fitting.spec import METHODS, PROFILES, parse_request
from tests.app.conftest import EXAMPLES, Service


@pytest.fixture(scope="module")
def document(service: Service) -> dict[str, Any]:
    found: dict[str, Any] = service.client.get("/openapi.json").json()
    return found


def test_every_reference_of_the_document_resolves(document: dict[str, Any]) -> None:
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert named <= document["components"]["schemas"].keys()


def test_every_route_says_that_errors_are_problems(document: dict[str, Any]) -> None:
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert operations
    for operation in operations:
        assert list(operation["responses"]["default"]["content"]) == ["application/problem+json"]


def test_the_example_is_the_seed_request_and_sound(document: dict[str, Any]) -> None:
    body = document["paths"]["/v1/fits"]["post"]["requestBody"]["content"]
    assert set(body) == {"application/json", "multipart/form-data"}
    parse_request(body["application/json"]["examples"]["three galaxies"]["value"])
    assert json.loads((EXAMPLES / "three_galaxies" / "request.json").read_text()) == SEED_REQUEST


def test_the_profiles_are_those_that_requests_may_name(service: Service) -> None:
    profiles = service.client.get("/v1/profiles").json()["profiles"]
    assert [profile["name"] for profile in profiles] == list(PROFILES)
    assert all(profile["parameters"] and profile["formula"] for profile in profiles)


def test_the_methods_are_those_that_stages_may_name(service: Service) -> None:
    methods = service.client.get("/v1/methods").json()["methods"]
    assert [method["name"] for method in methods] == list(METHODS)


def test_the_front_is_the_page(service: Service) -> None:
    response = service.client.get("/")
    assert (response.status_code, response.headers["content-type"]) == (200, "text/html; charset=utf-8")


def test_the_service_says_that_it_lives_and_is_ready(service: Service) -> None:
    assert service.client.get("/healthz").json()["status"] == "ok"
    readiness = service.client.get("/readyz").json()
    assert readiness["status"] == "ready"
    assert set(readiness["checks"]) == {"database", "broker", "blobs", "sandbox", "workers"}
    assert readiness["checks"]["workers"]["detail"] == "No worker has reported itself: fits wait until one does."
