"""What the service says that it can fit."""

import json

import pytest

from fitting.spec import parse_request
from fitting.spec.modifiers import GEOMETRY
from tests.app.conftest import Service


def test_every_modifier_is_told_with_its_parameters(service: Service) -> None:
    modifiers = service.client.get("/v1/profiles").json()["geometry"]
    assert [item["name"] for item in modifiers] == list(GEOMETRY)
    for item in modifiers:
        assert item["formula"]
        assert item["source"]
        assert all(parameter["description"] for parameter in item["parameters"])


def test_what_is_told_of_a_modifier_makes_a_request(service: Service) -> None:
    """Its name, its setting and its parameters, as they stand in the answer."""
    plain = {"x": 1, "y": 2, "q": 0.5, "pa": 3, "n": 1, "r_e": 4, "i_e": 5}
    for item in service.client.get("/v1/profiles").json()["geometry"]:
        own = {parameter["name"]: parameter.get("min", 1.0) for parameter in item["parameters"]}
        geometry = item["name"] if item["setting"] is None else {item["name"]: item["setting"]}
        component = {"name": "a", "profile": "sersic", "geometry": [geometry], "parameters": plain | own}
        parse_request({"images": [{"name": "i", "data": "i.fits"}], "components": [component]})


def test_the_parameters_follow_the_setting(service: Service) -> None:
    answer = service.client.get("/v1/profiles/geometry/bending", params={"setting": json.dumps([2, 3])}).json()
    assert [parameter["name"] for parameter in answer["parameters"]] == ["bending_2", "bending_3"]
    assert answer["setting"] == [2, 3]
    assert service.client.get("/v1/profiles/geometry/bending").json()["setting"] == [2]


@pytest.mark.parametrize(
    ("name", "setting", "words"),
    [
        ("fourier", "[3, 1]", "does not rise"),
        ("fourier", "[99]", "no setting of fourier"),
        ("rays", "1", "no setting of rays"),
        ("superellipse", "3", "takes no setting"),
        ("warp", "{", "no JSON"),
        ("rotation", '"sideways"', "no setting of rotation"),
    ],
)
def test_a_setting_that_is_none_is_refused(service: Service, name: str, setting: str, words: str) -> None:
    response = service.client.get(f"/v1/profiles/geometry/{name}", params={"setting": setting})
    assert response.status_code == 422
    (fault,) = response.json()["faults"]
    assert fault["path"] == "$.setting"
    assert words in fault["message"]
    assert fault["expected"]


def test_an_unknown_modifier_is_not_found(service: Service) -> None:
    response = service.client.get("/v1/profiles/geometry/teapot")
    assert response.status_code == 404
    assert "fourier" in response.json()["detail"]
