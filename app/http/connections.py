"""Connections and their patience: how many there are, how long a request may take to come, how long an answer to go.

A connection that brings no whole head of a request within some seconds is closed. Where there are as many as may be,
the one that has been idle for longest makes room: whoever sends a request at once is answered, however many hold
connections open and say nothing.
"""

import asyncio
import resource
import socket
import time
from collections.abc import Callable
from typing import Any

import structlog
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from app.errors import BodyTooSlow

_MOST_DESCRIPTORS = 65_536
"""What the limit of open files is raised to, where the system lets it. Chosen by hand, beyond any use."""
_OTHER_DESCRIPTORS = 512
"""Descriptors for all but connections: database, broker, files on their way in and out, pipes to children; and for what
is accepted in one turn of the event loop before the first of it is closed. Chosen by hand."""
ACCEPTED_AT_ONCE = 64
"""Connections that one turn of the event loop accepts (asyncio takes its `backlog` for that). Chosen by hand: four
turns pass until the first is closed, and half of `_OTHER_DESCRIPTORS` are enough for them."""
_SEND_SECONDS = 120.0
"""Seconds for a piece of an answer, at most a mebibyte, to go. Chosen by hand: 9 kB/s; who reads less has left."""

_log = structlog.get_logger("photfit.connections")


def raise_open_files() -> int:
    """Raise the limit of open files to what the system lets it be; what it is then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        soft = most
    return _MOST_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft


def most_connections(wanted: int, descriptors: int) -> int:
    """How many connections there may be with so many descriptors; half of few ones."""
    return min(wanted, descriptors - min(_OTHER_DESCRIPTORS, descriptors // 2))


class OpenConnections:
    """The open connections of a server, those without a request in the order in which they became so."""

    def __init__(self, most: int, head_seconds: float) -> None:
        self.head_seconds = head_seconds
        self._most = most
        self._open: set[GuardedProtocol] = set()
        self._idle: dict[GuardedProtocol, asyncio.TimerHandle] = {}
        self._closed = 0
        self._told = 0.0

    def came(self, connection: "GuardedProtocol") -> None:
        """A connection was made; where that is one too many, an idle one or it itself is closed."""
        self._open.add(connection)
        self.is_idle(connection)
        if len(self._open) > self._most:
            self._close(next(iter(self._idle)))

    def is_idle(self, connection: "GuardedProtocol") -> None:
        """No request of the connection is being answered: the next has some seconds to come."""
        self.is_busy(connection)
        self._idle[connection] = connection.loop.call_later(self.head_seconds, self._close, connection)

    def is_busy(self, connection: "GuardedProtocol") -> None:
        """A request of the connection is being answered."""
        timer = self._idle.pop(connection, None)
        if timer is not None:
            timer.cancel()

    def went(self, connection: "GuardedProtocol") -> None:
        """A connection is gone."""
        self._open.discard(connection)
        self.is_busy(connection)

    def _close(self, connection: "GuardedProtocol") -> None:
        self.went(connection)
        connection.transport.abort()
        self._closed += 1
        if time.monotonic() - self._told > 1.0:  # one line a second, however many there are
            _log.info("idle connections were closed", closed=self._closed, open=len(self._open))
            self._closed, self._told = 0, time.monotonic()


class GuardedProtocol(H11Protocol):
    """uvicorn's connection, that tells `OpenConnections` when it comes, goes, and has a request."""

    guard: OpenConnections
    """Set by `guarded_protocol`, for all connections of a server."""

    def connection_made(self, transport: Any) -> None:
        """A client has connected."""
        super().connection_made(transport)
        self.guard.came(self)

    def data_received(self, data: bytes) -> None:
        """Bytes have come: a part of a head, or more."""
        super().data_received(data)
        if self._is_answering():
            self.guard.is_busy(self)

    def on_response_complete(self) -> None:
        """An answer has gone; the next request may have come already."""
        super().on_response_complete()
        if not self.transport.is_closing() and not self._is_answering():
            self.guard.is_idle(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is closed."""
        super().connection_lost(exc)
        self.guard.went(self)

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete


def guarded_protocol(guard: OpenConnections) -> type[GuardedProtocol]:
    """The class of a server's connections, as uvicorn takes it."""
    return type("ServerProtocol", (GuardedProtocol,), {"guard": guard})


class Patience:
    """ASGI middleware: a body that does not come within its time raises BodyTooSlow, and so it answers 408.

    Args:
        silence_seconds: between two pieces of a body.
        body_seconds: for all of it.
    """

    def __init__(self, app: ASGIApp, silence_seconds: float, body_seconds: float) -> None:
        self._app = app
        self._silence_seconds = silence_seconds
        self._body_seconds = body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        deadline = time.monotonic() + self._body_seconds
        whole = False

        async def receive_in_time() -> Message:
            nonlocal whole
            if whole:  # what comes now is that the client has left, whenever that is
                return await receive()
            try:
                async with asyncio.timeout(min(self._silence_seconds, max(deadline - time.monotonic(), 0.0))):
                    message = await receive()
            except TimeoutError as error:
                raise BodyTooSlow(
                    f"The body did not come in time: {self._silence_seconds:g} s may pass without any of it, and "
                    f"{self._body_seconds:g} s until all of it is here."
                ) from error
            whole = message["type"] != "http.request" or not message.get("more_body", False)
            return message

        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(_SEND_SECONDS):
                await send(message)

        await self._app(scope, receive_in_time, send_in_time)


class PatientServer(uvicorn.Server):
    """uvicorn's server, that says that it is told to stop while answers are still going.

    `stopping` is called then: what has no end of its own ends itself, and nothing is cut off in the middle.
    """

    def __init__(self, config: uvicorn.Config, stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self._stopping = stopping

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, let answers end within the time of the configuration, end the application."""
        self._stopping()
        await super().shutdown(sockets)


def server_options(wanted: int, head_seconds: float) -> dict[str, Any]:
    """What uvicorn is told of connections; raises this process's limit of open files first."""
    most = most_connections(wanted, raise_open_files())
    return {"http": guarded_protocol(OpenConnections(most, head_seconds)), "backlog": ACCEPTED_AT_ONCE}
