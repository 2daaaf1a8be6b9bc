"""Every example that the OpenAPI document and the client print works as it stands there, but for the id of an upload
and the address of the service.
"""

import doctest
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from photfit import FlatSky, Sersic
from photfit.client import Client
from tests.app.accounts import client_of, key_of
from tests.app.conftest import EXAMPLES, Service, wait_until

EXAMPLE_UPLOAD = "upl_01JDA6Q8Z4M1V6T9W3K2B7C5XN"
FOLDER = EXAMPLES / "three_galaxies"
FILE = FOLDER / "three_galaxies.fits"
WITH_PSF = EXAMPLES / "three_galaxies_psf" / "three_galaxies_psf.fits"
"""Every plane that an example names."""
FETCHES = ("/v1/uploads", "application/json")
"""The address of a file elsewhere: tests have no network, and a service fetches from no host that it is not told."""
NEEDS_ACCOUNTS = ("/v1/keys", "/v1/session")
"""Here they answer that there are none; with accounts they are tried below."""
NEEDS_WEBHOOKS = ("/v1/skyportal",)
"""A service tells nobody by default; the example is tried in `tests/app/test_skyportal.py`."""
RUNS = "/v1/fits/{fit_id}/progress/residual.png"
"""Only a running fit has this."""

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Stage:
    """A service with a finished fit that has chains, a finished catalogue, and what its document says."""

    client: httpx.Client
    parts: dict[str, str]
    document: dict[str, Any]

    def parts_of(self, path: str, operation: dict[str, Any]) -> dict[str, str]:
        """What stands for the parameters of a path; names of examples and modifiers are those that are printed."""
        shown = {each["name"]: printed(each) for each in operation.get("parameters", ()) if each["in"] == "path"}
        if not path.startswith(("/v1/examples/", "/v1/profiles/")):
            return self.parts | ({"name": shown["name"][0]} if shown.get("name") else {})
        return {name: examples[0] for name, examples in shown.items()}

    def filled(self, path: str) -> str:
        return path.format_map(self.parts)

    def job(self) -> str:
        """The id of a job that waits."""
        text = json.dumps(self.client.get(f"/v1/fits/{self.parts['fit_id']}/request").json())
        return self.client.post("/uws/fits", data={"REQUEST": text}).headers["location"].rpartition("/")[2]

    @staticmethod
    def required(operation: dict[str, Any]) -> dict[str, Any]:
        """What a query must have: an example, or the first of the words that it may be."""
        needed = [each for each in operation.get("parameters", ()) if each["in"] == "query" and each.get("required")]
        return {each["name"]: [*printed(each), *each["schema"].get("enum", ())][0] for each in needed}

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                yield method, path, operation


@pytest.fixture(scope="module")
def stage(working_service: Service) -> Stage:
    client = working_service.client
    upload = working_service.upload(WITH_PSF)
    request = json.loads((FOLDER / "request.json").read_text().replace(FILE.name, upload))
    request["stages"] = [{"method": "lm"}, {"method": "metropolis", "samples": 20, "chains": 2, "warmup": 5}]
    fit = client.post("/v1/fits", json=request).json()["id"]
    assert working_service.finished(fit)["state"] == "succeeded"
    document = client.get("/openapi.json").json()
    parts = {"fit_id": fit, "upload_id": upload, "image": "image", "plane": "model", "component": "a"}
    parts |= {"name": "corner.png", "catalogue_id": unconverged_catalogue(working_service, document, upload), "n": "0"}
    return Stage(client, parts, document)


def unconverged_catalogue(service: Service, document: dict[str, Any], upload: str) -> str:
    """The id of the catalogue of the example, after one iteration: it has rows that are worth to be fitted again."""
    body = document["paths"]["/v1/catalogues"]["post"]["requestBody"]["content"]["application/json"]
    request = json.loads(json.dumps(printed(body)[0]).replace(EXAMPLE_UPLOAD, upload))
    request["template"]["stages"] = [{"method": "lm", "max_iterations": 1}]
    address = service.client.post("/v1/catalogues", json=request).headers["location"]
    wait_until(lambda: service.client.get(address).json()["state"] == "succeeded", 120, "a catalogue")
    return address.rpartition("/")[2]


def printed(described: dict[str, Any]) -> list[Any]:
    """The examples of a parameter or a body, wherever the document may put them."""
    found = [example["value"] for example in described.get("examples", {}).values()]
    found += [described[key] for key in ("example",) if key in described]
    schema = described.get("schema", {})
    found += [schema[key] for key in ("example",) if key in schema]
    return found + list(schema.get("examples", ()))


def test_examples_of_parameters_work(stage: Stage) -> None:
    tried = 0
    for method, path, operation in stage.operations():
        for parameter in operation.get("parameters", ()):
            for value in () if parameter["in"] == "header" else printed(parameter):
                assert method == "get", (path, parameter["name"])
                parts = stage.parts_of(path, operation) | (
                    {parameter["name"]: value} if parameter["in"] == "path" else {}
                )
                query = stage.required(operation)
                query |= {parameter["name"]: value} if parameter["in"] == "query" else {}
                response = stage.client.get(path.format_map(parts), params=query)
                assert response.status_code == 200, (path, parameter["name"], value, response.text[:300])
                tried += 1
    assert tried >= 5


def test_examples_of_bodies_work(stage: Stage) -> None:
    tried = 0
    for method, path, operation in stage.operations():
        for kind, described in operation.get("requestBody", {}).get("content", {}).items():
            untried = path in (*NEEDS_ACCOUNTS, *NEEDS_WEBHOOKS) or (path, kind) == FETCHES
            for value in () if untried else printed(described):
                response = send(stage, method, path, kind, value)
                assert response.status_code < 400, (method, path, kind, value, response.text[:300])
                tried += 1
    assert tried >= 10


def test_every_body_that_is_not_a_file_has_an_example(stage: Stage) -> None:
    without = [
        (method, path, kind)
        for method, path, operation in stage.operations()
        for kind, described in operation.get("requestBody", {}).get("content", {}).items()
        if path != "/v1/uploads" and not printed(resolved(stage.document, described))
    ]
    assert without == []


def resolved(document: dict[str, Any], described: dict[str, Any]) -> dict[str, Any]:
    """A body whose schema stands where it is used."""
    name = described.get("schema", {}).get("$ref", "").rpartition("/")[2]
    return {**described, "schema": document["components"]["schemas"][name]} if name else described


def test_every_thing_that_can_be_read_is_read_as_printed(stage: Stage) -> None:
    for method, path, operation in stage.operations():
        if method != "get" or path in (*NEEDS_ACCOUNTS, RUNS):
            continue
        job = {"job_id": stage.job()} if "{job_id}" in path else {}
        parts = stage.parts_of(path, operation) | job
        with stage.client.stream("GET", path.format_map(parts), params=stage.required(operation)) as response:
            assert response.status_code == 200, path


def test_examples_of_headers_work(stage: Stage) -> None:
    tried = 0
    for method, path, operation in stage.operations():
        body = next(iter(operation.get("requestBody", {}).get("content", {}).items()), None)
        for parameter in operation.get("parameters", ()):
            for value in printed(parameter) if parameter["in"] == "header" else ():
                # A key is for one request.
                headers = {parameter["name"]: f"{value}-{tried}" if parameter["name"] == "idempotency-key" else value}
                if body is None:
                    with stage.client.stream("GET", stage.filled(path), headers=headers) as response:
                        assert response.status_code in (200, 304), (path, headers)
                else:
                    kind, described = body
                    response = send(stage, method, path, kind, printed(described)[0], headers)
                    assert response.status_code < 400, (path, headers, response.text[:300])
                tried += 1
    assert tried >= 5


def test_examples_of_keys_and_sessions_work(make_service: Callable[..., Service]) -> None:
    service = make_service(accounts="true")
    key = key_of(service, "vera")
    document = service.client.get("/openapi.json").json()
    bodies = {
        path: resolved(document, document["paths"][path]["post"]["requestBody"]["content"]["application/json"])
        for path in NEEDS_ACCOUNTS
    }
    (made,), (credentials,) = (printed(bodies[path]) for path in NEEDS_ACCOUNTS)
    with client_of(service, key) as client:
        assert client.post("/v1/keys", json=made).status_code == 201
        assert client.get("/v1/keys").status_code == 200
    assert list(credentials) == ["key"]
    assert service.client.post("/v1/session", json={"key": key}).status_code == 200


def send(
    stage: Stage, method: str, path: str, kind: str, value: Any, headers: dict[str, str] | None = None
) -> httpx.Response:
    """The example, sent as what its content type says."""
    text = json.dumps(value).replace(EXAMPLE_UPLOAD, stage.parts["upload_id"])
    real = json.loads(text)
    address = path.format_map({**stage.parts, "job_id": stage.job() if "{job_id}" in path else ""})
    if kind == "multipart/form-data":
        files = {"request": (None, json.dumps(real["request"])), "file": (FILE.name, FILE.read_bytes())}
        return stage.client.request(method, address, files=files, headers=headers)
    if kind == "application/x-www-form-urlencoded":
        return stage.client.request(method, address, data=real, headers=headers)
    return stage.client.request(method, address, content=text, headers={**(headers or {}), "Content-Type": kind})


def test_the_example_of_the_client_works(
    working_service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(FILE, "galaxy.fits")

    class ClientHere(Client):
        """A client of the test's service, whichever address it is given."""

        def __init__(self, _address: str) -> None:
            super().__init__(str(working_service.client.base_url))

    names = {"Client": ClientHere, "Sersic": Sersic, "FlatSky": FlatSky}
    example = doctest.DocTestParser().get_doctest(Client.__doc__ or "", names, "Client", None, None)
    assert len(example.examples) == 3
    outcome = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example)
    assert outcome.failed == 0
