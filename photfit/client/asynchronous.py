"""The client for ``async`` programs: what `Client` does, awaited."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import httpx

from photfit.answers import FitAnswer
from photfit.client.async_fit import AsyncFit
from photfit.client.connection import (
    CHUNK,
    TROUBLE,
    connection_options,
    lost,
    reply_of,
    request_options,
    service_url,
)
from photfit.client.exchange import (
    Call,
    Effect,
    Ended,
    Follow,
    Item,
    NextLine,
    Pause,
    Raised,
    Reply,
    Steps,
    Work,
    resume,
)
from photfit.client.fit_batch import MapOutcome
from photfit.client.operations import Operations
from photfit.client.retry_patience import PATIENCE_SECONDS
from photfit.client.service_errors import WaitTimeout
from photfit.client.twins import AsyncTwin, ServiceMethods, outcome_of

T = TypeVar("T")


class AsyncClient(ServiceMethods, AsyncTwin[AsyncFit]):
    """One service, for programs with an event loop of asyncio. Its methods are those of `Client`, awaited.

    >>> async with AsyncClient() as client:
    ...     fit = await client.fit("galaxy.fits", [Sersic("g"), FlatSky("sky")])
    ...     found = await fit.result("chains.nc")
    ...     async for outcome in client.map(paths, [Sersic("g"), FlatSky("sky")]):
    ...         print(outcome.index, outcome.failure)
    >>> found.parameters, found["g.r_e"].value

    Args and errors as `Client` has them.
    """

    def __init__(
        self,
        url: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        *,
        key: str | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self.url = service_url(url)
        self._open = partial(httpx.AsyncClient, transport=transport, **connection_options(self.url, key))
        self._http = self._open()
        self._operations = Operations(self.url, patience)

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the connections. Handles of fits may be asked on: what they need is connected anew."""
        await self._http.aclose()

    def _performer(self) -> _AsyncPerformer:
        if self._http.is_closed:
            self._http = self._open()
        return _AsyncPerformer(self._http)

    async def _carry_out(self, steps: Steps[T]) -> T:
        performer = self._performer()
        try:
            effect = resume(steps)
            while not isinstance(effect, Ended):
                effect = resume(steps, await performer.perform(effect))
            result: T = effect.result
            return result
        except WaitTimeout as error:
            error.fit = AsyncFit(self, error.fit_id, error.answer)
            raise
        finally:
            await performer.close()
            steps.close()

    async def _carry_out_for_handle(self, steps: Steps[FitAnswer]) -> AsyncFit:
        return self._handle(await self._carry_out(steps))

    async def _iterate(self, steps: Steps[None]) -> AsyncIterator[Any]:
        performer = self._performer()
        try:
            effect = resume(steps)
            while not isinstance(effect, Ended):
                if isinstance(effect, Item):
                    yield effect.value
                    effect = resume(steps)
                else:
                    effect = resume(steps, await performer.perform(effect))
        finally:
            await performer.close()
            steps.close()

    async def _iterate_handles(self, steps: Steps[None]) -> AsyncIterator[AsyncFit]:
        async for answer in self._iterate(steps):
            yield self._handle(answer)

    async def _iterate_outcomes(self, steps: Steps[None]) -> AsyncIterator[MapOutcome[AsyncFit]]:
        async for found in self._iterate(steps):
            yield outcome_of(found, self._handle)

    def _handle(self, answer: FitAnswer) -> AsyncFit:
        return AsyncFit(self, answer.id, answer)


class _AsyncPerformer:
    """What a conversation wants, done; one answer at a time may be followed line by line."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._followed: httpx.Response | None = None
        self._lines: AsyncIterator[str] | None = None

    async def perform(self, effect: Effect) -> Any:
        """What came of an effect."""
        try:
            match effect:
                case Call():
                    return await self._call(effect)
                case Pause():
                    return await asyncio.sleep(effect.seconds)
                case Work():
                    return await asyncio.to_thread(effect.function)
                case Follow():
                    return await self._follow(effect.call)
                case NextLine():
                    return None if self._lines is None else await anext(self._lines, None)
                case Item():
                    raise AssertionError("a conversation with one result gives no items")
        except TROUBLE as error:
            return lost(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the conversation decides
            return Raised(error)

    async def _call(self, call: Call) -> Reply:
        async with self._open(call) as response:
            if call.into is None or not response.is_success:
                return reply_of(response, await response.aread())
            with call.into.open("wb") as file:
                async for chunk in response.aiter_bytes():
                    await asyncio.to_thread(file.write, chunk)
            return reply_of(response, b"")

    def _open(self, call: Call) -> Any:
        options = request_options(call)
        if call.json is not None:
            return self._http.stream(**options, json=call.json)
        if isinstance(call.content, bytes) or call.content is None:
            return self._http.stream(**options, content=call.content)
        return self._http.stream(**options, content=_chunks(call.content))

    async def _follow(self, call: Call) -> Reply:
        await self.close()
        response = await self._http.send(self._http.build_request(**request_options(call)), stream=True)
        if not response.is_success:
            content = await response.aread()
            await response.aclose()
            return reply_of(response, content)
        self._followed, self._lines = response, response.aiter_lines()
        return reply_of(response, b"")

    async def close(self) -> None:
        """Let go of the answer that is followed."""
        if self._followed is not None:
            await self._followed.aclose()
            self._followed = None


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := await asyncio.to_thread(file.read, CHUNK):
            yield chunk
