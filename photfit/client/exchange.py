"""Exchange: what a client wants of the network, as values, so that one conversation serves both clients.

A conversation is a generator: it yields `Call`, `Work`, `Pause`, `Follow`, `NextLine` or `Item`, is sent what came of
it, and returns its result. It knows nothing of sockets or of ``await``: `photfit.client.blocking` and
`photfit.client.asynchronous` carry it out.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from photfit.client.service_errors import Refused

T = TypeVar("T")


def address_of(*pieces: str) -> str:
    """An address below the service's own: pieces of a path, each quoted, so that none of them leads elsewhere.

    Raises Refused, with nothing sent, where a piece is empty, ``.`` or ``..``: no id and no file is called so, and what
    stands between here and the service would take it for another address.
    """
    for piece in pieces:
        if piece in ("", ".", ".."):
            raise Refused(
                f"{piece!r} is no id or name that a service has (expected such as fit_01JDA6Q8Z4M1V6T9W3K2B7C5XN)"
            )
    return "/" + "/".join(quote(str(piece), safe="") for piece in pieces)


@dataclass(frozen=True)
class Call:
    """One HTTP request; answered by a `Reply`, or by `Lost`.

    Attributes:
        method, address: of it; an address counts from the service's own.
        query: a list is a key given several times; None is left out.
        headers: beside the client's own.
        content: the body; of a path, the file's bytes.
        json: the body as JSON, in the place of `content`.
        into: where the body of a success is written, instead of being kept.
        silence: seconds without a byte of the answer, after which it is lost; None is the client's own.
    """

    method: str
    address: str
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | Path | None = None
    json: Any = None
    into: Path | None = None
    silence: float | None = None

    @property
    def parameters(self) -> dict[str, Any] | None:
        """The query as httpx takes it; None leaves that of the address."""
        return {key: value for key, value in self.query.items() if value not in (None, [])} or None


@dataclass(frozen=True)
class Reply:
    """An HTTP answer: status, headers by lower-case name, body, and the address that gave it."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    url: str

    @property
    def succeeded(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300


@dataclass(frozen=True)
class Lost:
    """No answer, or a part of one: why, in the network's words; `invalid` where the address itself cannot be used."""

    why: str
    invalid: bool = False


@dataclass(frozen=True)
class Pause:
    """Seconds in which nothing is to be done."""

    seconds: float


@dataclass(frozen=True)
class Work:
    """What takes a while, though not on the network of the service; answered by what it returns, or raises."""

    function: Callable[[], Any]


@dataclass(frozen=True)
class Follow:
    """A call whose answer is read line by line: answered by a `Reply`, of a success without its body, or by `Lost`."""

    call: Call


@dataclass(frozen=True)
class NextLine:
    """The next line of the answer that is followed: a text, None at its end, or `Lost`."""


@dataclass(frozen=True)
class Item:
    """One value of a conversation that gives many, handed on at once."""

    value: Any


Effect = Call | Work | Pause | Follow | NextLine | Item
Steps = Generator[Effect, Any, T]
"""A conversation that ends with a T."""


@dataclass(frozen=True)
class Raised:
    """What came of an effect that raised."""

    error: Exception


@dataclass(frozen=True)
class Ended:
    """The end of a conversation, and its result."""

    result: Any


def resume(steps: Steps[Any], answer: Any = None) -> Effect | Ended:
    """What a conversation wants next, told what came of the last effect; None begins it."""
    try:
        return steps.throw(answer.error) if isinstance(answer, Raised) else steps.send(answer)
    except StopIteration as end:
        return Ended(end.value)
