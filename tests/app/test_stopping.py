"""What a request is told that the service's stop cuts short."""

import asyncio

from starlette.types import Message, Receive, Scope, Send

from app.http.request_context import RequestContext


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
