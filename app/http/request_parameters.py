"""Parameters of requests: the wait that a client prefers (RFC 7240), and queries that give one value twice."""

import re
from collections import Counter
from typing import Any

from fastapi import Request

from app.errors import RequestFaulty
from app.http.request_context import route_of
from fitting.spec import Fault

LONGEST_WAIT = 60.0
"""Seconds that a request is held open at most: nginx, by default, gives up after 60."""
_WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?([0-9]{1,9})\"?\s*(?=$|[,;])", re.IGNORECASE)


def preferred_wait(prefer: str | None) -> float:
    """Seconds to wait, at most `LONGEST_WAIT`; 0 where the header names none, or none that can be read."""
    found = None if prefer is None else _WAIT.search(prefer)
    return 0.0 if found is None else min(float(found[1]), LONGEST_WAIT)


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
