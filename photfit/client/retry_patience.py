"""Retry patience: requests tried again where connection or service drops out, and when it asks to come later."""

from __future__ import annotations

import itertools
import logging
import math
import time
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from pydantic import ValidationError

from photfit.answers import ProblemAnswer
from photfit.client.exchange import Call, Follow, Lost, Pause, Reply, Steps
from photfit.client.service_errors import Refused, ServiceError, ServiceUnreachable

PATIENCE_SECONDS = 120.0
"""Seconds of pauses in all for which one request is tried again: the service counts requests by the minute, and a
restart is over by then. Chosen by hand."""
_FIRST_PAUSES = (0.2, 0.5, 1.0)
"""Seconds before new tries of a service that has not answered yet: so long for one that is just starting, and no longer
for an address where there is none. Chosen by hand."""
_LONGEST_PAUSE = 8.0
"""Seconds between two tries, at most, where the service does not say. Chosen by hand."""
_WORTH_SAYING = 2.0
"""Seconds of a pause that somebody who waits is told of. Chosen by hand."""
_PASSING = frozenset({502, 503, 504})

_log = logging.getLogger("photfit.client")


class TimeOver(Exception):
    """The time was over before a request was answered; why it was not is the cause."""


class RetryPatience:
    """How long one client goes on asking.

    Args:
        url: the service's, for messages.
        seconds: of pauses in all, for each request.
    """

    def __init__(self, url: str, seconds: float) -> None:
        self._url = url
        self._seconds = seconds
        self._reached = False

    def answered(self, call: Call | Follow, until: float = math.inf) -> Steps[Reply]:
        """The answer of a call that succeeded.

        Args:
            call: made as often as need be; what it says is the same each time, its Idempotency-Key included.
            until: the monotonic clock's time from which on no more tries begin.

        Raises:
            Refused: the service answered 4xx.
            ServiceUnreachable: it did not answer in all this time.
            ServiceError: it failed.
            TimeOver: it could not be tried again in time.
        """
        waited = 0.0
        for number in itertools.count():
            reply: Reply | Lost = yield call
            if isinstance(reply, Reply) and reply.succeeded:
                self._reached = True
                return reply
            error = self._error(reply)
            pause = self._pause(reply, number)
            if pause is None:
                raise error
            if waited + pause > self._seconds:
                raise _out_of_patience(error, reply, waited)
            if time.monotonic() + pause > until:
                raise TimeOver from error
            if pause >= _WORTH_SAYING:
                _log.warning("%s; trying again in %.3g s", error, pause)
            yield Pause(pause)
            waited += pause
        raise AssertionError("the last try returns or raises")

    def _pause(self, reply: Reply | Lost, number: int) -> float | None:
        """Seconds before the next try; None where there is to be none."""
        if isinstance(reply, Lost):
            if reply.invalid:
                return None
        elif reply.status not in _PASSING and reply.status != HTTPStatus.TOO_MANY_REQUESTS:
            return None
        elif (asked := _retry_after(reply)) is not None:
            return asked
        if number < len(_FIRST_PAUSES):
            return _FIRST_PAUSES[number]
        return min(_LONGEST_PAUSE, 2.0 ** (number - len(_FIRST_PAUSES) + 1)) if self._reached else None

    def _error(self, reply: Reply | Lost) -> ServiceError:
        if isinstance(reply, Reply):
            return failure(reply)
        if reply.invalid:
            return Refused(f"{self._url} is not an address: {reply.why}")
        if self._reached:
            return ServiceUnreachable(f"the service at {self._url} does not answer any more ({reply.why})")
        return ServiceUnreachable(
            f"no photfit service answers at {self._url} ({reply.why}); "
            "start one with `photfit serve`, or name another with --url or PHOTFIT_URL"
        )


def failure(reply: Reply) -> ServiceError:
    """What the service says is wrong, as an error."""
    try:
        problem = ProblemAnswer.model_validate_json(reply.content)
    except ValidationError:
        problem = ProblemAnswer(status=reply.status)
    return failure_of(problem.model_copy(update={"status": reply.status}), f"{reply.url} answered {reply.status}")


def failure_of(problem: ProblemAnswer, otherwise: str = "it failed") -> ServiceError:
    """A problem as an error, `otherwise` in the place of a message where it has none."""
    message = problem.detail or problem.title or otherwise
    return Refused(message, problem) if 400 <= problem.status < 500 else ServiceError(message, problem)


def _out_of_patience(error: ServiceError, reply: Reply | Lost, waited: float) -> ServiceError:
    """The error, with how long was waited, and for how long the service asks to."""
    asked = _retry_after(reply) if isinstance(reply, Reply) else None
    wish = "" if asked is None else f"; the service asks to come again in {asked:.3g} s"
    said = f" (waited {waited:.3g} s{wish})" if waited or wish else ""
    return type(error)(f"{error}{said}", error.problem)


def _retry_after(reply: Reply) -> float | None:
    """Seconds that the service asks to wait, from a number or a date."""
    text = reply.headers.get("retry-after")
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - time.time()
        except (TypeError, ValueError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
