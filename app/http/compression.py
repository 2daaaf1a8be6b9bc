"""Compression: answers in the content coding that the client prefers (RFC 9110, 12.5.3), zstd, gzip or none."""

import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipResponder, IdentityResponder
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.entity_tags import CODINGS, coded_tag, without_codings

zstd: Any = None
"""Python 3.14's module or its backport, None where neither is."""
with suppress(ImportError):
    zstd = import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")

OFFERED = CODINGS if zstd else ("gzip",)
"""What this installation can send: without the backport of Python 3.14's zstd, gzip alone."""

_GZIP_LEVEL = 5
"""Of 1 to 9. Chosen by hand: time of the event loop against bytes on the way."""
_ZSTD_LEVEL = 3
"""Of 1 to 22: the library's default."""
_LEAST_BYTES = 500
"""Bytes of an answer that is compressed: the default of Starlette's gzip; smaller ones fit a packet as they are."""
_THREAD_BYTES = 128 << 10
"""Bytes; a larger piece is compressed beside the event loop. Chosen by hand: a turn in the pool costs less than it."""


class Compression:
    """ASGI middleware: compresses what gets smaller by it, and tells the codings' entity tags apart."""

    def __init__(self, app: ASGIApp, *, exclude_content_types: tuple[str, ...]) -> None:
        self._app = app
        self._excluded = exclude_content_types

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        responder = self._responder(preferred_coding(", ".join(headers.getlist("accept-encoding")), OFFERED))
        known = ", ".join(headers.getlist("if-none-match"))
        # The routes know of no codings.
        scope["headers"] = [
            (name, without_codings(value.decode("latin-1")).encode("latin-1") if name == b"if-none-match" else value)
            for name, value in scope["headers"]
        ]

        async def send_tagged(message: Message) -> None:
            if message["type"] == "http.response.start":
                _tell_coding(message, known)
            await send(message)

        await responder(scope, receive, send_tagged)

    def _responder(self, coding: str | None) -> IdentityResponder:
        if coding == "zstd":
            return ZstdResponder(self._app, _LEAST_BYTES, exclude_content_types=self._excluded)
        if coding == "gzip":
            return GZipResponder(self._app, _LEAST_BYTES, _GZIP_LEVEL, exclude_content_types=self._excluded)
        return IdentityResponder(self._app, _LEAST_BYTES, exclude_content_types=self._excluded)


class ZstdResponder(IdentityResponder):
    """Sends one answer in zstd (RFC 8878), each piece as it comes. Its window is within RFC 9659's 8 MiB."""

    content_encoding = "zstd"

    def __init__(self, app: ASGIApp, minimum_size: int, *, exclude_content_types: tuple[str, ...]) -> None:
        super().__init__(app, minimum_size, exclude_content_types=exclude_content_types)
        self._compressor = zstd.ZstdCompressor(_ZSTD_LEVEL)

    async def apply_compression(self, body: bytes, *, more_body: bool) -> bytes:
        """A piece of the body, compressed so that it can be read before the next one comes."""
        mode = self._compressor.FLUSH_BLOCK if more_body else self._compressor.FLUSH_FRAME
        if len(body) >= _THREAD_BYTES:
            return bytes(await run_in_threadpool(self._compressor.compress, body, mode))
        return bytes(self._compressor.compress(body, mode))


def preferred_coding(accept_encoding: str, offered: Sequence[str]) -> str | None:
    """The coding that the client likes best, the first of `offered` among equals; None for content as it is.

    Args:
        accept_encoding: the header's value; empty where there is none.
    """
    weights = dict(_coding_weight(item) for item in accept_encoding.split(",") if item.strip())
    rest = weights.get("*", 0.0)
    best = max(offered, key=lambda coding: weights.get(coding, rest))
    weight = weights.get(best, rest)
    return best if weight > 0.0 and weight >= weights.get("identity", 0.0) else None


def _coding_weight(item: str) -> tuple[str, float]:
    """A coding and its weight; one that cannot be read is no number above nought."""
    coding, _, parameters = item.partition(";")
    name, _, value = parameters.strip().partition("=")
    try:
        weight = float(value) if name.strip().lower() == "q" else 1.0
    except ValueError:
        weight = 0.0
    return coding.strip().lower(), weight


def _tell_coding(start: Message, known: str) -> None:
    """Give a compressed answer its own entity tag, and a 304 that of the answer which the client has already.

    Args:
        known: the tags that the client gave.
    """
    headers = MutableHeaders(raw=start["headers"])
    etag, sent = headers.get("etag"), headers.get("content-encoding")
    if start["status"] == 304:
        headers.add_vary_header("Accept-Encoding")
        sent = next((coding for coding in CODINGS if etag and coded_tag(etag, coding) in known), None)
    if etag is not None and sent in CODINGS:
        headers["etag"] = coded_tag(etag, sent)
