"""A cache of what the quadrature of frames is made of, as far as so many bytes go."""

from collections.abc import Callable
from threading import Lock
from typing import ParamSpec, Protocol, TypeVar

from cachetools import LRUCache, cached

_MOST_BYTES = 128 * 2**20
"""Bytes that one cache may hold. Chosen by hand: five functions have one, so that all of them stay far below what a fit
may take, and the tiles of a large scene of galaxies still find theirs at the next step.
"""


class Sized(Protocol):
    """What knows how many bytes its arrays take."""

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        ...


Arguments = ParamSpec("Arguments")
Result = TypeVar("Result", bound=Sized)


def cached_by_bytes(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Remember results by their arguments, those used least recently only until results fill 128 MiB."""
    cache: LRUCache[object, Result] = LRUCache(maxsize=_MOST_BYTES, getsizeof=lambda result: result.nbytes)
    return cached(cache, lock=Lock())(function)
