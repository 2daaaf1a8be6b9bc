"""Fit source: what a `Fit` asks of where the fit lies, a service or this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from photfit.answers import FitAnswer

DocumentName = Literal["parameters", "covariance", "provenance", "request", "best_fit"]
"""The JSON documents of a fit, by the names that its links have."""


class FitSource(Protocol):
    """One fit where it lies. Every method raises `ServiceError`, or what a local fit raises, in one sentence."""

    def state(self) -> FitAnswer:
        """The fit as it is now: asked for anew."""
        ...

    def wait(self, timeout: float | None, report: Callable[[FitAnswer], None] | None) -> FitAnswer:
        """The finished fit.

        Args:
            timeout: seconds; None waits without end.
            report: called about once a second with the fit as it is.

        Raises:
            WaitTimeout: the time was over; the fit goes on.
        """
        ...

    def cancel(self) -> FitAnswer:
        """Ask for the end of the fit."""
        ...

    def document(self, name: DocumentName) -> dict[str, Any]:
        """A JSON document of the fit. Raises where there is none yet."""
        ...

    def content(self, path: str, query: Mapping[str, str] | None = None) -> bytes:
        """The bytes of a file of the result, laid out as `photfit results` lays them out: ``images/r/model.fits``,
        ``images/r/component/a.fits``, ``chains.nc``, ``log.txt``, ``plots/corner.png`` or ``plots/fit.svg``.

        Args:
            path: of the file.
            query: of a plot: ``image``, ``parameters`` and ``truth`` as the service takes them.

        Raises:
            FileNotFoundError: the fit has no such file; the message says why.
        """
        ...
