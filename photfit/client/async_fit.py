"""The fit of an `AsyncClient`: a handle whose questions are awaited, and the result, fetched, as a `Fit`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from photfit.answers import FitAnswer, State
from photfit.results import DocumentName, FetchedSource, Fit, NoResult

_DOCUMENTS: tuple[DocumentName, ...] = ("parameters", "covariance", "provenance", "request", "best_fit")


class FitCalls(Protocol):
    """What an `AsyncFit` asks of its client."""

    async def status(self, fit_id: str, wait: float = 0.0) -> FitAnswer:
        """The fit as it is now."""
        ...

    async def wait(
        self, fit_id: str, timeout: float | None = None, report: Callable[[FitAnswer], None] | None = None
    ) -> FitAnswer:
        """The finished fit."""
        ...

    async def cancel(self, fit_id: str) -> FitAnswer:
        """Ask for its end."""
        ...

    async def document(self, fit_id: str, name: DocumentName) -> dict[str, Any]:
        """A JSON document of it."""
        ...

    async def content(self, fit_id: str, path: str, query: Mapping[str, str] | None = None) -> bytes:
        """A file of its result."""
        ...


class AsyncFit:
    """One fit of a service.

    Attributes:
        id: by which the service finds it again.
        answer: state, progress, notices and error, as last seen; None before it was.
    """

    def __init__(self, client: Any, fit_id: str, answer: FitAnswer | None = None) -> None:
        self._client: FitCalls = client
        self.id = fit_id
        self.answer = answer

    async def state(self) -> State:
        """``queued``, ``running``, ``succeeded``, ``failed`` or ``cancelled``, as it is now."""
        if self.answer is None or not self.answer.finished:
            self.answer = await self._client.status(self.id)
        return self.answer.state

    async def wait(self, timeout: float | None = None, report: Callable[[FitAnswer], None] | None = None) -> AsyncFit:
        """This fit, when it is finished; `report` is called about once a second.

        Raises WaitTimeout, which has this handle, after `timeout` seconds: the fit goes on.
        """
        if self.answer is None or not self.answer.finished:
            self.answer = await self._client.wait(self.id, timeout, report)
        return self

    async def cancel(self) -> AsyncFit:
        """Ask for its end; what it has found is kept."""
        self.answer = await self._client.cancel(self.id)
        return self

    async def document(self, name: DocumentName) -> dict[str, Any]:
        """A JSON document of the fit: ``parameters``, ``covariance``, ``provenance``, ``request`` or ``best_fit``."""
        return await self._client.document(self.id, name)

    async def content(self, path: str, query: Mapping[str, str] | None = None) -> bytes:
        """The bytes of a file of the result, such as ``images/r/model.fits`` or ``chains.nc``."""
        return await self._client.content(self.id, path, query)

    async def result(self, *paths: str) -> Fit:
        """The finished fit as `Client` has it, with all documents, and the files that are named, fetched.

        Args:
            paths: of files of the result: ``chains.nc`` for its `chains`, ``images/image/model.fits`` for its `model`.

        Raises:
            NoResult: it has none.
        """
        await self.wait()
        self.answer = await self._client.status(self.id)  # one of a list has its first notices alone
        if not self.answer.has_result:
            detail = self.answer.error.detail if self.answer.error else ""
            raise NoResult(f"this fit has no result: it {self.answer.state}{': ' if detail else ''}{detail}")
        documents = {name: await self.document(name) for name in _DOCUMENTS}
        files = {path: await self.content(path) for path in paths}
        return Fit(FetchedSource(self.answer, documents, files), self.answer)

    def __repr__(self) -> str:
        return f"<fit {self.id} {'not seen yet' if self.answer is None else self.answer.state}>"
