"""Faults in a request: where, what is wrong, what would be right."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fitting.faults import UserFault

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def _short() -> reprlib.Repr:
    short = reprlib.Repr()
    short.maxstring = short.maxother = 60
    short.maxlevel = 2
    return short


_SHOWN = _short()


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a request.

    Attributes:
        path: JSON path of the faulty value, such as ``$.components[1].parameters.q.value``.
        message: what is wrong, as a sentence fragment that reads after the path.
        expected: what would be right, or None where the message says it all.
    """

    path: str
    message: str
    expected: str | None = None

    def __str__(self) -> str:
        right = f" (expected {self.expected})" if self.expected else ""
        return f"{self.path}: {self.message}{right}"


class RequestInvalid(UserFault):
    """The request cannot be carried out as written; ``faults`` lists every reason."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


def json_path(location: Sequence[str | int]) -> str:
    """The JSON path of a location: ``("components", 1, "name")`` gives ``$.components[1].name``."""
    path = "$"
    for step in location:
        if isinstance(step, int):
            path += f"[{step}]"
        elif _PLAIN_KEY.match(step):
            path += f".{step}"
        else:
            path += f"[{shown(step)}]"
    return path


def shown(value: object) -> str:
    """A short, safe rendering of what the user wrote, for use inside a message."""
    return _SHOWN.repr(value)
