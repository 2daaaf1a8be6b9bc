"""Parameters of requests: a wait (RFC 7240), a range of bytes (RFC 9110, 14), queries that give one value twice."""

import re
from collections import Counter
from typing import Any

from fastapi import Request

from app.errors import RangeNotSatisfiable, RequestFaulty
from app.http.request_context import route_of
from fitting.spec import Fault

LONGEST_WAIT = 60.0
"""Seconds that a request is held open at most: nginx, by default, gives up after 60."""
_WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?([0-9]{1,9})\"?\s*(?=$|[,;])", re.IGNORECASE)
_ONE_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,19})-(\d{0,19})\s*", re.IGNORECASE | re.ASCII)


def preferred_wait(prefer: str | None) -> float:
    """Seconds to wait, at most `LONGEST_WAIT`; 0 where the header names none, or none that can be read."""
    found = None if prefer is None else _WAIT.search(prefer)
    return 0.0 if found is None else min(float(found[1]), LONGEST_WAIT)


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


async def refuse_repeated(request: Request) -> None:
    """Raise RequestFaulty where a parameter of one value is given twice: the last one would silently count."""
    counts = Counter(name for name, _ in request.query_params.multi_items())
    repeated = {name for name, count in counts.items() if count > 1}
    faults = [
        Fault(f"query.{name}", f"it is given {counts[name]} times", "one value")
        for name in sorted(repeated and repeated & _single_parameters(request))
    ]
    if faults:
        raise RequestFaulty(faults)


def _single_parameters(request: Request) -> set[str]:
    """Names of the query parameters of one value, as the OpenAPI document has them for the request's route."""
    operations = request.app.openapi()["paths"].get(route_of(request.scope), {})
    parameters = operations.get(request.method.lower(), {}).get("parameters", [])
    return {each["name"] for each in parameters if each["in"] == "query" and not _is_list(each["schema"])}


def _is_list(schema: dict[str, Any]) -> bool:
    return schema.get("type") == "array" or any(map(_is_list, schema.get("anyOf", [])))
