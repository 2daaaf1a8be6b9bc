"""The part of a file that a client asks for (RFC 9110, 14): one range of bytes."""

import re

from app.errors import RangeNotSatisfiable

_ONE_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,19})-(\d{0,19})\s*", re.IGNORECASE | re.ASCII)


def wanted_range(header: str | None, size: int) -> tuple[int, int] | None:
    """From which byte to before which one, or None where the whole file is to be sent.

    A header that cannot be read, has another unit, or asks for several ranges at once counts as none, as the RFC lets a
    server do. Raises RangeNotSatisfiable where the file has none of the bytes.

    Args:
        header: the value of `Range`.
        size: of the file, in bytes.
    """
    match = _ONE_RANGE.fullmatch(header or "")
    if match is None or match[1] == match[2] == "":
        return None
    first, last = match[1], match[2]
    if first and last and int(last) < int(first):
        return None
    start = int(first) if first else max(size - int(last), 0)
    if start >= size:
        raise RangeNotSatisfiable(size)
    return start, min(int(last) + 1, size) if first and last else size
