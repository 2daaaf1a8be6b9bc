"""/v1/me, /v1/keys, /v1/session: who is asking, his keys, and a browser's way in and out."""

from fastapi import APIRouter, Request, Response

from app.access import SESSION_COOKIE, count_refusals, refuse_other_sites
from app.dependencies import AskerDep, ServicesDep
from app.domain import accounts
from app.models.accounts import Credentials, KeyList, KeyRequest, MadeKey, Me
from app.presenting.accounts import address_of_key, present_asker, present_key, present_new_key

router = APIRouter(tags=["accounts"], max_body_size=64 << 10)


@router.get("/me", summary="Who am I?")
def get_me(services: ServicesDep, asker: AskerDep) -> Me:
    """The account that the key or the session speaks for, and what the key may."""
    return present_asker(services, asker)


@router.get("/keys", summary="My keys, newest first")
def list_keys(services: ServicesDep, asker: AskerDep) -> KeyList:
    """Every key of the account, each by its first letters, with what it may and when it was last used."""
    return KeyList(keys=[present_key(record) for record in accounts.list_keys(services, asker)])


@router.post("/keys", status_code=201, summary="Make a key")
def make_key(body: KeyRequest, response: Response, services: ServicesDep, asker: AskerDep) -> MadeKey:
    """One more key, shown this once. It can be allowed no more than the key that asks for it."""
    made = accounts.make_key(services, asker, body.name, frozenset(body.scopes), body.days)
    response.headers.update({"Location": address_of_key(made.record.id), "Cache-Control": "no-store"})
    return present_new_key(made)


@router.delete("/keys/{key_id}", status_code=204, summary="Revoke a key")
def revoke_key(key_id: str, services: ServicesDep, asker: AskerDep) -> None:
    """From now on the key opens nothing, and browsers that signed in with it are signed out. It stays in the list."""
    accounts.revoke_key(services, asker, key_id)


@router.post("/session", summary="Sign a browser in")
def sign_in(body: Credentials, request: Request, response: Response, services: ServicesDep) -> Me:
    """Exchange a key for a cookie that scripts cannot read and other sites cannot use."""
    refuse_other_sites(request)
    with count_refusals(services, request):
        asker, word = accounts.sign_in(services, body.key)
    response.set_cookie(
        SESSION_COOKIE,
        word,
        max_age=int(services.settings.session_seconds),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https" or (services.settings.public_url or "").startswith("https:"),
    )
    response.headers["Cache-Control"] = "no-store"
    return present_asker(services, asker)


@router.delete("/session", status_code=204, summary="Sign a browser out")
def sign_out(request: Request, response: Response, services: ServicesDep) -> None:
    """End the session and take its cookie back; without one, nothing happens."""
    refuse_other_sites(request)
    accounts.sign_out(services, request.cookies.get(SESSION_COOKIE))
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="strict")
