"""A child that runs and hangs is ended and started again; one that is slow, or was not looked at, is left alone."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from photfit import liveness, supervisor
from photfit.liveness import LifeWatch, TouchedFile, api_answers
from photfit.processes import Child
from photfit.supervisor import ServeOptions, SupervisedChild, Supervisor

_ALIVE = """
import os, pathlib, time
while True:
    pathlib.Path(os.environ["PHOTFIT_WORKER_ALIVE_FILE"]).touch()
    time.sleep(0.01)
"""
_ANSWERS = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "0"); self.end_headers()
    def log_message(self, *words): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liveness, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(liveness, "_ANSWER_SECONDS", 0.1)


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def step_until(member: SupervisedChild, condition: object, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not happen"
        member.end_if_silent(time.monotonic())
        member.restart_if_due(time.monotonic())
        time.sleep(0.01)


@pytest.mark.parametrize("role", ["worker", "api"])
def test_a_stopped_child_is_ended_and_started_again(
    tmp_path: Path, role: str, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ServeOptions("127.0.0.1", free_port(), tmp_path, 1)
    tree = Supervisor(options, lambda _url: None)
    if role == "worker":
        tree._add_worker(Child("worker 1", [sys.executable, "-c", _ALIVE]))
    else:
        watch = LifeWatch(lambda: api_answers(options.url), 8)
        tree._add(Child("api", [sys.executable, "-c", _ANSWERS, str(options.port)]), "api", watch)
    (member,) = tree.children
    assert member.watch is not None
    watch = member.watch
    try:
        step_until(member, lambda: watch._seen)
        first = member.child.pid
        assert first is not None
        os.kill(first, signal.SIGSTOP)
        step_until(member, lambda: member.child.pid != first)
        step_until(member, lambda: watch._seen)
        assert member.child.running()
    finally:
        member.child.clear()
    assert "gives no sign of life; it is ended" in capsys.readouterr().err


def test_looks_are_counted_and_not_seconds() -> None:
    signs = iter([False, True, False, False, True, False, False, False])
    watch = LifeWatch(lambda: next(signs), patience=3)
    watch.begin()
    times = [100.0, 110.0, 120.0, 9_000.0, 9_010.0, 9_020.0, 9_030.0]  # the machine slept after the third
    assert [watch.look(now) for now in times] == [False] * 6 + [True]


def test_a_start_may_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = LifeWatch(lambda: False, patience=2)
    watch.begin()
    began = time.monotonic()
    assert not any(watch.look(began + second) for second in range(1, 600))
    assert any(watch.look(began + second) for second in range(601, 604))


def test_what_an_earlier_process_left_is_no_sign(tmp_path: Path) -> None:
    sign = tmp_path / "sign"
    sign.touch()
    touched = TouchedFile(sign)
    watch = LifeWatch(touched, patience=1)
    watch.begin()
    assert not watch.look(time.monotonic())
    assert not watch._seen
    os.utime(sign, (0, 0))  # any other time is one, also of a clock that went back
    assert touched()


def test_workers_of_an_earlier_service_do_not_hold_up_a_start(monkeypatch: pytest.MonkeyPatch) -> None:
    import httpx

    def answer(**checks: bool) -> None:
        document = {"checks": {name: {"ok": ok} for name, ok in checks.items()}}
        status = 200 if all(checks.values()) else 503
        monkeypatch.setattr(httpx, "get", lambda *_, **__: httpx.Response(status, json=document))

    answer(database=True, workers=False)
    assert supervisor.is_ready("http://service")
    answer(database=False, workers=False)
    assert not supervisor.is_ready("http://service")
