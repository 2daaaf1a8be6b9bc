"""Event streams: server-sent events from lines, as the WHATWG's HTML standard has them (section 9.2)."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class StreamEvent:
    """One event: its kind (``message`` unless named), data, and the id by which a stream goes on after it."""

    kind: str
    data: str
    identity: str | None


@dataclass
class EventReader:
    """Lines, taken one by one, as events.

    Attributes:
        last_id: of the last event, for a ``Last-Event-ID``.
        retry_seconds: before a stream that ended is opened anew, as the service said last; a second until it does.
    """

    last_id: str | None = None
    retry_seconds: float = 1.0
    _id: str | None = None
    _kind: str = ""
    _data: list[str] = field(default_factory=list)

    def take(self, line: str) -> StreamEvent | None:
        """The event that this line ends, or None."""
        if not line:
            self.last_id = self._id
            event = StreamEvent(self._kind or "message", "\n".join(self._data), self.last_id) if self._data else None
            self.start()
            return event
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._kind = value
        elif name == "data":
            self._data.append(value)
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and value.isdecimal():
            self.retry_seconds = int(value) / 1000.0
        return None

    def start(self) -> None:
        """Forget what is unfinished: of an event that was cut off, nothing counts."""
        self._id, self._kind, self._data = self.last_id, "", []
