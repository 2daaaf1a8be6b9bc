"""Fetched source: a finished fit whose documents, and some files, are here already."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from photfit.answers import FitAnswer
    from photfit.results.fit_source import DocumentName


class FinishedSource:
    """Whatever a finished fit is read from: there is nothing to wait for, and nothing to end."""

    _answer: FitAnswer

    def state(self) -> FitAnswer:
        """Finished."""
        return self._answer

    def wait(self, timeout: float | None, report: Callable[[FitAnswer], None] | None) -> FitAnswer:  # noqa: ARG002
        """Finished already."""
        return self._answer

    def cancel(self) -> FitAnswer:
        """Nothing to end any more."""
        return self._answer


class FetchedSource(FinishedSource):
    """A finished fit of which everything that is asked for has been fetched."""

    def __init__(
        self, answer: FitAnswer, documents: Mapping[DocumentName, dict[str, Any]], files: Mapping[str, bytes]
    ) -> None:
        self._answer = answer
        self._documents = documents
        self._files = files

    def document(self, name: DocumentName) -> dict[str, Any]:
        """A JSON document of the fit."""
        return self._documents[name]

    def content(self, path: str, query: Mapping[str, str] | None = None) -> bytes:  # noqa: ARG002
        """The bytes of a file. Raises FileNotFoundError where it was not fetched."""
        if path not in self._files:
            raise FileNotFoundError(f"{path} was not fetched: ask for it by `await fit.result({path!r})`")
        return self._files[path]
