"""Functions of one's own in formulas: those that a program has made known in its own process, and nowhere else.

A formula may call them beside what every formula knows; a service, which is another process, refuses it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from fitting.spec.expressions.duals import Dual


class OwnFunction(Protocol):
    """A function of numbers or of arrays, with derivatives by all of its arguments."""

    def __call__(self, arguments: Sequence[Dual], /) -> Dual:
        """Value and gradient, given those of the arguments."""
        ...


_KNOWN: dict[str, OwnFunction] = {}


def make_known(name: str, function: OwnFunction) -> str:
    """Let formulas of this process call a function; gives what they call it: `name`, with a number where it is taken.

    A name is never given to another function: what was found out about a formula is kept by its text.
    """
    free, number = name, 1
    while free in _KNOWN:
        number += 1
        free = f"{name}_{number}"
    _KNOWN[free] = function
    return free


def own_function(name: str) -> OwnFunction | None:
    """The function of that name; None where this process knows none."""
    return _KNOWN.get(name)
