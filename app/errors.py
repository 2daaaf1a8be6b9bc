"""Errors that the outside is told about: a small hierarchy that knows its own status and kind; below all of the app.

Nothing that the outside sent is echoed except where a message names it, so a hostile body never comes back.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from fitting.spec.documents import Fault

_TYPE_PREFIX = "urn:photfit:problem:"
HELP = "/help"
"""The page that explains notices, errors and flags, each under its code."""


def help_address(kind: str) -> str:
    """Where the service explains a kind of problem, or a notice of that code."""
    return f"{HELP}#{kind.removeprefix(_TYPE_PREFIX)}"


class ServiceProblem(Exception):
    """An error that the outside is told about. Subclasses fix `status`, `kind` and `title`."""

    status: ClassVar[int] = 500
    kind: ClassVar[str] = "internal"
    title: ClassVar[str] = "The service failed"

    def __init__(self, detail: str, *, headers: Mapping[str, str] | None = None, **members: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = dict(headers or {})
        self.members = members

    def document(self, instance: str) -> dict[str, object]:
        """The problem as a JSON document; `instance` is the id of the request that met it."""
        return {
            "type": _TYPE_PREFIX + self.kind,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            "help": help_address(self.kind),
            **self.members,
        }


class MalformedBody(ServiceProblem):
    """The body cannot be read as what its content type says."""

    status, kind, title = 400, "body-malformed", "The body cannot be read"


class NotSignedIn(ServiceProblem):
    """Nobody, or nobody who is known, is asking."""

    status, kind, title = 401, "not-signed-in", "A key is needed"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer realm="photfit"'})


class NotAllowed(ServiceProblem):
    """Who is asking is known, and may not."""

    status, kind, title = 403, "not-allowed", "Not allowed"


class QuotaExceeded(ServiceProblem):
    """The account has as much as it may have."""

    status, kind, title = 403, "quota-exceeded", "The account's quota is used up"


class TooManyFits(ServiceProblem):
    """As many of the account's fits wait as may."""

    status, kind, title = 429, "too-many-fits", "Too many fits wait"

    def __init__(self, detail: str, *, retry_after: int = 10, **members: object) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)}, **members)


class TooManySearches(ServiceProblem):
    """As many of the account's searches for sources wait or run as may."""

    status, kind, title = 429, "too-many-searches", "Too many searches wait"

    def __init__(self, detail: str, *, retry_after: int = 10, **members: object) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)}, **members)


class TooManyRequests(ServiceProblem):
    """Requests come faster than they may."""

    status, kind, title = 429, "too-many-requests", "Too many requests"


class NotFound(ServiceProblem):
    """There is nothing under that id or path, or it belongs to someone else."""

    status, kind, title = 404, "not-found", "Not found"


class NoSuchPlot(ServiceProblem):
    """A plot that exists, but not of this fit."""

    status, kind, title = 404, "no-such-plot", "The fit cannot have this plot"


class NoPicture(ServiceProblem):
    """A picture of a running fit that is not there: not yet, or no more."""

    status, kind, title = 404, "no-picture", "There is no such picture now"


class BodyTooSlow(ServiceProblem):
    """The body did not come within its time."""

    status, kind, title = 408, "body-too-slow", "The body came too slowly"


class NotFinished(ServiceProblem):
    """A result is asked for of a fit that has none (yet)."""

    status, kind, title = 409, "no-result", "The fit has no result"


class MethodNotAllowed(ServiceProblem):
    """The path exists, but not with that method."""

    status, kind, title = 405, "method-not-allowed", "Method not allowed"


class Conflict(ServiceProblem):
    """The state of a fit or upload does not allow what is asked."""

    status, kind, title = 409, "conflict", "Not possible in this state"


class NoAccounts(ServiceProblem):
    """The service runs without accounts, so there is nobody to have keys."""

    status, kind, title = 409, "no-accounts", "The service has no accounts"


class BodyTooLarge(ServiceProblem):
    """The body is over the limit."""

    status, kind, title = 413, "body-too-large", "The body is too large"


class UnsupportedMediaType(ServiceProblem):
    """The body's content type is not one that the route takes."""

    status, kind, title = 415, "unsupported-media-type", "Unsupported content type"


class RangeNotSatisfiable(ServiceProblem):
    """A part of a file is asked for that it does not have."""

    status, kind, title = 416, "range-not-satisfiable", "The file has no such part"

    def __init__(self, size: int) -> None:
        super().__init__(f"The file has {size} bytes.", headers={"Content-Range": f"bytes */{size}"}, size=size)


class FileUnreadable(ServiceProblem):
    """An uploaded file is not an image that photfit reads."""

    status, kind, title = 422, "file-unreadable", "The file cannot be read as an image"


class FetchFailed(ServiceProblem):
    """A file that was to be fetched did not come."""

    status, kind, title = 422, "fetch-failed", "The file could not be fetched"


class KeyReused(ServiceProblem):
    """An Idempotency-Key came back with another body."""

    status, kind, title = 422, "idempotency-key-reused", "The idempotency key was used for another request"


class RequestFaulty(ServiceProblem):
    """A request has faults; each is listed with its place and what would be right."""

    status, kind, title = 422, "request-invalid", "The request has faults"

    def __init__(self, faults: Sequence[Fault]) -> None:
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        first = f" The first: {faults[0]}." if faults else ""
        listed = [{"path": fault.path, "message": fault.message, "expected": fault.expected or ""} for fault in faults]
        super().__init__(f"The request has {count}.{first}", faults=listed)


class Unavailable(ServiceProblem):
    """A part that the service needs does not answer just now."""

    status, kind, title = 503, "unavailable", "Not available at the moment"

    def __init__(self, detail: str, *, retry_after: int = 2, **members: object) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)}, **members)


class StorageFull(ServiceProblem):
    """There is no room for what is to be kept."""

    status, kind, title = 507, "storage-full", "The service's disk is full"

    def __init__(self, detail: str, *, retry_after: int = 60) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


class ResultGone(ServiceProblem):
    """A result's file was stored, and is not there any more."""

    status, kind, title = 410, "result-gone", "The result's file is gone"


class ResultDamaged(ServiceProblem):
    """A result's file is not as it was stored."""

    status, kind, title = 500, "result-damaged", "The result's file is damaged"


class UploadBytesGone(ServiceProblem):
    """An upload's record is there, and its bytes are not any more."""

    status, kind, title = 410, "upload-gone", "The upload's bytes are gone"


class UploadBytesDamaged(ServiceProblem):
    """An upload's bytes are not those that were uploaded."""

    status, kind, title = 500, "upload-damaged", "The upload's bytes are damaged"


class InternalError(ServiceProblem):
    """Something failed that the outside cannot mend; the log has the rest under the request's id."""


def body_too_large(limit: int) -> BodyTooLarge:
    """The problem of a body over `limit` bytes."""
    return BodyTooLarge(f"The body is over the limit of {limit} bytes ({limit / 2**20:g} MiB).", limit_bytes=limit)


def problem_kinds(of: type[ServiceProblem] = ServiceProblem) -> Iterator[type[ServiceProblem]]:
    """Every kind of problem, those of a kind after it."""
    for kind in of.__subclasses__():
        yield kind
        yield from problem_kinds(kind)
