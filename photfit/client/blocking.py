"""The Python client of a photfit service: uploads, fits and their results, by HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import TracebackType
from typing import Any, TypeVar

import httpx

from photfit.answers import FitAnswer
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
from photfit.client.fit_batch import MapAnswer, MapOutcome
from photfit.client.operations import Operations
from photfit.client.retry_patience import PATIENCE_SECONDS
from photfit.client.service_errors import WaitTimeout
from photfit.client.twins import BlockingTwin, ServiceMethods, outcome_of
from photfit.results import DocumentName, Fit

T = TypeVar("T")


class Client(ServiceMethods, BlockingTwin[Fit]):
    """One service, spoken to by HTTP: requests are tried again where the connection or the service drops out.

    >>> with Client("http://127.0.0.1:8700") as client:
    ...     fit = client.fit("galaxy.fits", [Sersic("g"), FlatSky("sky")], variance="galaxy.fits[1]").wait(timeout=300)
    ...     later = client.job(fit.id)
    >>> print(later.state, fit["g.r_e"])
    succeeded g.r_e = ...
    >>> fit.parameters["name", "value", "uncertainty"]
    <QTable ...

    `fit`, `job`, `fits` and `map` give `Fit` handles; the other methods take ids, and give what the service answers. A
    submission carries an Idempotency-Key, the same at each try, so that a repeated one makes one job, and each file is
    sent once. What the service asks to wait by ``Retry-After`` (429, 503) is waited for. Every method raises
    ServiceError.

    Args:
        url: of the service; by default PHOTFIT_URL's, where the environment has one, else this machine's.
        transport: of httpx, for tests.
        key: for a service with accounts; by default PHOTFIT_KEY's.
        patience: seconds of waiting in all for which one request is tried again.
    """

    def __init__(
        self,
        url: str | None = None,
        transport: httpx.BaseTransport | None = None,
        *,
        key: str | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self.url = service_url(url)
        self._open = partial(httpx.Client, transport=transport, **connection_options(self.url, key))
        self._http = self._open()
        self._operations = Operations(self.url, patience)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections. Handles of fits may be asked on: what they need is connected anew."""
        self._http.close()

    def _performer(self) -> _Performer:
        if self._http.is_closed:
            self._http = self._open()
        return _Performer(self._http)

    def _carry_out(self, steps: Steps[T]) -> T:
        performer = self._performer()
        try:
            effect = resume(steps)
            while not isinstance(effect, Ended):
                effect = resume(steps, performer.perform(effect))
            result: T = effect.result
            return result
        except WaitTimeout as error:
            error.fit = None if error.answer is None else self._handle(error.answer)
            raise
        finally:
            performer.close()

    def _carry_out_for_handle(self, steps: Steps[FitAnswer]) -> Fit:
        return self._handle(self._carry_out(steps))

    def _iterate(self, steps: Steps[None]) -> Iterator[Any]:
        performer = self._performer()
        try:
            effect = resume(steps)
            while not isinstance(effect, Ended):
                if isinstance(effect, Item):
                    yield effect.value
                    effect = resume(steps)
                else:
                    effect = resume(steps, performer.perform(effect))
        finally:
            performer.close()
            steps.close()

    def _iterate_handles(self, steps: Steps[None]) -> Iterator[Fit]:
        for answer in self._iterate(steps):
            yield Fit(ServiceSource(self, answer), answer, brief=True)

    def _iterate_outcomes(self, steps: Steps[None]) -> Iterator[MapOutcome[Fit]]:
        found: MapAnswer
        for found in self._iterate(steps):
            yield outcome_of(found, self._handle)

    def _handle(self, answer: FitAnswer) -> Fit:
        return Fit(ServiceSource(self, answer), answer)


class ServiceSource:
    """A fit of a service, as a `Fit` asks for it."""

    def __init__(self, client: Client, answer: FitAnswer) -> None:
        self._client = client
        self._id = answer.id
        self._first = answer

    def state(self) -> FitAnswer:
        """The fit as it is now."""
        return self._client.status(self._id)

    def wait(self, timeout: float | None, report: Callable[[FitAnswer], None] | None) -> FitAnswer:
        """The finished fit. Raises WaitTimeout."""
        try:
            return self._client.wait(self._id, timeout, report)
        except WaitTimeout as error:
            error.fit = error.fit or Fit(self, self._first)
            raise

    def cancel(self) -> FitAnswer:
        """Ask for its end."""
        return self._client.cancel(self._id)

    def document(self, name: DocumentName) -> dict[str, Any]:
        """A JSON document of it."""
        return self._client.document(self._id, name)

    def content(self, path: str, query: Mapping[str, str] | None = None) -> bytes:
        """The bytes of a file of its result. Raises FileNotFoundError."""
        return self._client.content(self._id, path, query)


class _Performer:
    """What a conversation wants, done; one answer at a time may be followed line by line."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self._followed: httpx.Response | None = None
        self._lines: Iterator[str] = iter(())

    def perform(self, effect: Effect) -> Any:
        """What came of an effect."""
        try:
            match effect:
                case Call():
                    return self._call(effect)
                case Pause():
                    return time.sleep(effect.seconds)
                case Work():
                    return effect.function()
                case Follow():
                    return self._follow(effect.call)
                case NextLine():
                    return next(self._lines, None)
                case Item():
                    raise AssertionError("a conversation with one result gives no items")
        except TROUBLE as error:
            return lost(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the conversation decides
            return Raised(error)

    def _call(self, call: Call) -> Reply:
        with self._open(call) as response:
            if call.into is None or not response.is_success:
                return reply_of(response, response.read())
            with call.into.open("wb") as file:
                file.writelines(response.iter_bytes())
            return reply_of(response, b"")

    def _open(self, call: Call) -> Any:
        options = request_options(call)
        if call.json is not None:
            return self._http.stream(**options, json=call.json)
        if isinstance(call.content, bytes) or call.content is None:
            return self._http.stream(**options, content=call.content)
        return self._http.stream(**options, content=_chunks(call.content))

    def _follow(self, call: Call) -> Reply:
        self.close()
        response = self._http.send(self._http.build_request(**request_options(call)), stream=True)
        if not response.is_success:
            content = response.read()
            response.close()
            return reply_of(response, content)
        self._followed, self._lines = response, response.iter_lines()
        return reply_of(response, b"")

    def close(self) -> None:
        """Let go of the answer that is followed."""
        if self._followed is not None:
            self._followed.close()
            self._followed = None


def _chunks(path: Any) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
