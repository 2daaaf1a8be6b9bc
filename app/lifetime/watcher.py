"""One ear at the broker for the whole process: it wakes whoever waits for a fit."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from jobs.faults import BrokerAway
from jobs.lifecycle.events import changes

_RECONNECT_SECONDS = 1.0

_log = structlog.get_logger("photfit.watcher")


class Watcher:
    """Passes the broker's nudges on to asyncio events. Where the broker is away, none come; nobody may rely on them."""

    def __init__(self, broker_url: str) -> None:
        self._broker_url = broker_url
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    async def listen(self) -> None:
        """Listen until cancelled; a lost connection is made again."""
        while True:
            try:
                async for fit_id in changes(self._broker_url):
                    for event in self._waiting.get(fit_id, ()):
                        event.set()
            except BrokerAway as error:
                _log.debug("the broker does not answer", error=str(error))
            await asyncio.sleep(_RECONNECT_SECONDS)

    @contextmanager
    def watching(self, fit_id: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever the fit changes, while the context lasts."""
        event = asyncio.Event()
        self._waiting[fit_id].add(event)
        try:
            yield event
        finally:
            self._waiting[fit_id].discard(event)
            if not self._waiting[fit_id]:
                del self._waiting[fit_id]
