"""Uploads by URL: fetched under the rules of `jobs.operation.addresses`, at every redirect anew."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urljoin, urlsplit

import httpx
from starlette.concurrency import run_in_threadpool

from app.domain.temporary_files import ReceivedFile, receive_file
from app.errors import FetchFailed, RequestFaulty, body_too_large
from app.lifetime.services import Services
from fitting.spec import Fault
from fitting.spec.handling import FetchSpec
from jobs.operation.addresses import AddressRefused, AddressRules, ResolvedAddress, resolve

_MOST_REDIRECTS = 5
"""Chosen by hand: archives redirect once or twice (http to https, to a mirror), loops for ever."""
_CHUNK = 1 << 18
"""Bytes that are taken from the connection at once, chosen by hand; `receive_file` gathers them."""


async def fetch(services: Services, wanted: FetchSpec, folder: Path) -> ReceivedFile:
    """A file from elsewhere, in `folder`. Raises RequestFaulty for an address that is not allowed, FetchFailed,
    BodyTooLarge.
    """
    settings = services.settings
    rules = AddressRules.read(settings.fetch_hosts, private=settings.outbound_private)
    filename = wanted.filename or PurePosixPath(unquote(urlsplit(wanted.url).path)).name
    try:
        async with asyncio.timeout(settings.fetch_seconds):
            return await _stream_file(wanted.url, rules, settings.max_upload_bytes, folder, filename)
    except TimeoutError as error:
        raise FetchFailed(f"The file took longer than {settings.fetch_seconds:g} s to come.") from error
    except httpx.HTTPError as error:
        raise FetchFailed(f"The file could not be fetched: {error or type(error).__name__}.") from error


async def _stream_file(url: str, rules: AddressRules, limit: int, folder: Path, filename: str) -> ReceivedFile:
    # No proxy that the environment names: it would look the name up once more.
    certificates = httpx.create_ssl_context()
    async with httpx.AsyncClient(verify=certificates, trust_env=False, follow_redirects=False, timeout=20.0) as client:
        for _ in range(_MOST_REDIRECTS + 1):
            target = await _resolve_allowed(url, rules)
            async with client.stream(
                "GET",
                target.pinned_url,
                headers={"Host": target.host_header, "Accept-Encoding": "identity"},
                extensions={"sni_hostname": target.host},
            ) as response:
                if response.has_redirect_location:
                    url = urljoin(url, response.headers["location"])
                    continue
                if response.status_code != 200:
                    raise FetchFailed(f"The other side answered {response.status_code}.")
                if int(response.headers.get("content-length") or 0) > limit:
                    raise body_too_large(limit)
                return await receive_file(_bounded_chunks(response, limit), folder, filename)
    raise FetchFailed(f"The other side redirects more than {_MOST_REDIRECTS} times.")


async def _resolve_allowed(url: str, rules: AddressRules) -> ResolvedAddress:
    try:
        return await run_in_threadpool(resolve, url, rules)
    except AddressRefused as error:
        raise RequestFaulty([Fault("$.url", error.message, error.expected)]) from error


async def _bounded_chunks(response: httpx.Response, limit: int) -> AsyncIterator[bytes]:
    received = 0
    async for chunk in response.aiter_raw(_CHUNK):
        received += len(chunk)
        if received > limit:
            raise body_too_large(limit)
        yield chunk
