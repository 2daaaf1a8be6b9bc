"""A running fit, watched: its parameters as events and in the record, its residual as a picture."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.app.conftest import Service, wait_until
from tests.app.test_fits import post_form
from tests.fitting.images.files import write_bands

LONG = [{"method": "metropolis", "samples": 2_000_000, "chains": 2}]


@pytest.fixture(scope="module")
def running(working_service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A joint fit of three images that goes on until the tests are over; it has shown its residual."""
    client = working_service.client
    folder = tmp_path_factory.mktemp("bands")
    request = write_bands(folder)
    for image in request["images"]:
        image["data"] = working_service.upload(folder / f"{image['name']}.fits")
    fit = client.post("/v1/fits", json={**request, "stages": LONG}).json()

    def shown() -> dict[str, Any] | None:
        found: dict[str, Any] = client.get(fit["links"]["self"]).json()
        return found if found["progress"] and found["progress"]["residual"] else None

    yield wait_until(shown, 180, "a picture of the residual")
    client.post(fit["links"]["cancel"])
    working_service.finished(fit["id"])


def test_the_record_tells_the_free_parameters_now_and_at_the_start(running: dict[str, Any]) -> None:
    progress = running["progress"]
    assert {"a.flux[g]", "a.flux[r]", "a.flux[i]", "a.q"} <= progress["parameters"].keys()
    assert progress["parameters_at_start"].keys() == progress["parameters"].keys()
    assert progress["parameters_at_start"]["a.q"] == pytest.approx(0.7)


def test_events_carry_them_too(working_service: Service, running: dict[str, Any]) -> None:
    told: list[dict[str, Any]] = []
    with working_service.client.stream("GET", running["links"]["events"]) as stream:
        for line in stream.iter_lines():
            if line.startswith("data: "):
                told.append(json.loads(line.removeprefix("data: "))["progress"])
            if len(told) == 4:
                break
    assert all(progress["residual"]["sequence"] >= 1 for progress in told)
    assert len({json.dumps(progress["parameters"]) for progress in told}) > 1, "a sampler's chain moves"


def test_each_image_has_a_picture_of_its_own(working_service: Service, running: dict[str, Any]) -> None:
    pictures = running["progress"]["residual"]["pictures"]
    assert list(pictures) == ["g", "r", "i"]
    contents = set()
    for address in pictures.values():
        response = working_service.client.get(address)
        assert (response.status_code, response.headers["content-type"]) == (200, "image/png")
        assert response.headers["cache-control"] == "private, no-cache"
        contents.add(response.content)
    assert len(contents) == 3
    assert all(content.startswith(b"\x89PNG") for content in contents)


def test_the_picture_is_a_new_one_after_a_while_and_the_same_is_not_sent_again(
    working_service: Service, running: dict[str, Any]
) -> None:
    address = f"{running['links']['self']}/progress/residual.png"
    tag = working_service.client.get(address).headers["etag"]
    answers = [working_service.client.get(address, headers={"If-None-Match": tag}) for _ in range(3)]
    assert 304 in {answer.status_code for answer in answers}

    def another() -> bool:
        answer = working_service.client.get(address, headers={"If-None-Match": tag})
        return answer.status_code == 200 and answer.headers["etag"] != tag

    wait_until(another, 60, "the next picture")


def test_an_image_that_the_fit_has_not_is_not_found(working_service: Service, running: dict[str, Any]) -> None:
    response = working_service.client.get(
        f"{running['links']['self']}/progress/residual.png", params={"image": "nosuch"}
    )
    assert (response.status_code, response.json()["type"]) == (404, "urn:photfit:problem:not-found")
    assert "g, r, i" in response.json()["detail"]


def test_a_fit_that_does_not_run_has_none_and_says_so(
    service: Service, seed_request: dict[str, Any], seed_file: Path
) -> None:
    fit = post_form(service, seed_request, seed_file).json()
    response = service.client.get(f"{fit['links']['self']}/progress/residual.png")
    assert (response.status_code, response.json()["type"]) == (404, "urn:photfit:problem:no-picture")
    assert "queued" in response.json()["detail"]


def test_a_cancelled_fit_keeps_the_parameters_and_loses_the_pictures(
    working_service: Service, running: dict[str, Any]
) -> None:
    client = working_service.client
    client.post(running["links"]["cancel"])
    fit = working_service.finished(running["id"])
    assert fit["state"] == "cancelled"
    assert fit["progress"]["parameters"].keys() == running["progress"]["parameters"].keys()
    assert fit["progress"]["residual"] is None
    assert not list(working_service.data.rglob("live"))
    assert client.get(f"{fit['links']['self']}/progress/residual.png").status_code == 404
