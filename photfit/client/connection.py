"""Connection: what both clients say to httpx of a service, and how its answers and errors become values."""

from __future__ import annotations

import os
from typing import Any

import httpx

from photfit.client.exchange import Call, Lost, Reply

DEFAULT_URL = "http://127.0.0.1:8700"
"""Where `photfit serve` answers unless told otherwise."""
URL_VARIABLE = "PHOTFIT_URL"
"""The environment's variable that holds the address of the service."""
KEY_VARIABLE = "PHOTFIT_KEY"
"""The environment's variable that holds a key of the service."""
_LOOPBACK = ("http://127.", "http://localhost", "http://[::1]")
_CONNECT_SECONDS = 5.0
"""Seconds for a connection to be made. Chosen by hand."""
_TIMEOUT = httpx.Timeout(60.0, connect=_CONNECT_SECONDS)
CHUNK = 1 << 20
"""Bytes of a file that are sent at once. Chosen by hand."""
TROUBLE = (httpx.TransportError, httpx.InvalidURL, httpx.DecodingError)
"""What a request raises that came to no answer."""


def service_url(url: str | None) -> str:
    """The address of the service: as given, else the environment's, else this machine's."""
    return (url or os.environ.get(URL_VARIABLE) or DEFAULT_URL).rstrip("/")


def connection_options(url: str, key: str | None) -> dict[str, Any]:
    """Arguments of an httpx client for the service at `url`."""
    secret = key or os.environ.get(KEY_VARIABLE)
    return {
        "base_url": url,
        "timeout": _TIMEOUT,
        # A proxy that the environment names is for other machines, not for a service on this one.
        "trust_env": not url.startswith(_LOOPBACK),
        "headers": {"Authorization": f"Bearer {secret}"} if secret else {},
    }


def request_options(call: Call) -> dict[str, Any]:
    """Arguments of a request, but for its body."""
    timeout = _TIMEOUT if call.silence is None else httpx.Timeout(call.silence, connect=_CONNECT_SECONDS)
    options = {"method": call.method, "url": call.address, "params": call.parameters, "headers": dict(call.headers)}
    return {**options, "timeout": timeout}


def reply_of(response: httpx.Response, content: bytes) -> Reply:
    """An answer of httpx as a value."""
    headers = {key.lower(): value for key, value in response.headers.items()}
    return Reply(response.status_code, headers, content, str(response.url))


def lost(error: Exception) -> Lost:
    """What went wrong as a value."""
    return Lost(
        str(error) or type(error).__name__, invalid=isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol)
    )
