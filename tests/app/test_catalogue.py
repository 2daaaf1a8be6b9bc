"""What the service says that it can fit."""

import json
from typing import Any

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


@pytest.mark.parametrize(
    ("name", "options", "names"),
    [
        ("spline", {"radii": [0, 3, 9]}, ["x", "y", "q", "pa", "i_1", "i_2", "i_3"]),
        ("multi_gaussian", {"gaussians": 2}, ["x", "y", "q", "pa", "sigma_1", "i_1", "sigma_2", "i_2"]),
        ("basis", {"images": ["a.fits", {"upload": "upl_b", "hdu": 1}]}, ["x", "y", "c_1", "c_2"]),
        ("formula", {"brightness": "a * exp(-r / b)"}, ["x", "y", "q", "pa", "a", "b"]),
        ("sersic", None, ["x", "y", "q", "pa", "n", "r_e", "i_e"]),
    ],
)
def test_the_parameters_of_a_profile_follow_its_options(
    service: Service, name: str, options: dict[str, Any] | None, names: list[str]
) -> None:
    query = {} if options is None else {"options": json.dumps(options)}
    answer = service.client.get(f"/v1/profiles/{name}", params=query).json()
    own = [parameter["name"] for parameter in answer["parameters"]]
    assert own[: len(names)] == names
    assert (answer["options"] is None) == (options is None)
    assert set(options or {}) <= set((answer["options"] or {}).get("properties", {}))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("spline", '{"radii": [3, 1]}'),
        ("spline", "{"),
        ("spline", "[" * 9000),
        ("sersic", "{}"),
        ("basis", "{}"),
        ("spline", "9" * 5000),
        ("formula", '{"brightness": "import os"}'),
        ("multi_gaussian", '{"gaussians": 1e9}'),
    ],
)
def test_options_that_no_component_could_have_are_refused(service: Service, name: str, options: str) -> None:
    answer = service.client.get(f"/v1/profiles/{name}", params={"options": options})
    assert answer.status_code == 422
    assert answer.json()["faults"][0]["path"].startswith("$.options")
    assert answer.json()["faults"][0]["message"]


def test_a_profile_that_there_is_not_is_not_found(service: Service) -> None:
    assert service.client.get("/v1/profiles/teapot").status_code == 404
