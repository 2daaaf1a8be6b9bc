"""Request context: an id, one log line, and a problem document where the framework has another answer."""

import asyncio
import re
import time
from collections.abc import Mapping

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import Unavailable, body_too_large
from app.http.problem_documents import internal_error, problem_response
from jobs.ids import new_id
from jobs.operation.tracing import span

_log = structlog.get_logger("photfit.app")
_ID = re.compile(r"[A-Za-z0-9._-]{1,80}")
_QUIET_PATHS = frozenset({"/healthz", "/readyz"})
_NOTED = "photfit.headers"
"""Where a scope holds the headers of the answer to come."""


def note_headers(scope: Scope, headers: Mapping[str, str]) -> None:
    """Give the answer to come these headers, whatever makes it: a route, a stream or an error."""
    scope.setdefault(_NOTED, {}).update(headers)


class RequestContext:
    """ASGI middleware: gives each request an id (the caller's `X-Request-Id` where it is a plain word), logs it, and
    answers what nothing else answered.
    """

    def __init__(self, app: ASGIApp, body_limit: int) -> None:
        self._app = app
        self._body_limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, send, self._body_limit)
        scope["photfit.request_id"] = exchange.id
        scope["photfit.body_limit"] = self._body_limit
        structlog.contextvars.bind_contextvars(request_id=exchange.id)
        try:
            with span("request", exchange.id, method=scope["method"], path=scope["path"]):
                await self._app(scope, receive, exchange.send)
        except asyncio.CancelledError:
            if exchange.status is not None:  # nothing can be said any more; a traceback would blame the service
                _log.info("an answer was cut short: the service is being stopped", path=scope["path"])
                return
            # The server ends what is still going on some seconds after it was told to stop, and would say 500.
            stopping = Unavailable("The service is being stopped; ask again when it is back.", retry_after=10)
            await problem_response(stopping, exchange.id)(scope, receive, exchange.send)
        except Exception:
            if exchange.status is not None:
                raise
            await internal_error(exchange.id)(scope, receive, exchange.send)
        finally:
            exchange.log()
            structlog.contextvars.unbind_contextvars("request_id")


_GUARDS = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"),
)
"""What keeps a browser that opens an answer, a plot as SVG say, from running anything in it; the page has its own."""


class _Exchange:
    """One request and its answer on their way through."""

    def __init__(self, scope: Scope, send: Send, body_limit: int) -> None:
        given = Request(scope).headers.get("x-request-id", "")
        self.id = given if _ID.fullmatch(given) else new_id("req")
        self.status: int | None = None
        self._scope = scope
        self._send = send
        self._body_limit = body_limit
        self._replaced = False
        self._started = time.perf_counter()

    async def send(self, message: Message) -> None:
        """Pass an answer on, with the request's id and what was noted on the way (`note_headers`); the framework's own
        plain-text 413 is replaced by a problem.
        """
        if self._replaced:
            return
        if message["type"] == "http.response.start":
            if message["status"] == 413 and _is_plain_text(message):
                self._replaced = True
                await self._refuse_body()
                return
            self.status = message["status"]
            noted = {"x-request-id": self.id, **self._scope.get(_NOTED, {})}
            named = [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in noted.items()]
            given = {name.lower() for name, _ in message["headers"]}
            guards = [(name, value) for name, value in _GUARDS if name not in given]
            message["headers"] = [*message["headers"], *named, *guards]
        await self._send(message)

    async def _refuse_body(self) -> None:
        self.status = 413
        problem = body_too_large(getattr(self._scope.get("route"), "max_body_size", None) or self._body_limit)
        response = problem_response(problem, self.id)
        response.headers["X-Request-Id"] = self.id
        await response(self._scope, _no_more_body, self._send)

    def log(self) -> None:
        seconds = time.perf_counter() - self._started
        path = self._scope["path"]
        level = _log.debug if path in _QUIET_PATHS else _log.info
        method = self._scope["method"]
        level("request", method=method, path=path, status=self.status, milliseconds=round(seconds * 1000, 2))
        services = getattr(self._scope["app"].state, "services", None)
        if services is not None:
            services.metrics.request(method, route_of(self._scope), self.status or 499, seconds)


def route_of(scope: Scope) -> str:
    """The path with its parts' names in the place of their values, so that there are few of them."""
    if "route" not in scope:
        return "none"
    path: str = scope["path"]
    for name, value in scope.get("path_params", {}).items():
        path = path.replace(f"/{value}", f"/{{{name}}}", 1)
    return path


def _is_plain_text(message: Message) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(b"text/plain") for name, value in message["headers"]
    )


async def _no_more_body() -> Message:
    return {"type": "http.disconnect"}
