"""Mutations of bytes by chance, seeded: what fuzzes without instrumentation, and where atheris is not installed."""

from __future__ import annotations

import random

TOKENS = (
    b"\0", b"\xff", b"-1", b"0", b"1e999", b"NaN", b"Infinity", b"null", b"[]", b"{}", b'""', b"&a ", b"*a",
    b"!!python/",
    b"NAXIS   = 999", b"BITPIX  =   7", b"'", b"\xed\xa0\x80", b"99999999999999999999", b"= a.q", b"(", b"[" * 40,
    b"<<: ", b"source: ", b"../", b"\n", b"END", b"T", b"\x7f\xff\xff\xff", b"file:///",
)  # fmt: skip


def mutate(data: bytes, others: list[bytes], generator: random.Random) -> bytes:
    """The bytes with one to six changes: bits, tokens, pieces cut, doubled, moved in from another input."""
    content = bytearray(data)
    for _ in range(generator.randint(1, 6)):
        place = generator.randrange(len(content) + 1)
        end = min(len(content), place + generator.choice((1, 2, 4, 8, 80, 400)))
        match generator.randrange(6):
            case 0 if content:
                content[min(place, len(content) - 1)] ^= 1 << generator.randrange(8)
            case 1:
                content[place:end] = generator.choice(TOKENS)
            case 2:
                content[place:place] = generator.choice(TOKENS)
            case 3:
                del content[place:end]
            case 4:
                content[place:place] = content[place:end]
            case _:
                other = generator.choice(others)
                begin = generator.randrange(len(other) + 1)
                content[place:end] = other[begin : begin + end - place]
    return bytes(content)
