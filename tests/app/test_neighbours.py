"""A service without accounts is no other site's tool; one with accounts bounds how browsers sign in."""

import stat
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from app.http.neighbours import own_names
from jobs.accounts.accounts import add_user, make_key
from jobs.accounts.sessions import identify_session, open_session
from jobs.settings import Settings
from jobs.storage.database import connect, migrate
from tests.app.accounts import client_of, key_of
from tests.app.conftest import Service
from tests.app.images import noise, npy_bytes

PROBLEM = "application/problem+json"


@pytest.mark.parametrize(
    "host", ["evil.rebind.test", "evil.test:8700", "127.0.0.1.evil.test", "192.0.2.7", "testserver"]
)
@pytest.mark.parametrize("path", ["/v1/fits", "/", "/healthz", "/uws/fits"])
def test_another_name_is_refused(service: Service, host: str, path: str) -> None:
    response = service.client.get(path, headers={"Host": host})
    assert (response.status_code, response.headers["content-type"]) == (403, PROBLEM)
    assert host in response.json()["detail"]


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:9000", "localhost.", "127.0.0.1:1", "127.8.8.8", "[::1]:8700"]
)
def test_the_loopback_s_names_are_answered_whatever_the_port(service: Service, host: str) -> None:
    assert service.client.get("/v1/fits", headers={"Host": host}).status_code == 200


def test_names_are_those_that_the_operator_says() -> None:
    settings = Settings(public_url="https://Photfit.example.org/", allowed_hosts="a.test, B.test:8700", host="10.1.2.3")
    assert own_names(settings) == {"photfit.example.org", "a.test", "b.test", "10.1.2.3"}


def test_a_service_answers_to_the_names_that_it_was_given(make_service: Callable[..., Service]) -> None:
    made = make_service(public_url="https://photfit.example.org", allowed_hosts="desk.example.org")
    for host, status in (("photfit.example.org", 200), ("desk.example.org:8700", 200), ("example.org", 403)):
        assert made.client.get("/v1/fits", headers={"Host": host}).status_code == status
    with httpx.Client(base_url=made.client.base_url, trust_env=False) as client:
        origin = {"Origin": "https://photfit.example.org"}
        assert client.post("/v1/uploads", content=npy_bytes(noise()), headers=origin).status_code == 201


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.test"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 403),
        ({"Origin": "https://evil.test"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}, 201),
        ({"Sec-Fetch-Site": "none"}, 201),
        ({}, 201),
    ],
)
def test_another_site_s_page_stores_nothing(service: Service, headers: dict[str, str], status: int) -> None:
    image = npy_bytes(noise() + len(str(headers)))
    response = service.client.post("/v1/uploads", content=image, headers=headers)
    assert response.status_code == status
    if status == 201:
        service.client.delete(response.json()["links"]["self"])


def test_another_site_s_page_reads_nothing_and_its_links_lead_here(service: Service) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert service.client.get("/v1/fits", headers=foreign).status_code == 403
    assert service.client.get("/", headers={**foreign, "Sec-Fetch-Mode": "navigate"}).status_code == 200


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sessions")


def test_an_account_s_oldest_session_ends_and_nobody_else_s(folder: Path) -> None:
    engine = connect(Settings(data_dir=folder))
    migrate(engine)
    keys = {}
    for name in ("vera", "henrietta"):
        user = add_user(engine, name)
        assert user is not None
        keys[name] = make_key(engine, user.id, "test", ["read"])[0].id
    another = open_session(engine, keys["henrietta"], 60.0, 3)
    words = [open_session(engine, keys["vera"], 60.0, 3) for _ in range(5)]
    good = [identify_session(engine, word) is not None for word in words]
    assert (good[-1], sum(good)) == (True, 3)
    assert identify_session(engine, another) is not None
    engine.dispose()


def test_sign_ins_are_counted_and_another_s_header_is_not_believed(make_service: Callable[..., Service]) -> None:
    made = make_service(accounts="true", sign_ins_per_minute="3", refusals_per_minute="4")
    key = key_of(made, "vera")
    with client_of(made) as client:
        statuses = [client.post("/v1/session", json={"key": key}).status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        assert client.get("/v1/fits", headers={"Host": "proxied.example.org"}).status_code == 200
    wrong = {"Authorization": "Bearer photfit_wrong"}
    with client_of(made) as client:
        statuses = [
            client.get("/v1/fits", headers={**wrong, "X-Forwarded-For": f"10.0.0.{number}"}).status_code
            for number in range(6)
        ]
    assert statuses == [401] * 4 + [429] * 2


@pytest.mark.slow
def test_a_proxy_that_is_trusted_says_whose_address_it_is(make_service: Callable[..., Service]) -> None:
    made = make_service(accounts="true", refusals_per_minute="2", trusted_proxies="127.0.0.1")
    wrong = {"Authorization": "Bearer photfit_wrong"}
    statuses = [
        made.client.get("/v1/fits", headers={**wrong, "X-Forwarded-For": f"10.7.0.{number}"}).status_code
        for number in range(4)
    ]
    assert statuses == [401] * 4


def test_folder_and_database_are_their_owner_s_alone_whoever_comes_first(tmp_path: Path) -> None:
    engine = connect(Settings(data_dir=tmp_path / "made" / "here"))
    migrate(engine)
    engine.dispose()
    assert stat.S_IMODE((tmp_path / "made" / "here").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "made" / "here" / "photfit.sqlite").stat().st_mode) == 0o600
