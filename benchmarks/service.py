"""A warm `photfit serve`: how long a small fit takes through it, and how fast the API answers while a worker fits."""

import statistics
import time
from pathlib import Path
from typing import Any

import httpx

from benchmarks.examples import FOLDER, NAMES
from benchmarks.scenes import simulate
from photfit.answers import FINAL_STATES
from photfit.client import Client
from photfit.demo import service
from photfit.submission import local_files, read_request, submit_file

WARMING = 3
FITS = 30
_PAUSE_SECONDS = 0.005
_WAIT_SECONDS = 300.0


def measure(scratch: Path, large: Path | None) -> dict[str, Any]:
    """Both measurements on one service.

    Args:
        scratch: folder for the service's state.
        large: folder with the scene `five_galaxies` and its request; made in `scratch` where None.
    """
    if large is None:
        simulate("five_galaxies", scratch)
    with service(scratch / "service") as url, Client(url) as client, _connection(url) as http:
        return {
            "post_to_result": {name: post_to_result(client, http, name) for name in NAMES},
            "api_while_fitting": api_while_fitting(client, http, (large or scratch) / "request.json"),
        }


def _connection(url: str) -> httpx.Client:
    """One kept connection, past any proxy."""
    return httpx.Client(base_url=url, timeout=60.0, trust_env=False)


def post_to_result(client: Client, http: httpx.Client, name: str) -> dict[str, Any]:
    """From the POST of an example, whose files are uploaded, to its parameters in hand; after some fits to warm up."""
    path = FOLDER / name / "request.json"
    request = read_request(path)
    uploads = {file: client.upload(local).id for file, local in local_files(request, path).items()}
    body = request.with_references(uploads).document()
    seconds = []
    for _ in range(WARMING + FITS):
        began = time.perf_counter()
        _fit_through(http, body)
        seconds.append(time.perf_counter() - began)
    return summary(seconds[WARMING:])


def _fit_through(http: httpx.Client, body: dict[str, Any]) -> None:
    """POST, long-poll to the end, GET the parameters."""
    address = f"/v1/fits/{_document(http.post('/v1/fits', json=body))['id']}"
    deadline = time.monotonic() + _WAIT_SECONDS
    state = ""
    while state not in FINAL_STATES:
        if time.monotonic() > deadline:
            raise TimeoutError(f"a fit is {state} after {_WAIT_SECONDS:g} s")
        state = _document(http.get(address, params={"wait": 20, "state": sorted(FINAL_STATES)}))["state"]
    _document(http.get(f"{address}/parameters"))


def api_while_fitting(client: Client, http: httpx.Client, request: Path) -> dict[str, Any]:
    """Some routes, asked in turn with a short pause for as long as the worker fits the large image."""
    fit = submit_file(client, request)
    routes = {"GET /v1/fits/{id}": f"/v1/fits/{fit.id}", "GET /v1/fits": "/v1/fits", "GET /healthz": "/healthz"}
    seconds: dict[str, list[float]] = {route: [] for route in routes}
    deadline = time.monotonic() + _WAIT_SECONDS
    state = "queued"
    while state not in FINAL_STATES:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the large fit is {state} after {_WAIT_SECONDS:g} s")
        took = {route: _timed_get(http, address) for route, address in routes.items()}
        state = str(took["GET /v1/fits/{id}"][1]["state"])
        if state == "running":
            for route, (elapsed, _) in took.items():
                seconds[route].append(elapsed)
        time.sleep(_PAUSE_SECONDS)
    return {route: summary(times) for route, times in seconds.items()}


def _timed_get(http: httpx.Client, address: str) -> tuple[float, dict[str, Any]]:
    """Seconds to the whole answer, and the answer."""
    began = time.perf_counter()
    response = http.get(address)
    elapsed = time.perf_counter() - began
    return elapsed, _document(response)


def summary(seconds: list[float]) -> dict[str, Any]:
    """Median, least, and 95th percentile."""
    return {
        "median_s": statistics.median(seconds),
        "minimum_s": min(seconds),
        "p95_s": statistics.quantiles(seconds, n=20, method="inclusive")[-1],
        "count": len(seconds),
    }


def _document(response: httpx.Response) -> dict[str, Any]:
    response.raise_for_status()
    document: dict[str, Any] = response.json()
    return document
