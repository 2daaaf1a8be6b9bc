"""Errors of a service as the client raises them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from photfit.answers import FitAnswer, ProblemAnswer


class ServiceError(Exception):
    """The service could not be asked, or refused.

    Attributes:
        problem: its own account, where it gave one.
    """

    def __init__(self, message: str, problem: ProblemAnswer | None = None) -> None:
        super().__init__(message)
        self.problem = problem


class ServiceUnreachable(ServiceError):
    """Nothing answers at the service's address, after some tries."""


class Refused(ServiceError):
    """The service answered with a client error (4xx): what was sent has to change, or, of 429, to wait for longer."""

    @property
    def status(self) -> int:
        """HTTP status, such as 422; 0 where nothing was sent."""
        return 0 if self.problem is None else self.problem.status


class WaitTimeout(ServiceError):
    """The fit was not finished in the time given. It goes on.

    Attributes:
        fit_id: of the fit.
        answer: the fit as it was last seen; None where the service was not reached at all.
        fit: its handle, to wait for again: a `Fit`, or of an `AsyncClient` an `AsyncFit`; None of an id that this
            client has never seen a fit of.
    """

    fit: Any

    def __init__(self, message: str, fit_id: str, answer: FitAnswer | None = None) -> None:
        super().__init__(message)
        self.fit_id = fit_id
        self.answer = answer
        self.fit = None
