"""Problem documents (RFC 9457): every error of the application as an answer, passing trouble as 503 with Retry-After.

A document always is valid JSON, whatever the outside sent (NaN in a body included).
"""

from collections.abc import Mapping
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from app.errors import (
    InternalError,
    MalformedBody,
    MethodNotAllowed,
    NotFound,
    RequestFaulty,
    ServiceProblem,
    StorageFull,
    Unavailable,
    body_too_large,
)
from fitting.faults import PassingFault
from fitting.spec.documents import Fault, RequestInvalid
from jobs.faults import BrokerAway, DatabaseAway, DiskFull, StorageTrouble
from jobs.storage.blobs import BlobMissing

PROBLEM_JSON = "application/problem+json"
CLIENT_LEFT = 499
"""nginx's status of a request whose client left before it was answered; no client ever sees it."""

_PARTS: dict[type[PassingFault], str] = {DatabaseAway: "database", StorageTrouble: "file store", BrokerAway: "broker"}
"""What does not answer, by the fault that says so; the outside is told no more of it, the log is."""


def problem_response(problem: ServiceProblem, instance: str) -> Response:
    """The HTTP response that tells of a problem."""
    content = orjson.dumps(problem.document(instance), default=str)
    return Response(content, problem.status, headers=problem.headers, media_type=PROBLEM_JSON)


def request_id(request: Request) -> str:
    """The id that the request carries in the log and in `X-Request-Id`."""
    return str(request.scope.get("photfit.request_id", ""))


def install_handlers(app: FastAPI) -> None:
    """Make every error of the application answer as a problem document."""

    @app.exception_handler(ServiceProblem)
    async def tell_problem(request: Request, error: ServiceProblem) -> Response:
        return problem_response(error, request_id(request))

    @app.exception_handler(ClientDisconnect)
    async def note_departure(_request: Request, _error: ClientDisconnect) -> Response:
        return Response(status_code=CLIENT_LEFT)  # nobody is there to read it; the log has the status

    @app.exception_handler(RequestInvalid)
    async def tell_invalid_request(request: Request, error: RequestInvalid) -> Response:
        return problem_response(RequestFaulty(error.faults), request_id(request))

    @app.exception_handler(RequestValidationError)
    async def tell_invalid_parameters(request: Request, error: RequestValidationError) -> Response:
        faults = [_fault_of_parameter(entry) for entry in error.errors()]
        return problem_response(RequestFaulty(faults), request_id(request))

    @app.exception_handler(PassingFault)
    async def tell_passing_fault(request: Request, error: PassingFault) -> Response:
        part = next((name for kind, name in _PARTS.items() if isinstance(error, kind)), "part that this needs")
        structlog.get_logger("photfit.app").error(f"the {part} does not answer", error=str(error))
        if isinstance(error, DiskFull):
            return problem_response(StorageFull("There is no room for more files just now."), request_id(request))
        return problem_response(Unavailable(f"The {part} does not answer just now."), request_id(request))

    @app.exception_handler(BlobMissing)
    async def tell_missing_file(request: Request, _error: BlobMissing) -> Response:
        # Whoever asks for a file has looked whether it is there; it went in between.
        return problem_response(NotFound("The file has just been deleted."), request_id(request))

    @app.exception_handler(HTTPException)
    async def tell_http_error(request: Request, error: HTTPException) -> Response:
        return problem_response(_problem_of_status(request, error), request_id(request))


def internal_error(instance: str) -> Response:
    """The answer to an exception that nothing else caught; it is logged, so call this while it is being handled."""
    structlog.get_logger("photfit.app").exception("request failed", request_id=instance)
    detail = f"The service met an error of its own. Its log has the particulars under {instance}."
    return problem_response(InternalError(detail), instance)


def _fault_of_parameter(entry: Mapping[str, Any]) -> Fault:
    """A fault of a query parameter, path parameter or header, as pydantic found it; the input is left out."""
    source, *rest = entry["loc"]
    place = ".".join(str(part) for part in ("$" if source == "body" else source, *rest))
    return Fault(path=place, message=f"{entry['msg']}.", expected=_expectation(entry))


def _expectation(entry: Mapping[str, Any]) -> str:
    limits = {key: value for key, value in (entry.get("ctx") or {}).items() if isinstance(value, str | int | float)}
    if "expected" in limits:
        return str(limits["expected"])
    return ", ".join(f"{key} {value}" for key, value in limits.items()) or str(entry["type"]).replace("_", " ")


def _problem_of_status(request: Request, error: HTTPException) -> ServiceProblem:
    """A problem for an error that the framework raised by its status alone."""
    if error.status_code == 404:
        return NotFound(f"There is nothing at {request.url.path}.")
    if error.status_code == 405:
        # Each method of a path is a route of its own, and the framework names one's alone.
        allowed = ", ".join(
            method
            for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
            if any(
                route.matches({**request.scope, "method": method})[0] is Match.FULL
                for route in request.app.router.routes
            )
        )
        detail = f"{request.method} is not possible at {request.url.path}; it takes {allowed}."
        return MethodNotAllowed(detail, headers={"Allow": allowed})
    if error.status_code == 413:
        return body_too_large(request.scope["photfit.body_limit"])
    if error.status_code < 500:
        return MalformedBody(str(error.detail))
    return InternalError(str(error.detail))
