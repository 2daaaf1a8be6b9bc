"""Labels, searching, and repeating a fit with changes."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.app.conftest import Service
from tests.app.test_fits import post_form, with_uploads


@pytest.fixture
def labelled(service: Service, seed_file: Path, seed_request: dict[str, Any]) -> dict[str, Any]:
    """A queued fit with labels."""
    response = post_form(service, {**seed_request, "labels": ["field", "run 7", "field"]}, seed_file)
    assert response.status_code == 202, response.text
    fit: dict[str, Any] = response.json()
    return fit


def listed(service: Service, **query: Any) -> set[str]:
    response = service.client.get("/v1/fits", params={"limit": 100, **query})
    assert response.status_code == 200, response.text
    return {fit["id"] for fit in response.json()["fits"]}


def patched(service: Service, address: str, method: str, changes: Any) -> Any:
    headers = {"Content-Type": "application/merge-patch+json"}
    return service.client.request(method, address, content=json.dumps(changes), headers=headers)


def test_labels_of_the_request_are_the_fits(service: Service, labelled: dict[str, Any]) -> None:
    assert labelled["labels"] == ["field", "run 7"]
    assert service.client.get(labelled["links"]["self"]).json()["labels"] == ["field", "run 7"]


def test_labels_and_text_find_the_fit(service: Service, labelled: dict[str, Any]) -> None:
    identity = labelled["id"]
    for query in (
        {"label": ["run 7", "field"]},
        {"search": "THREE GAL"},
        {"search": "gal 7 three"},
        {"search": "run"},
        {"search": identity},
    ):
        assert identity in listed(service, **query), query
    for query in ({"label": "run"}, {"search": "nosuch"}, {"search": "three nosuch"}, {"state": ["running", "failed"]}):
        assert identity not in listed(service, **query), query
    assert identity in listed(service, state=["running", "queued"], label="field", search="three")


def test_name_and_labels_can_be_changed(service: Service, labelled: dict[str, Any]) -> None:
    tag = service.client.get(labelled["links"]["self"]).headers["etag"]
    renamed = patched(service, labelled["links"]["self"], "PATCH", {"name": "other"}).json()
    assert (renamed["name"], renamed["labels"]) == ("other", ["field", "run 7"])
    again = service.client.get(labelled["links"]["self"], headers={"If-None-Match": tag})
    assert again.status_code == 200
    assert patched(service, labelled["links"]["self"], "PATCH", {"labels": []}).json()["labels"] == []


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"labels": ['a"b']}, "$.labels[0]"),
        ({"labels": [" a"]}, "$.labels[0]"),
        ({"labels": [7]}, "$.labels[0]"),
        ({"labels": "a"}, "$.labels"),
        ({"name": None}, "$.name"),
        ({"state": "succeeded"}, "$.state"),
        ([], "$"),
    ],
)
def test_a_change_that_cannot_be_is_told_with_its_place(
    service: Service, labelled: dict[str, Any], changes: Any, place: str
) -> None:
    response = patched(service, labelled["links"]["self"], "PATCH", changes)
    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")
    assert [fault["path"] for fault in response.json()["faults"]] == [place]


def test_a_change_of_a_fit_that_is_not_there_is_a_404(service: Service) -> None:
    assert patched(service, "/v1/fits/fit_nosuch", "PATCH", {"name": "x"}).status_code == 404


def test_a_rerun_takes_changes(service: Service, labelled: dict[str, Any]) -> None:
    changes = {"seed": 7, "stages": [{"method": "lm", "max_iterations": 3}], "labels": None, "name": "again"}
    response = patched(service, labelled["links"]["rerun"], "POST", changes)
    again = response.json()
    assert (response.status_code, again["state"], again["name"], again["labels"]) == (202, "queued", "again", [])
    before, after = (service.client.get(fit["links"]["request"]).json() for fit in (labelled, again))
    assert after["stages"] == changes["stages"]
    assert after["seed"] == 7
    assert after["components"] == before["components"]
    assert after["images"] == before["images"]


def test_a_rerun_has_the_name_and_labels_that_the_fit_has_now(service: Service, labelled: dict[str, Any]) -> None:
    patched(service, labelled["links"]["self"], "PATCH", {"name": "now", "labels": ["new"]})
    again = service.client.post(labelled["links"]["rerun"]).json()
    assert (again["name"], again["labels"]) == ("now", ["new"])


def test_a_rerun_whose_changes_are_wrong_is_refused_with_nothing_stored(
    service: Service, labelled: dict[str, Any]
) -> None:
    before = service.stored()
    for changes, place in (({"stages": [{"method": "nosuch"}]}, "$.stages[0].method"), ({"images": None}, "$.images")):
        response = patched(service, labelled["links"]["rerun"], "POST", changes)
        assert response.status_code == 422
        assert response.json()["faults"][0]["path"] == place
    assert patched(service, labelled["links"]["rerun"], "POST", [1]).status_code == 422
    assert service.stored() == before


def test_a_key_tells_reruns_with_other_changes_apart(service: Service, labelled: dict[str, Any]) -> None:
    headers = {"Idempotency-Key": f"rerun-{labelled['id']}", "Content-Type": "application/merge-patch+json"}

    def rerun(changes: dict[str, Any]) -> Any:
        return service.client.post(labelled["links"]["rerun"], content=json.dumps(changes), headers=headers)

    first, second, other = rerun({"seed": 1}), rerun({"seed": 1}), rerun({"seed": 2})
    assert first.json()["id"] == second.json()["id"]
    assert other.status_code == 422


def test_labels_come_with_a_json_request_too(service: Service, seed_file: Path, seed_request: dict[str, Any]) -> None:
    request = with_uploads(seed_request, service.upload(seed_file), seed_file.name)
    fit = service.client.post("/v1/fits", json={**request, "labels": ["a", "b"]}).json()
    assert fit["labels"] == ["a", "b"]
