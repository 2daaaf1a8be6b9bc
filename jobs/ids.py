"""Ids such as ``fit_01k9…``, of one maker: they sort by age."""

import secrets
import threading
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no letter that reads like a digit."""
_RANDOM_BITS = 80
"""Bits of an id that nobody can guess, behind those of its time."""
_STEP_BITS = 64
"""Bits of the random step from one id of a millisecond to the next: neither of the two tells the other."""

_lock = threading.Lock()
_last = 0
"""The number that this process made last; none yet."""


def new_id(prefix: str) -> str:
    """An id such as ``fit_01k9…``: 48 bits of time in milliseconds and 80 random bits.

    Ids sort by age, and within a process those of one millisecond do so too: each is a random step above the last.
    A clock that is set back therefore changes nothing until it has caught up.
    """
    number = _next_number()
    letters = [_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5)]
    return f"{prefix}_{''.join(letters)}"


def _next_number() -> int:
    global _last
    with _lock:
        fresh = (time.time_ns() // 1_000_000) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
        same_or_earlier = fresh >> _RANDOM_BITS <= _last >> _RANDOM_BITS
        _last = _last + 1 + secrets.randbits(_STEP_BITS) if same_or_earlier else fresh
        return _last
