"""Everything that can be wrong with a request is told at once, by its place, and stores nothing."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.app.conftest import Service
from tests.app.images import SIDE, fits_bytes, kernel, noise

PROBLEM = "application/problem+json"
Change = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def planes(service: Service) -> str:
    """The id of an upload with sound and unsound planes."""
    masked = np.ones((SIDE, SIDE))
    content = fits_bytes(
        [
            ("DATA", noise()),
            ("VARIANCE", np.ones((SIDE, SIDE))),
            ("SMALL", np.ones((SIDE - 1, SIDE))),
            ("MASKED", masked),
            ("NAN", np.full((SIDE, SIDE), np.nan)),
            ("EVEN", kernel(8)),
            ("ZERO", np.zeros((7, 7))),
            ("PSF", kernel(7)),
            ("CUBE", np.zeros((2, SIDE, SIDE))),
            ("NEGATIVE", -np.ones((SIDE, SIDE))),
        ]
    )
    response = service.client.post("/v1/uploads", params={"filename": "planes.fits"}, content=content)
    assert response.status_code == 201, response.text
    identity: str = response.json()["id"]
    return identity


@pytest.fixture
def request_document(planes: str) -> dict[str, Any]:
    """A sound request of a sky and a galaxy."""
    return {
        "name": "bad",
        "images": [{"name": "r", "data": f"{planes}[DATA]", "variance": f"{planes}[VARIANCE]"}],
        "components": [
            {"name": "sky", "profile": "flat_sky", "parameters": {"i": 10.0}},
            {
                "name": "a",
                "profile": "sersic",
                "parameters": {"x": 16.0, "y": 16.0, "q": 0.6, "pa": 40.0, "n": 1.5, "r_e": 5.0, "i_e": 3.0},
            },
        ],
        "stages": [{"method": "lm"}],
    }


def image(**changes: Any) -> Change:
    """A change of the image; `{planes}` stands for the upload's id."""

    def change(document: dict[str, Any]) -> None:
        upload = document["images"][0]["data"].partition("[")[0]
        text = json.dumps(changes).replace("PLANES", upload)
        document["images"][0].update(json.loads(text))

    return change


def galaxy(**changes: Any) -> Change:
    """A change of the galaxy's parameters."""
    return lambda document: document["components"][1]["parameters"].update(changes)


def top(**changes: Any) -> Change:
    """A change of the request's own members."""
    return lambda document: document.update(changes)


BAD_REQUESTS: dict[str, tuple[Change, str]] = {
    "shapes of data and variance differ": (image(variance="PLANES[SMALL]"), "$.images[0].variance"),
    "shapes of data and mask differ": (image(mask="PLANES[SMALL]"), "$.images[0].mask"),
    "a PSF with NaN pixels": (image(psf="PLANES[NAN]"), "$.images[0].psf"),
    "a PSF that sums to zero": (image(psf="PLANES[ZERO]"), "$.images[0].psf"),
    "every pixel masked": (image(mask="PLANES[MASKED]"), "$.images[0]"),
    "NaN everywhere": (image(data="PLANES[NAN]"), "$.images[0]"),
    "no variance above zero": (image(variance="PLANES[NEGATIVE]"), "$.images[0]"),
    "a cube": (image(data="PLANES[CUBE]"), "$.images[0].data"),
    "an HDU that the file has not": (image(data="PLANES[NOSUCH]"), "$.images[0].data"),
    "an HDU number that the file has not": (image(data="PLANES[99]"), "$.images[0].data"),
    "a window outside the image": (image(window={"x": [100, 120], "y": [0, 9]}), "$.images[0].window"),
    "an empty window": (image(window={"x": [5, 5]}), "$.images[0].window.x"),
    "an unknown upload": (image(data="upl_nosuch"), "$.images[0].data"),
    "a path": (image(data={"path": "/etc/passwd"}), "$.images[0].data"),
    "an unknown key in an image": (image(colour="red"), "$.images[0].colour"),
    "an unknown profile": (lambda d: d["components"][1].update(profile="sersick"), "$.components[1].profile"),
    "an unknown parameter": (galaxy(radius=3.0), "$.components[1].parameters.radius"),
    "a value above its limit": (galaxy(q=1.5), "$.components[1].parameters.q"),
    "a value outside its own limits": (galaxy(n={"value": 9.0, "max": 8.0}), "$.components[1].parameters.n.value"),
    "limits the wrong way round": (galaxy(n={"value": 2.0, "min": 4.0, "max": 1.0}), "$.components[1].parameters.n"),
    "links in a circle": (galaxy(x="= a.y", y="= a.x"), "$.components[1].parameters.x"),
    "a link to itself": (galaxy(x="= a.x + 1"), "$.components[1].parameters.x"),
    "a link to nothing": (galaxy(x="= b.x"), "$.components[1].parameters.x"),
    "a link that is no expression": (galaxy(x="= a.y +"), "$.components[1].parameters.x"),
    "a link that calls for code": (galaxy(x="= __import__('os').getpid()"), "$.components[1].parameters.x"),
    "an unknown method": (top(stages=[{"method": "lmm"}]), "$.stages[0].method"),
    "an unknown option": (top(stages=[{"method": "lm", "steps": 3}]), "$.stages[0].steps"),
    "an unknown member": (top(colour="red"), "$.colour"),
    "no images": (top(images=[]), "$.images"),
    "no components": (top(components=[]), "$.components"),
    "an unknown device": (top(device="abacus"), "$.device"),
    "an unknown noise": (top(noise="pink"), "$.noise"),
    "a number as text": (top(seed="42"), "$.seed"),
}


@pytest.mark.parametrize(("change", "path"), BAD_REQUESTS.values(), ids=BAD_REQUESTS.keys())
def test_a_fault_is_told_by_its_place(
    service: Service, request_document: dict[str, Any], change: Change, path: str
) -> None:
    change(request_document)
    response = service.client.post("/v1/fits", json=request_document)
    problem = response.json()
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == PROBLEM
    assert problem["type"] == "urn:photfit:problem:request-invalid"
    paths = [fault["path"] for fault in problem["faults"]]
    assert any(found == path or found.startswith((f"{path}.", f"{path}[")) for found in paths), problem
    assert all(fault["message"] for fault in problem["faults"])


def test_a_bad_request_stores_nothing(service: Service, request_document: dict[str, Any]) -> None:
    before = service.stored()
    for change, _ in BAD_REQUESTS.values():
        document = json.loads(json.dumps(request_document))
        change(document)
        service.client.post("/v1/fits", json=document)
    assert service.stored() == before


def test_every_fault_is_told_at_once(service: Service, request_document: dict[str, Any]) -> None:
    request_document["components"][1]["profile"] = "sersick"
    request_document["stages"] = [{"method": "lmm"}]
    paths = {fault["path"] for fault in service.client.post("/v1/fits", json=request_document).json()["faults"]}
    assert {"$.components[1].profile", "$.stages[0].method"} <= paths


@pytest.mark.parametrize("text", ["", "{", "[1, 2", '{"seed": NaN}', '{"seed": 1e999}', '"\ud800"', "[" * 5000])
def test_a_body_that_is_not_json_is_a_problem_document(service: Service, text: str) -> None:
    response = service.client.post(
        "/v1/fits", content=text.encode("utf-8", "surrogatepass"), headers={"Content-Type": "application/json"}
    )
    assert (response.status_code, response.headers["content-type"]) == (400, PROBLEM)


@pytest.mark.parametrize("document", [None, 3, "text", [], {}, {"images": None}, {"components": {"a": 1}}])
def test_json_that_is_no_request_is_a_problem_document(service: Service, document: object) -> None:
    response = service.client.post(
        "/v1/fits", content=json.dumps(document).encode(), headers={"Content-Type": "application/json"}
    )
    assert (response.status_code, response.headers["content-type"]) == (422, PROBLEM)
    assert response.json()["faults"]


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", None])
def test_another_content_type_is_refused(service: Service, request_document: dict[str, Any], kind: str | None) -> None:
    headers = {"Content-Type": kind} if kind else {}
    response = service.client.post("/v1/fits", content=json.dumps(request_document).encode(), headers=headers)
    assert (response.status_code, response.headers["content-type"]) == (415, PROBLEM)


@pytest.mark.parametrize("query", ["wait=NaN", "wait=-1", "wait=abc", "state=nosuch"])
def test_a_bad_query_names_the_parameter(service: Service, query: str) -> None:
    response = service.client.get(f"/v1/fits/fit_nosuch?{query}")
    assert (response.status_code, response.headers["content-type"]) == (422, PROBLEM)
    assert response.json()["faults"][0]["path"].startswith(f"query.{query.partition('=')[0]}")
    assert "nosuch" not in response.json()["faults"][0]["message"]


@pytest.mark.parametrize(
    "path", ["/nosuch", "/v1/nosuch", "/v1/fits/fit_nosuch", "/v1/fits/fit_nosuch/parameters", "/v1/uploads/upl_nosuch"]
)
def test_what_does_not_exist_is_a_404_problem(service: Service, path: str) -> None:
    response = service.client.get(path)
    assert (response.status_code, response.headers["content-type"]) == (404, PROBLEM)
    assert response.json()["type"] == "urn:photfit:problem:not-found"


def test_a_method_that_a_path_does_not_take_is_a_405_problem(service: Service) -> None:
    response = service.client.put("/v1/fits")
    assert (response.status_code, response.headers["content-type"]) == (405, PROBLEM)
    assert response.headers["allow"]


def test_a_problem_names_the_request_as_the_log_does(service: Service) -> None:
    response = service.client.get("/v1/fits/fit_nosuch", headers={"X-Request-Id": "my-request-7"})
    assert response.headers["x-request-id"] == response.json()["instance"] == "my-request-7"


def test_a_long_faulty_request_is_refused_with_its_faults(service: Service) -> None:
    links = [{"name": f"c{n}", "profile": "sersic", "parameters": {"x": f"= c{n}.x", "y": 5}} for n in range(2000)]
    response = service.client.post("/v1/fits", json={"images": [{"data": "upl_none"}], "components": links})
    assert response.status_code == 422, response.text
    assert len(response.json()["faults"]) == 100
    assert response.json()["faults"][0]["message"] == "links to itself"
