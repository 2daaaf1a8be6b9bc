"""Ids such as ``fit_01k9…``, of one maker: they sort by age."""

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no letter that reads like a digit."""


def new_id(prefix: str) -> str:
    """An id such as ``fit_01k9…``: 48 bits of time in milliseconds, so that ids sort by age, and 80 random bits."""
    number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    letters = [_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5)]
    return f"{prefix}_{''.join(letters)}"
