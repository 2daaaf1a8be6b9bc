"""Streams: event streams and long polls that are open at once, in all and of one account."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from app.errors import TooManyRequests, Unavailable

_RETRY_SECONDS = 5
"""Seconds after which one more may be tried. Chosen by hand: a long poll ends within a minute, most of them sooner."""


class OpenStreams:
    """Counts streams, for the event loop alone.

    Attributes:
        ended: whether they are to end now; whoever follows something looks at it after each pause.
    """

    def __init__(self, most: int, most_of_one: int) -> None:
        self._most = most
        self._most_of_one = most_of_one
        self._open: Counter[str] = Counter()
        self.ended = False

    def end(self) -> None:
        """Let each stream and wait end with what it has, at its next look: the service is being stopped."""
        self.ended = True

    def is_full(self, owner: str) -> bool:
        """Whether the owner may open no more now."""
        return self._open[owner] >= self._most_of_one or self._open.total() >= self._most

    @contextmanager
    def one_more(self, owner: str) -> Iterator[None]:
        """A stream of the owner's while the context lasts. Raises TooManyRequests or Unavailable."""
        if self._open[owner] >= self._most_of_one:
            raise TooManyRequests(
                f"{self._most_of_one} event streams and waits of yours are open, as many as may be.",
                headers={"Retry-After": str(_RETRY_SECONDS)},
                limit=self._most_of_one,
            )
        if self._open.total() >= self._most:
            raise Unavailable("As many event streams and waits are open as may be.", retry_after=_RETRY_SECONDS)
        self._open[owner] += 1
        try:
            yield
        finally:
            self._open[owner] -= 1
            if not self._open[owner]:
                del self._open[owner]
