"""Fit batch: many fits asked for by one program, some at once, each outcome a value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Generic, TypeVar

from fitting.spec import RequestInvalid
from photfit.answers import FitAnswer
from photfit.client.exchange import Item, Pause, Steps
from photfit.client.service_errors import Refused, ServiceError, ServiceUnreachable

H = TypeVar("H")
_POLL_SECONDS = (1.0, 2.0, 5.0)
"""Seconds that the oldest fit is waited for before the others are looked at, longer while none ends. Chosen by hand."""
_FULL_PAUSE = 5.0
"""Seconds before a service that takes no more fits is asked again, where none of the batch's is under way. By hand."""
_NEWEST = "/v1/fits?limit=100"
Asked = Callable[[int, Any], Steps[FitAnswer]]


@dataclass(frozen=True)
class MapOutcome(Generic[H]):
    """What became of one item of `map`.

    Attributes:
        index: of the item, from 0.
        item: as it was given.
        fit: handle of its fit, which is finished: it succeeded, failed or was cancelled. None where the item was not
            accepted.
        error: why it was not.
    """

    index: int
    item: Any
    fit: H | None
    error: Exception | None = None

    @property
    def succeeded(self) -> bool:
        """Whether there is a fit, and it succeeded."""
        answer = self._answer
        return answer is not None and answer.state == "succeeded"

    @property
    def failure(self) -> str | None:
        """Why there is no result, or no whole one, in a sentence; None where it succeeded."""
        answer = self._answer
        if answer is None:
            return str(self.error)
        if answer.state == "succeeded":
            return None
        return (answer.error.detail or answer.error.title) if answer.error else f"the fit was {answer.state}"

    @property
    def _answer(self) -> FitAnswer | None:
        answer: FitAnswer | None = getattr(self.fit, "answer", None)
        return answer


@dataclass(frozen=True)
class MapAnswer:
    """What became of one item, as the service says it."""

    index: int
    item: Any
    answer: FitAnswer | None
    error: Exception | None = None


class FitBatch:
    """Fits of many items.

    Args:
        fit_of: asks for the fit of an item, by its number.
        status: of a fit, waited for so many seconds.
        page: of the service's list of fits, by its address.
        in_flight: fits that wait or run at once.
        ordered: whether outcomes come in the order of the items.
    """

    def __init__(
        self,
        fit_of: Asked,
        status: Callable[[str, float], Steps[FitAnswer]],
        page: Callable[[str], Steps[dict[str, Any]]],
        in_flight: int,
        ordered: bool,
    ) -> None:
        self._fit_of = fit_of
        self._status = status
        self._page = page
        self._in_flight = in_flight
        self._ordered = ordered
        self._flying: dict[int, tuple[Any, FitAnswer]] = {}
        self._ended: dict[int, MapAnswer] = {}
        self._next = 0

    def outcomes(self, items: Iterable[Any]) -> Steps[None]:
        """A `MapAnswer` for each item."""
        left = enumerate(items)
        turned_away: tuple[int, Any] | None = None
        exhausted = False
        quiet = 0
        while True:
            while len(self._flying) < self._in_flight and not exhausted:
                following = turned_away or next(left, None)
                if following is None:
                    exhausted = True
                    break
                turned_away = None if (yield from self._begin(*following)) else following
                for outcome in self._ready():
                    yield Item(outcome)
                if turned_away is not None:
                    break
            if self._flying:
                before = len(self._flying)
                yield from self._look(_POLL_SECONDS[min(quiet, len(_POLL_SECONDS) - 1)])
                quiet = 0 if len(self._flying) < before else quiet + 1
                for outcome in self._ready():
                    yield Item(outcome)
            elif turned_away is not None:
                yield Pause(_FULL_PAUSE)
            elif exhausted:
                return

    def _begin(self, index: int, item: Any) -> Steps[bool]:
        """Ask for the fit of an item. False where the service takes no more just now."""
        try:
            answer = yield from self._fit_of(index, item)
        except ServiceUnreachable:
            raise
        except Refused as error:
            if error.status == HTTPStatus.TOO_MANY_REQUESTS:
                return False
            self._ended[index] = MapAnswer(index, item, None, error)
        except (ServiceError, RequestInvalid, TypeError, ValueError, OSError) as error:
            self._ended[index] = MapAnswer(index, item, None, error)
        else:
            if answer.finished:
                self._ended[index] = MapAnswer(index, item, answer)
            else:
                self._flying[index] = (item, answer)
        return True

    def _look(self, seconds: float) -> Steps[None]:
        """Wait for the oldest fit; where it goes on, see which of the others have ended."""
        oldest = min(self._flying)
        _, answer = self._flying[oldest]
        answer = yield from self._status(answer.id, seconds)
        if answer.finished:
            self._end(oldest, answer)
        elif len(self._flying) > 1:
            for index in (yield from self._ended_of_others(answer)):
                self._end(index, (yield from self._status(self._flying[index][1].id, 0.0)))

    def _ended_of_others(self, oldest: FitAnswer) -> Steps[list[int]]:
        """Which fits of the batch the service's list, newest first, has as ended: down to the oldest of them."""
        wanted = {answer.id: index for index, (_, answer) in self._flying.items() if answer.id != oldest.id}
        ended = []
        address: str | None = _NEWEST
        while wanted and address is not None:
            page = yield from self._page(address)
            for document in page["fits"]:
                answer = FitAnswer.model_validate(document)
                index = wanted.pop(answer.id, None)
                if index is not None and answer.finished:
                    ended.append(index)
                if answer.created_at < oldest.created_at:
                    wanted.clear()
            address = page.get("next")
        return sorted(ended)

    def _end(self, index: int, answer: FitAnswer) -> None:
        item, _ = self._flying.pop(index)
        self._ended[index] = MapAnswer(index, item, answer)

    def _ready(self) -> Iterator[MapAnswer]:
        if not self._ordered:
            for index in list(self._ended):
                yield self._ended.pop(index)
            return
        while self._next in self._ended:
            yield self._ended.pop(self._next)
            self._next += 1
