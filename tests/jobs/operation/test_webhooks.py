"""Webhooks to receivers that stream, drip or hang: each costs its own tries and nothing else."""

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import Engine

from jobs.lifecycle import transitions
from jobs.lifecycle.transitions import NewFit
from jobs.operation import webhooks
from jobs.operation.addresses import AddressRules, ResolvedAddress
from jobs.operation.webhooks import WebhookSender
from jobs.settings import Settings
from jobs.storage.database import connect, migrate

SECRET = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = connect(Settings(data_dir=tmp_path))
    migrate(made)
    yield made
    made.dispose()


@contextmanager
def receiver(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[tuple[int, list[str]]]:
    """A receiver on loopback: its port, and the ids of fits that it was told of."""
    told: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["data"]["id"])
            answer(self)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server.server_port, told
    server.shutdown()
    server.server_close()


def say_yes(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(204)
    handler.end_headers()


def final_fit(engine: Engine, url: str) -> str:
    made = transitions.create(engine, NewFit("local", "a", {"images": []}, "cpu", "auto", "0" * 64, webhook=url))
    assert made is not None
    transitions.request_cancel(engine, "local", made.id)
    return made.id


@pytest.fixture
def sender(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> WebhookSender:
    """A sender that speaks http to this machine: what is tried here is no matter of certificates."""

    def plain(url: str, _rules: AddressRules) -> ResolvedAddress:
        port = int(url.rpartition(":")[2].partition("/")[0])
        return ResolvedAddress(url, "localhost", port, "127.0.0.1")

    monkeypatch.setattr(webhooks, "resolve", plain)
    return WebhookSender(engine, AddressRules(("localhost",), private=True), SECRET, 1.0)


def test_an_answer_without_end_is_not_read(sender: WebhookSender, engine: Engine) -> None:
    written = [0]
    over = threading.Event()

    def stream(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while written[0] < 1 << 30:
                written[0] += handler.wfile.write(bytes(1 << 16))
        except OSError:
            pass
        over.set()

    with receiver(stream) as (port, told):
        fit = final_fit(engine, f"http://localhost:{port}/hook")
        sender.look()
        assert over.wait(10)
    assert told == [fit]
    assert written[0] < 64 << 20  # what the kernel takes for a connection that nobody reads
    assert webhooks.due(engine) == []


def test_a_receiver_that_drips_has_one_deadline_and_holds_up_nobody(
    sender: WebhookSender, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "_TRY_SECONDS", 1.0)
    heard_after: list[float] = []
    began = time.monotonic()
    stop = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        try:
            while not stop.wait(0.2):
                handler.wfile.write(b"x")
        except OSError:
            pass

    def note(handler: BaseHTTPRequestHandler) -> None:
        heard_after.append(time.monotonic() - began)
        say_yes(handler)

    with receiver(drip) as (slow, _), receiver(note) as (good, told):
        monkeypatch.setattr(webhooks, "urlsplit", _by_port)  # both are one host, told apart by their ports
        for _ in range(6):
            final_fit(engine, f"http://localhost:{slow}/hook")
        healthy = final_fit(engine, f"http://localhost:{good}/hook")
        sender.look()
        stop.set()
    assert told == [healthy]
    assert heard_after[0] < 1.0
    assert time.monotonic() - began < 6.0  # six of one host, four at a time


def _by_port(url: str) -> Any:
    from types import SimpleNamespace

    return SimpleNamespace(hostname=url.rpartition(":")[2])


def test_the_log_does_not_have_a_receiver_s_secrets(sender: WebhookSender, engine: Engine) -> None:
    def refuse(handler: BaseHTTPRequestHandler) -> None:
        handler.connection.close()

    with receiver(refuse) as (port, _), structlog.testing.capture_logs() as logged:
        final_fit(engine, f"http://localhost:{port}/hook?token=sesame")
        sender.look()
    assert [line["host"] for line in logged if "host" in line] == ["localhost"]
    assert "sesame" not in str(logged)
