"""A service that a test has in its own process, for what the client says and does: it fits nothing."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

PARAMETERS = {
    "converged": True,
    "message": "",
    "chi2": 9.0,
    "chi2_reduced": 1.0,
    "degrees_of_freedom": 9,
    "n_pixels": 10,
    "bic": 1.0,
    "log_likelihood": -1.0,
    "images": [{"name": "image"}],
    "parameters": [{"name": "sky.i", "value": 2.5, "uncertainty": 0.5, "unit": "data/pixel", "free": True}],
    "derived": [],
    "stages": [],
}
Trouble = Callable[[httpx.Request], httpx.Response]


@dataclass
class StandIn:
    """Uploads by hash, fits by number; a fit ends after it was looked at `looks` times.

    Attributes:
        troubles: what answers the next requests in the place of the service, first to last.
        failing: names of requests whose fits fail.
        quick: names of requests whose fits are over by when they are listed.
        most: fits that may be under way at once.
    """

    looks: int = 2
    most: int = 1000
    troubles: list[Trouble] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)
    quick: set[str] = field(default_factory=set)
    seen: list[httpx.Request] = field(default_factory=list)
    uploads: dict[str, bytes] = field(default_factory=dict)
    fits: dict[str, dict[str, Any]] = field(default_factory=dict)
    looked: Counter[str] = field(default_factory=Counter)
    most_at_once: int = 0

    def answer(self, request: httpx.Request) -> httpx.Response:
        request.read()
        return self._answer(request)

    async def answer_async(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        return self._answer(request)

    def count(self, method: str, path: str) -> int:
        return sum(each.method == method and re.fullmatch(path, each.url.path) is not None for each in self.seen)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        if self.troubles:
            return self.troubles.pop(0)(request)
        path = request.url.path
        if path == "/v1/uploads":
            identity = "upl_" + hashlib.sha256(request.content).hexdigest()[:8]
            self.uploads[identity] = request.content
            return httpx.Response(201, json={"id": identity, "filename": request.url.params.get("filename", "")})
        if (request.method, path) == ("POST", "/v1/fits"):
            return self._submit(json.loads(request.content), request.headers["Idempotency-Key"])
        if path == "/v1/fits":
            for fit in self.fits.values():
                if fit["name"] in self.quick:
                    fit |= {"state": "succeeded", "has_result": True}
            brief = [{**fit, "notices": [], "warnings": []} for fit in reversed(self.fits.values())]
            return httpx.Response(200, json={"fits": brief, "next": None})
        fit = self.fits.get(path.split("/")[3])
        if fit is None:
            return httpx.Response(404, json={"status": 404, "detail": f"There is no {path}."})
        if path.endswith("/parameters"):
            return httpx.Response(200, json=PARAMETERS)
        self.looked[fit["id"]] += 1
        if self.looked[fit["id"]] >= self.looks:
            failed = fit["name"] in self.failing
            error = {"title": "Failed", "detail": "The model was NaN."} if failed else None
            fit |= {"state": "failed" if failed else "succeeded", "has_result": not failed, "error": error}
        return httpx.Response(200, json=fit)

    def _submit(self, request: dict[str, Any], key: str) -> httpx.Response:
        missing = [image["data"] for image in request["images"] if image["data"] not in self.uploads]
        if missing:
            faults = [{"path": "$.images[0].data", "message": f"there is no upload {missing[0]}"}]
            return httpx.Response(422, json={"status": 422, "detail": "The request has 1 fault.", "faults": faults})
        known = next((fit for fit in self.fits.values() if fit["key"] == key), None)
        if known is None:
            made = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=len(self.fits))
            identity = f"fit_{len(self.fits)}"
            known = {"id": identity, "key": key, "name": request.get("name", ""), "created_at": made.isoformat()}
            known |= {"state": "queued", "request": request}
            self.fits[identity] = known
        under_way = sum(fit["state"] == "queued" for fit in self.fits.values())
        self.most_at_once = max(self.most_at_once, under_way)
        return httpx.Response(202, json=known)


def busy(status: int, seconds: float) -> Trouble:
    """What a service says that is asked too often, or is away for a moment."""
    headers = {"Retry-After": f"{seconds:g}"}
    return lambda _: httpx.Response(status, json={"status": status, "detail": "Come later."}, headers=headers)


def cut(request: httpx.Request) -> httpx.Response:
    """A connection that is cut."""
    raise httpx.ReadError("cut", request=request)
