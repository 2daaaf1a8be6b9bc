"""What requests are told that the service's stop cuts short, and that streams end by themselves."""

import asyncio
import contextlib
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from starlette.types import Message, Receive, Scope, Send

from app.http.request_context import RequestContext
from tests.app.conftest import Service, wait_until
from tests.app.test_fits import post_form


def answer_of(app: object) -> list[Message]:
    """Messages of an answer whose making the server cancels."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def cancelled_answer() -> None:
        class Application:
            class state:  # noqa: N801 - Starlette's name
                services = None

        scope: Scope = {"type": "http", "method": "POST", "path": "/v1/fits", "headers": [], "app": Application}
        task = asyncio.ensure_future(RequestContext(app, 1000)(scope, receive, send))  # type: ignore[arg-type]
        await asyncio.sleep(0.01)
        task.cancel("timeout graceful shutdown exceeded")
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(cancelled_answer())
    return sent


def test_a_request_that_takes_longer_than_the_stop_is_told_to_come_again() -> None:
    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(60)

    start, body = answer_of(slow)
    headers = dict(start["headers"])
    assert start["status"] == 503
    assert int(headers[b"retry-after"]) > 0
    assert b"being stopped" in body["body"]


def test_an_answer_that_the_stop_cuts_off_in_its_middle_is_no_failure_of_the_service() -> None:
    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.sleep(60)

    with structlog.testing.capture_logs() as logs:
        (start,) = answer_of(endless)
    assert start["status"] == 200
    assert [line["log_level"] for line in logs if "cut short" in line["event"]] == ["info"]
    assert not any("exc_info" in line for line in logs)


def waited_for(service: Service, address: str) -> httpx.Response:
    """The answer of a long poll, as soon as there is a place for it."""
    while (answer := service.client.get(address, params={"wait": 60})).status_code == 429:
        pass
    return answer


@pytest.mark.slow
def test_open_streams_and_waits_end_in_good_order_as_the_service_stops(
    make_service: Callable[..., Service], seed_request: dict[str, Any], seed_file: Path
) -> None:
    service = make_service(max_streams="4")
    links = post_form(service, seed_request, seed_file).json()["links"]
    assert service.api.handle is not None
    with ThreadPoolExecutor() as threads, contextlib.ExitStack() as stack:
        streams = [stack.enter_context(service.client.stream("GET", links["events"])) for _ in range(3)]
        lines = [stream.iter_lines() for stream in streams]
        assert all("event: fit" in [next(each), next(each)] for each in lines)
        waiting = threads.submit(waited_for, service, links["self"])
        wait_until(
            lambda: service.client.get(links["self"], params={"wait": 0.01}).status_code == 429, 20, "the fourth"
        )
        service.api.handle.send_signal(signal.SIGTERM)
        for each in lines:
            assert list(each)[-1:] == [""]  # to its end, whole: a piece that is missing raises RemoteProtocolError
        assert waiting.result(20).json()["state"] == "queued"
        assert service.api.handle.wait(20) in (0, -signal.SIGTERM)
    log = service.api.log.read_text()
    assert "Exception in ASGI application" not in log
    assert "Traceback" not in log
    assert "timeout graceful shutdown exceeded" not in log
