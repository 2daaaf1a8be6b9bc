"""Two accounts, every route of the OpenAPI document: neither sees, counts, changes or fetches what is the other's."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.app.accounts import client_of, key_of
from tests.app.conftest import EXAMPLES, FIT_SECONDS, Service, free_port, started_broker, wait_until

SETTINGS = {"PHOTFIT_ACCOUNTS": "true", "PHOTFIT_REFUSALS_PER_MINUTE": "1000"}
FINAL = {"succeeded", "failed", "cancelled"}
FOR_ADMINISTRATORS = ("/metrics",)
"""Routes that tell of everybody in figures, to administrators alone."""
OPEN_TO_ALL = (
    "/healthz",
    "/readyz",
    "/v1/profiles",
    "/v1/methods",
    "/v1/priors",
    "/v1/flags",
    "/v1/examples",
    "/v1/session",
)
"""Routes that are about nobody's things, and those below them."""
WHILE_IT_RUNS = ("/v1/fits/{fit_id}/progress/residual.png",)
"""Routes that give something of a running fit alone: of her finished one they tell her that there is nothing."""


_IDS = ("fit_id", "upload_id", "key_id", "job_id", "catalogue_id", "search_id")
UWS_FORM = {"PHASE": "ABORT", "ACTION": "DELETE", "EXECUTIONDURATION": "1", "DESTRUCTION": "2020-01-01"}


@dataclass(frozen=True)
class Belongings:
    """What one account has, as the parts of the routes' paths."""

    parts: dict[str, str]

    def address(self, path: str) -> str:
        """A route's path, filled in; a part that nobody taught this test fails it."""
        if path.startswith("/v1/fits/{fit_id}/export"):
            return path.format_map({**self.parts, "name": "fit_again.py"}) + "?format=script"
        return path.format_map(self.parts)

    def never(self) -> "Belongings":
        """The same with ids that were never given out."""
        ids = {part: self.parts[part][:-4] + "zzzz" for part in _IDS}
        return Belongings({**self.parts, **ids})

    def shows_in(self, text: str) -> bool:
        """Whether an answer names anything of it."""
        return any(self.parts[part] in text for part in _IDS)


@dataclass(frozen=True)
class Household:
    """The service, two accounts, and what the first one has."""

    service: Service
    vera: httpx.Client
    henrietta: httpx.Client
    veras: Belongings
    document: dict[str, Any]


@pytest.fixture(scope="module")
def household(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Household]:
    server = started_broker()
    made = Service(tmp_path_factory.mktemp("household"), free_port(), server, SETTINGS)
    try:
        made.start()
        made.start_worker()
        with client_of(made, key_of(made, "vera")) as vera, client_of(made, key_of(made, "henrietta")) as henrietta:
            veras = belongings(vera)
            yield Household(made, vera, henrietta, veras, made.client.get("/openapi.json").json())
    finally:
        made.stop()
        server.stop()


def belongings(client: httpx.Client) -> Belongings:
    """A finished fit with chains, the upload that it used, and a key."""
    folder = EXAMPLES / "three_galaxies"
    image = (folder / "three_galaxies.fits").read_bytes()
    upload = client.post("/v1/uploads", params={"filename": "three_galaxies.fits"}, content=image).json()["id"]
    request = json.loads((folder / "request.json").read_text().replace("three_galaxies.fits", upload))
    request["stages"] = [{"method": "metropolis", "samples": 20, "chains": 2, "warmup": 5}]
    request["name"] = "vera's"
    response = client.post("/v1/fits", json=request)
    assert response.status_code == 202, response.text
    fit = response.json()["id"]
    wait_until(lambda: client.get(f"/v1/fits/{fit}").json()["state"] in FINAL, FIT_SECONDS, "the end of the fit")
    assert client.get(f"/v1/fits/{fit}").json()["error"] is None
    key = client.post("/v1/keys", json={"name": "vera's"}).json()["id"]
    job = client.post("/uws/fits", data={"REQUEST": json.dumps(request)}).headers["location"].rpartition("/")[2]
    template = {**request, "stages": [], "name": ""}
    asked = {"objects": {"rows": [{"id": 1}]}, "template": {k: v for k, v in template.items() if k != "seed"}}
    response = client.post("/v1/catalogues", json=asked)
    assert response.status_code == 202, response.text
    catalogue = response.json()["id"]
    wait_until(lambda: client.get(f"/v1/catalogues/{catalogue}").json()["state"] in FINAL, FIT_SECONDS, "its end")
    search = client.post(f"/v1/uploads/{upload}/searches", json={"max_components": 1}).json()["id"]
    wait_until(lambda: client.get(f"/v1/searches/{search}").json()["state"] in FINAL, FIT_SECONDS, "the sources")
    parts = {
        "fit_id": fit,
        "search_id": search,
        "catalogue_id": catalogue,
        "n": "0",
        "job_id": job,
        "upload_id": upload,
        "key_id": key,
        "image": "image",
        "plane": "model",
        "component": "a",
    }
    return Belongings({**parts, "name": "fit.png"})


def operations(document: dict[str, Any], *methods: str) -> Iterator[tuple[str, str]]:
    for path, item in document["paths"].items():
        for method in item:
            if method in methods:
                yield method, path


def test_the_owner_reaches_every_thing_of_hers(household: Household) -> None:
    asked = 0
    for _, path in operations(household.document, "get"):
        if path.startswith((*OPEN_TO_ALL, *FOR_ADMINISTRATORS)):
            continue
        response = household.vera.get(household.veras.address(path))
        if path in WHILE_IT_RUNS:
            assert response.json()["type"] == "urn:photfit:problem:no-picture", path
            continue
        assert response.status_code == 200, (path, response.text[:300])
        asked += 1
    assert asked > 20


def test_the_other_s_id_is_as_good_as_none(household: Household) -> None:
    """On every route with an id in it, by every method; and so the owner's things are still there afterwards."""
    refused = 0
    for method, path in operations(household.document, "get", "post", "put", "patch", "delete"):
        if path.startswith(OPEN_TO_ALL):
            continue
        address = household.veras.address(path)
        if not household.veras.shows_in(address):
            continue
        form = {**UWS_FORM, "REQUEST": "{}"} if address.startswith("/uws") and method == "post" else None
        response = household.henrietta.request(method, address, data=form)
        never = household.henrietta.request(method, household.veras.never().address(path), data=form)
        assert response.status_code == 404, (method, path, response.text[:300])
        assert response.json()["type"] == never.json()["type"] == "urn:photfit:problem:not-found", (method, path)
        refused += 1
    assert refused > 15
    test_the_owner_reaches_every_thing_of_hers(household)


def test_lists_hold_one_s_own_alone(household: Household) -> None:
    seen = 0
    for _, path in operations(household.document, "get"):
        if path.startswith(OPEN_TO_ALL) or "{" in path:
            continue
        if path in FOR_ADMINISTRATORS:
            assert household.henrietta.get(path).status_code == 403
            continue
        response = household.henrietta.get(path)
        assert response.status_code == 200, path
        assert not household.veras.shows_in(response.text), path
        assert "vera" not in response.text, path
        seen += 1
    assert seen >= 4
    uses = household.henrietta.get("/v1/me").json()["uses"]
    assert [amount["used"] for amount in uses.values()] == [0, 0, 0, 0]
    assert household.vera.get("/v1/me").json()["uses"]["stored_bytes"]["used"] > 500_000


def test_every_route_that_is_about_somebody_s_things_wants_a_key(household: Household) -> None:
    for method, path in operations(household.document, "get", "post", "put", "patch", "delete"):
        if path.startswith(OPEN_TO_ALL):
            continue
        response = household.service.client.request(method, household.veras.address(path))
        assert response.status_code == 401, (method, path)
        assert household.document["paths"][path][method]["security"], (method, path)


def test_a_link_opens_what_reads_its_fit_and_nothing_else(household: Household) -> None:
    fit = household.veras.parts["fit_id"]
    key = household.vera.post(f"/v1/fits/{fit}/links").json()["key"]
    opened, refused = 0, 0
    with client_of(household.service, key) as guest:
        for method, path in operations(household.document, "get", "post", "put", "patch", "delete"):
            if path.startswith(OPEN_TO_ALL) or path == "/v1/me":
                continue
            response = guest.request(method, household.veras.address(path))
            if method == "get" and "{fit_id}" in path and path != "/v1/fits/{fit_id}/links":
                assert response.status_code == (404 if path in WHILE_IT_RUNS else 200), (path, response.text[:300])
                opened += 1
            else:
                assert response.status_code == 403, (method, path, response.text[:300])
                refused += 1
    assert opened > 15
    assert refused > 30
    test_the_owner_reaches_every_thing_of_hers(household)


def test_a_request_cannot_name_the_other_s_upload(household: Household) -> None:
    request = household.vera.get(f"/v1/fits/{household.veras.parts['fit_id']}/request").json()
    response = household.henrietta.post("/v1/fits", json=request)
    assert response.status_code == 422
    assert "there is no upload" in response.json()["faults"][0]["message"]


def test_one_idempotency_key_is_two_for_two_accounts(household: Household) -> None:
    """Checked with requests that fail alike: a key that was known would answer with the other's fit."""
    request = household.vera.get(f"/v1/fits/{household.veras.parts['fit_id']}/request").json()
    headers = {"Idempotency-Key": "a word"}
    assert household.vera.post("/v1/fits", json=request, headers=headers).status_code == 202
    assert household.henrietta.post("/v1/fits", json=request, headers=headers).status_code == 422


def test_the_same_bytes_are_each_one_s_own(household: Household) -> None:
    image = (EXAMPLES / "three_galaxies" / "three_galaxies.fits").read_bytes()
    response = household.henrietta.post("/v1/uploads", content=image)
    assert response.status_code == 201, "that somebody else has the file is not told"
    assert response.json()["id"] != household.veras.parts["upload_id"]
    assert household.henrietta.delete(response.json()["links"]["self"]).status_code == 204
    preview = household.vera.get(f"/v1/uploads/{household.veras.parts['upload_id']}/preview.png")
    assert preview.status_code == 200, "the other's deletion took nothing away"
