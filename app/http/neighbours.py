"""Neighbours: pages of other sites in the browser of whoever uses a service without accounts.

Such a service believes whoever reaches it, and every page that its user's browser shows reaches it. So it answers only
to its own names, which no name that was bound to this machine's address (DNS rebinding) is, and to its own pages.
"""

import ipaddress
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.errors import NotAllowed
from app.http.problem_documents import problem_response, request_id
from jobs.settings import Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN = frozenset({"same-origin", "none"})
"""Of `Sec-Fetch-Site`: a page of the service itself, or the user's own hand."""


class NeighbourCheck:
    """ASGI middleware: answers 403 where a request is meant for another name, or comes from another site's page.

    `names` are those by which the service is known beside the loopback's and the address that was connected to.
    """

    def __init__(self, app: ASGIApp, names: frozenset[str]) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and _is_of_a_network(scope):
            request = Request(scope)
            try:
                self._require_name(request)
                _require_own_page(request, self._names)
            except NotAllowed as problem:
                await problem_response(problem, request_id(request))(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _require_name(self, request: Request) -> None:
        host = request.headers.get("host", "")
        name = _name_of(host)
        if not name or name in self._names or _is_loopback(name) or name == request.scope["server"][0].lower():
            return
        raise NotAllowed(
            f"This service is not called {host[:80]!r}. Where it should be, say so by PHOTFIT_PUBLIC_URL or "
            "PHOTFIT_ALLOWED_HOSTS; without accounts it answers to no other name, so that no other site uses it."
        )


def own_names(settings: Settings) -> frozenset[str]:
    """The names of a service beside those of this machine's loopback."""
    listed = (settings.allowed_hosts or "").split(",")
    public = urlsplit(settings.public_url or "").hostname or ""
    return frozenset(name for name in (*map(_name_of, listed), public.lower(), settings.host.lower()) if name)


def _require_own_page(request: Request, names: frozenset[str]) -> None:
    """Raise NotAllowed where a browser says that a page of another site asks; following its links is fine."""
    headers = request.headers
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is None:
        here = origin is None or urlsplit(origin).netloc == headers.get("host") or _name_of_origin(origin) in names
    else:
        follows_link = request.method in SAFE_METHODS and headers.get("sec-fetch-mode") == "navigate"
        here = site in _OWN or follows_link
    if not here:
        raise NotAllowed("A page of another site asks; without accounts this service answers to its own pages alone.")


def _is_of_a_network(scope: Scope) -> bool:
    """Whether the request came over a network: its server then is an address, which no header can change."""
    return _address_of((scope.get("server") or ("",))[0]) is not None


def _name_of(host: str) -> str:
    """The name in `Host`, without port, brackets and final dot; what cannot be read is no name that anybody has."""
    host = host.strip()
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".") or host
    except ValueError:
        return host


def _name_of_origin(origin: str) -> str:
    return _name_of(urlsplit(origin).netloc)


def _is_loopback(name: str) -> bool:
    address = _address_of(name)
    return name == "localhost" or name.endswith(".localhost") or (address is not None and address.is_loopback)


def _address_of(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
