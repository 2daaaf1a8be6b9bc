"""What the API process is made of, and how it stands up to trouble."""

import contextlib
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.app.conftest import ROOT, Service, started_broker
from tests.app.images import noise, npy_bytes
from tests.app.test_fits import post_form, with_uploads

MakeService = Callable[..., Service]

PROBE = """
import json, os, pathlib, sys, tempfile
from fastapi.testclient import TestClient
from app.main import create_app
from jobs.settings import Settings

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PHOTFIT_DATA_DIR"] = folder
        os.environ["PHOTFIT_BROKER_URL"] = sys.argv[1]
        with TestClient(create_app(Settings())) as client:
            image = pathlib.Path("examples/three_galaxies/three_galaxies.fits")
            request = pathlib.Path("examples/three_galaxies/request.json")
            files = {"request": (None, request.read_text()), "file": (image.name, image.read_bytes())}
            assert client.post("/v1/fits", files=files).status_code == 202
            for path in ("/v1/fits", "/v1/profiles", "/v1/methods", "/openapi.json", "/docs", "/readyz"):
                assert client.get(path).status_code == 200, path
        print(json.dumps([name for name in ("torch", "astropy", "matplotlib", "worker") if name in sys.modules]))
"""


def test_the_api_process_imports_neither_torch_nor_what_reads_files(service: Service) -> None:
    broker = service.environment["PHOTFIT_BROKER_URL"]
    run = subprocess.run([sys.executable, "-c", PROBE, broker], cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == "[]"


@pytest.mark.slow
def test_the_api_ends_soon_although_clients_wait(
    make_service: MakeService, seed_request: dict[str, Any], seed_file: Path
) -> None:
    service = make_service()
    fit = post_form(service, seed_request, seed_file).json()
    began = threading.Event()
    address = f"{service.client.base_url}{fit['links']['events']}"
    streaming = threading.Thread(target=_watch, args=(address, began))
    streaming.start()
    assert began.wait(10)
    start = time.monotonic()
    assert service.api.handle is not None
    service.api.handle.send_signal(signal.SIGTERM)
    service.api.handle.wait(15)
    streaming.join(5)
    assert time.monotonic() - start < 10


@pytest.mark.slow
def test_an_api_that_was_killed_starts_again_with_all_it_had(
    make_service: MakeService, seed_request: dict[str, Any], seed_file: Path
) -> None:
    service = make_service()
    fit = post_form(service, seed_request, seed_file).json()
    service.api.stop(signal.SIGKILL)
    service.start()
    assert service.client.get(fit["links"]["self"]).json()["state"] == "queued"


@pytest.mark.slow
def test_a_broker_that_hangs_slows_no_post(
    make_service: MakeService, seed_request: dict[str, Any], seed_file: Path
) -> None:
    server = started_broker()
    service = make_service(broker_url=f"redis://127.0.0.1:{server.port}/0")
    broker = _process_at(server.port)
    broker.suspend()
    try:
        seconds = []
        for _ in range(5):
            start = time.perf_counter()
            assert post_form(service, seed_request, seed_file).status_code == 202
            seconds.append(time.perf_counter() - start)
    finally:
        broker.resume()
        server.stop()
    assert max(seconds) < 2.0


@pytest.mark.slow
def test_a_fault_of_the_service_is_a_500_without_particulars(
    make_service: MakeService, seed_request: dict[str, Any], seed_file: Path
) -> None:
    service = make_service()
    fit = post_form(service, seed_request, seed_file).json()
    with contextlib.closing(sqlite3.connect(service.data / "photfit.sqlite")) as database:
        database.execute("update fits set request = '[]'")
        database.commit()
    response = service.client.get(fit["links"]["self"])
    assert (response.status_code, response.headers["content-type"]) == (500, "application/problem+json")
    assert "Error" not in response.text.replace("InternalError", "")
    assert response.json()["instance"] in service.api.log.read_text()


def test_posts_with_one_key_at_once_make_one_fit(
    service: Service, seed_request: dict[str, Any], seed_file: Path
) -> None:
    request = with_uploads(seed_request, service.upload(seed_file), seed_file.name)
    made: list[str] = []

    def post() -> None:
        headers = {"Idempotency-Key": "key-of-many"}
        made.append(service.client.post("/v1/fits", json=request, headers=headers).json()["id"])

    posting = [threading.Thread(target=post) for _ in range(8)]
    for thread in posting:
        thread.start()
    for thread in posting:
        thread.join()
    assert len(made) == 8
    assert len(set(made)) == 1


def test_the_same_new_file_sent_at_once_is_kept_once(service: Service) -> None:
    content = npy_bytes(noise(40))
    answers: list[tuple[int, str]] = []

    def send() -> None:
        response = service.client.post("/v1/uploads", content=content)
        answers.append((response.status_code, response.json()["id"]))

    sending = [threading.Thread(target=send) for _ in range(8)]
    for thread in sending:
        thread.start()
    for thread in sending:
        thread.join()
    assert sorted(status for status, _ in answers) == [200] * 7 + [201]
    assert len({identity for _, identity in answers}) == 1


def _watch(address: str, began: threading.Event) -> None:
    with contextlib.suppress(httpx.TransportError), httpx.stream("GET", address, timeout=30) as stream:
        for _ in stream.iter_bytes():
            began.set()


def _process_at(port: int) -> psutil.Process:
    """The process that listens at a port."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if any(item.laddr.port == port and item.status == "LISTEN" for item in process.net_connections("tcp")):
                return process
    raise AssertionError(f"nothing listens at {port}")
