"""The fit: handle of one that runs, result of one that is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from photfit.answers import FitAnswer, State
    from photfit.results.fit_source import DocumentName, FitSource


class Fit:
    """One fit, wherever it lies.

    Attributes:
        source: where it lies.
    """

    def __init__(self, source: FitSource, answer: FitAnswer | None = None) -> None:
        self.source = source
        self._answer = answer if answer is not None else source.state()

    @property
    def id(self) -> str:
        """Its id, by which a service finds it again; of a fit in this process ``local`` and a number."""
        return self._answer.id

    @property
    def state(self) -> State:
        """``queued``, ``running``, ``succeeded``, ``failed`` or ``cancelled``: as it is now."""
        return self.answer.state

    @property
    def answer(self) -> FitAnswer:
        """State, progress, notices and error: asked for anew until the fit is finished."""
        if not self._answer.finished:
            self._answer = self.source.state()
        return self._answer

    def wait(self, timeout: float | None = None, report: Callable[[FitAnswer], None] | None = None) -> Fit:
        """This fit, when it is finished. A time that is over raises, and loses nothing: the fit goes on."""
        if not self._answer.finished:
            self._answer = self.source.wait(timeout, report)
        return self

    def cancel(self) -> Fit:
        """Ask for its end; what it has found is kept."""
        self._answer = self.source.cancel()
        return self

    def document(self, name: DocumentName) -> dict[str, Any]:
        """A JSON document of the fit as the service has it, such as ``parameters`` or ``covariance``."""
        return self.source.document(name)
