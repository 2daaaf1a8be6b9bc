"""Access: who is asking, by key in `Authorization` or by the session of a browser that signed in with one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import Request

from app.errors import NotAllowed, NotSignedIn
from app.http.neighbours import SAFE_METHODS
from app.lifetime.services import Services
from jobs.accounts.accounts import SCOPES, Identity, Scope, identify_key
from jobs.accounts.sessions import identify_session

SESSION_COOKIE = "photfit_session"


@dataclass(frozen=True)
class Asker:
    """Who is asking, and what he may.

    Attributes:
        owner: whose fits and uploads the request is about; the account's id.
        key_id: the key used, directly or by a session; None where the service has no accounts.
        shows: the one fit or catalogue that the key may look at: it is a link's.
    """

    owner: str
    name: str
    scopes: frozenset[str]
    administrator: bool
    key_id: str | None
    shows: str | None = None

    @property
    def counted_as(self) -> str:
        """Whose requests and sign-ins these are: a link's own, so that its visitors use up nothing of its maker's."""
        return f"link {self.key_id}" if self.shows else self.owner

    def require(self, scope: Scope) -> None:
        """Raise NotAllowed where the key lacks the scope."""
        if scope not in self.scopes:
            has = ", ".join(word for word in SCOPES if word in self.scopes) or "nothing"
            raise NotAllowed(f"This key may {has}; it takes one that may {scope}.", scope=scope)


ANYONE = Asker("local", "local", frozenset(SCOPES), administrator=True, key_id=None)
"""Who asks a service without accounts."""


def identify_asker(services: Services, request: Request) -> Asker:
    """Who is asking. Raises NotSignedIn, and NotAllowed where another site's page sends the browser here."""
    if not services.settings.accounts:
        return ANYONE
    given = request.headers.get("authorization")
    if given is not None:
        return asker_of(_by_key(services, given))
    word = request.cookies.get(SESSION_COOKIE)
    if word is None:
        raise NotSignedIn("Send a key of yours as `Authorization: Bearer photfit_…`, or sign in at POST /v1/session.")
    refuse_other_sites(request)
    identity = identify_session(services.engine, word)
    if identity is None:
        raise NotSignedIn("You are signed out: the session is over, or its key was revoked. Sign in again.")
    return asker_of(identity)


@contextmanager
def count_refusals(services: Services, request: Request) -> Iterator[None]:
    """While inside, a wrong key or none counts against the address that it came from: raises TooManyRequests in the
    place of NotSignedIn once there were too many.
    """
    try:
        yield
    except NotSignedIn:
        address = request.client.host if request.client else ""
        services.rate_limiter.count(f"address {address}", services.settings.refusals_per_minute).require()
        raise


def asker_of(identity: Identity) -> Asker:
    """A known identity as the one who asks."""
    return Asker(
        identity.user_id,
        identity.user_name,
        identity.scopes,
        identity.administrator and identity.shows is None,
        identity.key_id,
        identity.shows,
    )


def require_shown(asker: Asker, request: Request) -> None:
    """Raise NotAllowed where a link's key is used for anything but looking at what it shows."""
    if asker.shows is None:
        return
    named = (request.path_params.get("fit_id"), request.path_params.get("catalogue_id"))
    looks = request.method in SAFE_METHODS and (asker.shows in named or request.url.path == "/v1/me")
    if not looks:
        raise NotAllowed(f"This link shows {asker.shows}, and lets nobody do anything else.", shows=asker.shows)


def refuse_other_sites(request: Request) -> None:
    """Raise NotAllowed where a browser says that a page of another site sends an unsafe request.

    Every current browser says so by `Sec-Fetch-Site`, older ones by `Origin`; what sends neither is no browser.
    """
    if request.method in SAFE_METHODS:
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    from_here = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if not (from_here if site is None else site in ("same-origin", "none")):
        raise NotAllowed("A page of another site may not do this in your name; use a key in `Authorization`.")


def _by_key(services: Services, given: str) -> Identity:
    kind, _, secret = given.partition(" ")
    if kind.lower() != "bearer":
        raise NotSignedIn(f"`Authorization` holds {kind[:20]!r}; it takes `Bearer` and a key.")
    identity = identify_key(services.engine, secret.strip())
    if identity is None:
        raise NotSignedIn("The key in `Authorization` is not one of this service, or it was revoked or is over.")
    return identity
