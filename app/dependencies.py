"""Dependencies of routes (FastAPI's): the service's parts, and who is asking."""

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer
from starlette.concurrency import run_in_threadpool

from app.access import ANYONE, SESSION_COOKIE, Asker, count_refusals, identify_asker, require_shown
from app.http.neighbours import SAFE_METHODS
from app.http.rate_limits import RateStanding
from app.http.request_context import note_headers
from app.lifetime.services import Services
from app.sandbox.door import ACCOUNT

# They only tell the OpenAPI document how one signs in; `app.access` reads the headers.
_BEARER = HTTPBearer(auto_error=False, scheme_name="key", description="A key of an account: `photfit_…`.")
_COOKIE = APIKeyCookie(
    name=SESSION_COOKIE, auto_error=False, scheme_name="session", description="Set by POST /v1/session."
)


def services_of(request: Request) -> Services:
    """The parts that the application was started with."""
    services: Services = request.app.state.services
    return services


ServicesDep = Annotated[Services, Depends(services_of)]


async def current_asker(
    request: Request,
    services: ServicesDep,
    _key: Annotated[object, Security(_BEARER)],
    _session: Annotated[object, Security(_COOKIE)],
) -> Asker:
    """Who is asking. Without accounts, anyone; else raises NotSignedIn where nobody is known by what was sent, and
    TooManyRequests.
    """
    if not services.settings.accounts:
        return ANYONE
    asker, standing = await run_in_threadpool(_admit, services, request)
    ACCOUNT.set(asker.counted_as)
    note_headers(request.scope, standing.headers)
    standing.require()
    require_shown(asker, request)
    return asker


def _admit(services: Services, request: Request) -> tuple[Asker, RateStanding]:
    with count_refusals(services, request):
        asker = identify_asker(services, request)
    return asker, services.rate_limiter.count(asker.counted_as, services.settings.requests_per_minute)


AskerDep = Annotated[Asker, Depends(current_asker)]


async def current_owner(request: Request, asker: AskerDep) -> str:
    """Whose fits and uploads the request is about. Looking takes a key that may read, all else one that may submit."""
    asker.require("read" if request.method in SAFE_METHODS else "submit")
    return asker.owner


OwnerDep = Annotated[str, Depends(current_owner)]
